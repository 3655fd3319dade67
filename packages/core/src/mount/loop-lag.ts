// How late and how busy the event loop is: calls that are late together do not get better by one more (faults P-17, V-03).
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface LoopLag {
  /** What nine of ten turns of the loop stayed below in the last second or two, in ms: one long piece of work is not overload. */
  ms(): number;
  /** 0 to 1: in each of the last two seconds the loop had something to do for at least this share of the time. */
  utilization(): number;
  close(): void;
}

interface Second {
  readonly lagMs: number;
  readonly utilization: number;
}

const resolutionMs = 20;
/** Fewer turns say nothing, unless that is all there were in a second. */
const minTurns = 10;

/** Measured by Node itself, not by how late a timer of ours is; that only says when a second is over. */
export function watchLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let [last, before]: readonly Second[] = [];
  let since = performance.eventLoopUtilization();
  const lagMs = (): number => Math.max(0, histogram.percentile(90) / 1e6 - resolutionMs);
  // eslint-disable-next-line no-restricted-globals -- no call is timed by it, and it keeps no process alive, as a clock's would
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(since);
    [last, before] = [{ lagMs: histogram.count > 0 ? lagMs() : 0, utilization }, last];
    since = performance.eventLoopUtilization();
    histogram.reset();
  }, 1_000).unref();
  return {
    ms: () => Math.max(last?.lagMs ?? 0, histogram.count >= minTurns ? lagMs() : 0),
    utilization: () => Math.min(last?.utilization ?? 0, before?.utilization ?? 0),
    close() {
      histogram.disable();
      clearInterval(timer);
    },
  };
}
