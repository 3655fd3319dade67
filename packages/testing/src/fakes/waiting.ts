// Waiting for something to happen on a fake, with a deadline, without sleeping.
import { realClock } from '../real-clock.js';
import { TestingError } from '../testing-error.js';

export interface UntilOptions {
  /** What is waited for, for the error. */
  readonly what?: string | undefined;
  /** Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

/** Conditions that are asked again at each `notify`. */
export interface Waiting {
  notify(): void;
  until(condition: () => boolean, options?: UntilOptions): Promise<void>;
}

/** Of a deadline; each needs a turn of the event loop, so that a stalled machine has not yet been waited for. */
const sliceMs = 25;

/** Calls `onPassed` once `timeoutMs` have passed in which the process could run. */
function startDeadline(timeoutMs: number, onPassed: () => void): { stop(): void } {
  let leftMs = timeoutMs;
  let timer = realClock.setTimeout(pass, Math.min(leftMs, sliceMs));
  function pass(): void {
    leftMs -= sliceMs;
    if (leftMs <= 0) onPassed();
    else timer = realClock.setTimeout(pass, Math.min(leftMs, sliceMs));
  }
  return { stop: () => realClock.clearTimeout(timer) };
}

export function createWaiting(): Waiting {
  const checks = new Set<() => void>();

  function until(
    condition: () => boolean,
    { what = 'the condition', timeoutMs = 5000 }: UntilOptions = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (condition()) return resolve();
      const deadline = startDeadline(timeoutMs, () => {
        checks.delete(check);
        reject(new TestingError('testing.waited_in_vain', `Waited ${timeoutMs} ms in vain for ${what}.`));
      });
      function check(): void {
        if (!condition()) return;
        checks.delete(check);
        deadline.stop();
        resolve();
      }
      checks.add(check);
    });
  }

  return {
    notify() {
      for (const check of [...checks]) check();
    },
    until,
  };
}

/** The promise, or a failure when it does not settle in time. */
export async function inTime<T>(promise: Promise<T>, options: UntilOptions): Promise<T> {
  const waiting = createWaiting();
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
    waiting.notify();
  };
  promise.then(settle, settle);
  await waiting.until(() => isSettled, options);
  return promise;
}
