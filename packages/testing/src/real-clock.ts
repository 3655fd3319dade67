// The system's clock as it was when this package was loaded: a test that watches the global timers does not see ours.
import type { Clock } from '@voicewire/core/adapter';

const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;

export const realClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => ({ timer: startTimer(callback, delayMs) }),
  clearTimeout(handle) {
    if (handle !== undefined) stopTimer(handle.timer as NodeJS.Timeout);
  },
};
