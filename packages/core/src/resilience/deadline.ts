// A deadline that moves: armed, pushed back by progress, cancelled; one timer at a time.
import type { Clock, TimerHandle } from '../spec/clock.js';

export interface Deadline {
  /** From now; replaces what was armed. */
  arm(delayMs: number): void;
  cancel(): void;
}

export function createDeadline(clock: Clock, onPassed: () => void): Deadline {
  let timer: TimerHandle | undefined;
  return {
    arm(delayMs) {
      clock.clearTimeout(timer);
      timer = clock.setTimeout(() => {
        timer = undefined;
        onPassed();
      }, delayMs);
    },
    cancel() {
      clock.clearTimeout(timer);
      timer = undefined;
    },
  };
}
