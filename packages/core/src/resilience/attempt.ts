// One attempt at a piece of work: its own signal, ended once, nothing of it left on the signal above it.

/** The reason of what ended well. One for all: an exception made for each would cost more than the work it ends. */
export const workIsOver: unknown = new DOMException('The work is over.', 'AbortError');

export interface Attempt {
  /** Aborted when the attempt is over, however it ended. */
  readonly signal: AbortSignal;
  /** The first reason counts. */
  end(reason?: unknown): void;
}

/** Ends with its parent. `onOver` runs once, before whoever listens to the signal. */
export function createAttempt(parent: AbortSignal, onOver: () => void = () => undefined): Attempt {
  const controller = new AbortController();
  const end = (reason?: unknown): void => {
    if (controller.signal.aborted) return;
    parent.removeEventListener('abort', onAbort);
    onOver();
    controller.abort(reason ?? workIsOver);
  };
  const onAbort = (): void => {
    end(parent.reason);
  };
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort);
  return { signal: controller.signal, end };
}

/** Starts what the attempt is for. If that throws, the attempt is over. */
export function startAttempt<Work>(attempt: Attempt, start: (signal: AbortSignal) => Work): Work {
  try {
    return start(attempt.signal);
  } catch (error) {
    attempt.end(error);
    throw error;
  }
}
