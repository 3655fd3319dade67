// How late the event loop is: calls that are late together do not get better by one more (faults P-17, V-03).
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../clock/system-clock.js';

export interface LoopLag {
  /** What nine of ten turns of the loop stayed below in the last second or two, in ms: one long piece of work is not overload. */
  ms(): number;
  close(): void;
}

const resolutionMs = 20;
const windowMs = 1_000;
/** Fewer turns say nothing, unless that is all there were. */
const minTurns = 10;

/** Measured by Node itself: no timer of ours that would be late with all others. */
export function watchLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let beforeMs = 0;
  let sinceMs = systemClock.now();
  return {
    ms() {
      const passedMs = systemClock.now() - sinceMs;
      const isKnown = histogram.count >= minTurns || passedMs > windowMs;
      const lagMs = isKnown && histogram.count > 0 ? histogram.percentile(90) / 1e6 - resolutionMs : 0;
      const result = Math.max(beforeMs, lagMs);
      if (passedMs > windowMs) {
        beforeMs = lagMs;
        sinceMs = systemClock.now();
        histogram.reset();
      }
      return result;
    },
    close: () => {
      histogram.disable();
    },
  };
}
