// The default clock: the process's monotonic time and timers. The virtual one is in the testing package.
import type { Clock } from '../spec/clock.js';

/** Monotonic system time; a timer waits whole milliseconds, rounded up. Timers are not unref'd: a call that waits keeps the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => ({ timer: setTimeout(callback, Math.ceil(delayMs)) }),
  clearTimeout: (handle) => {
    if (handle !== undefined) clearTimeout(handle.timer as NodeJS.Timeout);
  },
};
