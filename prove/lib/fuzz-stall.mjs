// How long the event loop stood still, and whether it was this process that used the time.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const tickMs = 5;

/** `read` gives the longest stalls since it was last asked: of all, and of those that this process spent computing. */
export function watchStalls() {
  const monitor = monitorEventLoopDelay({ resolution: tickMs });
  monitor.enable();
  let ownMs = 0;
  let last = { atMs: performance.now(), cpu: process.cpuUsage() };
  const timer = setInterval(() => {
    const now = { atMs: performance.now(), cpu: process.cpuUsage() };
    const stallMs = now.atMs - last.atMs - tickMs;
    const used = now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system;
    // Another process had the processor for the rest of it.
    ownMs = Math.max(ownMs, Math.min(stallMs, used / 1_000));
    last = now;
  }, tickMs);
  return {
    read() {
      const longestMs = Math.max(0, monitor.max / 1e6 - tickMs);
      const own = ownMs;
      monitor.reset();
      ownMs = 0;
      return { longestMs: Math.round(longestMs * 10) / 10, ownMs: Math.round(own * 10) / 10 };
    },
    stop() {
      clearInterval(timer);
      monitor.disable();
    },
  };
}
