// What checks look at beside results: timers, listeners, rejections nobody handled, secrets in errors.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import {
  isVoiceError,
  type Clock,
  type ErrorClass,
  type Stage,
  type TimerHandle,
  type VoiceError,
} from '@voicewire/core/adapter';
import { realClock } from '../real-clock.js';

/** The system's clock, counted. */
export interface CountingClock extends Clock {
  /** Timers neither fired nor cleared. */
  readonly pending: number;
}

export function createCountingClock(): CountingClock {
  const pending = new Set<TimerHandle>();
  return {
    now: () => realClock.now(),
    setTimeout(callback, delayMs) {
      const handle = realClock.setTimeout(() => {
        pending.delete(handle);
        callback();
      }, delayMs);
      pending.add(handle);
      return handle;
    },
    clearTimeout(handle) {
      if (handle !== undefined) pending.delete(handle);
      realClock.clearTimeout(handle);
    },
    get pending() {
      return pending.size;
    },
  };
}

export function abortListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

/** One turn of the event loop: everything that could settle has. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** At least `ms`, and some turns of the event loop more on a machine that is slow. */
export async function pause(ms: number): Promise<void> {
  for (let slice = 0; slice < 5; slice += 1) {
    await new Promise<void>((resolve) => {
      realClock.setTimeout(resolve, ms / 5);
    });
  }
}

/** The failure itself, where a chain of providers wraps it. */
export function unwrap(error: unknown): unknown {
  const causes: unknown =
    typeof error === 'object' && error !== null && 'causes' in error ? error.causes : undefined;
  return Array.isArray(causes) ? causes.at(-1) : error;
}

/** A typed failure of this stage, of one of these classes where any are given. */
export function assertVoiceError(
  error: unknown,
  stage: Stage,
  classes: readonly ErrorClass[] = [],
): VoiceError {
  const failure = unwrap(error);
  assert.ok(isVoiceError(failure), `Fail with a ProviderError, not with ${inspect(failure, { depth: 0 })}.`);
  assert.equal(failure.stage, stage, 'The error names its stage.');
  assert.ok(failure.provider, 'The error names its provider.');
  assert.match(failure.code, /^[a-z]+\.[a-z_]+$/, 'The error has a stable code.');
  if (classes.length > 0) {
    assert.ok(
      classes.includes(failure.class),
      `The class is ${classes.join(' or ')}, not ${failure.class} (${failure.message}).`,
    );
  }
  return failure;
}

/** Everything a log would show of an error, causes and hidden fields included. */
export function assertNoSecrets(error: unknown, secrets: readonly string[]): void {
  const shown = `${inspect(error, { depth: 8, showHidden: true, maxStringLength: null })}\n${JSON.stringify(error)}`;
  for (const secret of secrets) {
    assert.ok(
      !shown.toLowerCase().includes(secret.toLowerCase()),
      `An error shows ${JSON.stringify(secret)}: ${shown.slice(0, 300)}`,
    );
  }
}

/** Rejections that nobody handled while `work` ran, and shortly after. The runner's own listeners are kept out of it. */
export async function collectUnhandled(work: () => Promise<void>): Promise<readonly unknown[]> {
  const reasons: unknown[] = [];
  const note = (reason: unknown): void => void reasons.push(reason);
  const others = process.listeners('unhandledRejection');
  for (const other of others) process.off('unhandledRejection', other);
  process.on('unhandledRejection', note);
  try {
    await work();
    // Rejections are reported after the microtasks of the turn they happened in.
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  } finally {
    process.off('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  }
  return reasons;
}

/** Whose timers are no concern of the adapter's: libraries' and Node's own. */
const foreignCaller = /node_modules[\\/](?!@voicewire)|node:internal/;

/** Where timers were taken from the system while `work` ran, although a clock was given. */
export async function collectSystemTimers(work: () => Promise<void>): Promise<readonly string[]> {
  const callers: string[] = [];
  const originals = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };

  function watched<Original extends (...args: never[]) => unknown>(original: Original): Original {
    const spy = (...args: Parameters<Original>): unknown => {
      const frames = (new Error('stack').stack ?? '').split('\n').slice(2);
      const caller = frames.find((frame) => !frame.includes('system-clock')) ?? '';
      if (!foreignCaller.test(caller)) callers.push(caller.trim());
      return original(...args);
    };
    return Object.assign(spy, original);
  }

  globalThis.setTimeout = watched(originals.setTimeout);
  globalThis.setInterval = watched(originals.setInterval);
  try {
    await work();
  } finally {
    Object.assign(globalThis, originals);
  }
  return callers;
}
