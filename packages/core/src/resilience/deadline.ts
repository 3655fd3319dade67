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

/** A signal of one attempt, which ends with the request it belongs to and leaves no listener behind. */
export interface AttemptSignal {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** The attempt is over: lets go of the parent. */
  release(): void;
}

export function createAttemptSignal(parent: AbortSignal): AttemptSignal {
  const controller = new AbortController();
  const onAbort = (): void => {
    controller.abort(parent.reason);
  };
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort);
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    release: () => {
      parent.removeEventListener('abort', onAbort);
    },
  };
}
