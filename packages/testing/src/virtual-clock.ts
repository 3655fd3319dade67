// Time that moves only when nothing is left to do: the clock of every test that must not wait.
import type { Clock, TimerHandle } from '@voicewire/core/adapter';
import { createTimerHeap, type HeapTimer, type TimerHeap } from './timer-heap.js';
import { TestingError } from './testing-error.js';

export interface VirtualClockOptions {
  /** What `now()` says at first, in ms. Default 0. */
  readonly startMs?: number | undefined;
  /** From 0 to 1, for the order of timers that are due together. Default: as they were made. */
  readonly order?: (() => number) | undefined;
  /** Timers that may fire without time moving on before that counts as a runaway. Default 100,000. */
  readonly maxTimersAtOnce?: number | undefined;
  /** Timers that may fire in one `run`, `advance` or `advanceTo`. Default 20,000,000. */
  readonly maxTimersPerRun?: number | undefined;
}

export interface RunOptions {
  /** Stop when the clock says this, in ms. */
  readonly untilMs?: number | undefined;
  /** Stop as soon as this holds; asked whenever everything that could happen at one moment has happened. */
  readonly until?: (() => boolean) | undefined;
}

/**
 * A `Clock` that a test moves. Before each timer fires, every promise that could settle has settled, so a program under it
 * runs the same way each time. Timers due together fire in the order they were made. Works only for code that does no real
 * I/O: what waits for a socket, a file or a worker is not waited for.
 */
export interface VirtualClock extends Clock {
  /** Timers neither fired nor cleared: after a call has ended this is back at what it was before. */
  readonly pendingTimers: number;
  /** Moves to `ms`, firing on the way what is due. The past is a no-op, apart from letting promises settle. */
  advanceTo(ms: number): Promise<void>;
  /** Moves on by `ms`. */
  advance(ms: number): Promise<void>;
  /**
   * Without `until`: runs to `untilMs`, or while there are timers. With `until`: runs until it holds, and rejects with
   * `testing.clock_stuck` when no timer is left, or `untilMs` has come, and it still does not.
   */
  run(options?: RunOptions): Promise<void>;
}

/** Microtasks and `nextTick` queues are empty when an immediate runs. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function describeTimers(timers: TimerHeap): string {
  const oldest = timers.oldest(5).map(({ callback, createdMs, dueMs }) => {
    const source = callback?.name || String(callback).replaceAll(/\s+/g, ' ').slice(0, 60);
    return `«${source}» made at ${createdMs} ms, due at ${dueMs} ms`;
  });
  return oldest.length === 0 ? 'No timer is pending.' : `Oldest pending timers: ${oldest.join('; ')}.`;
}

/** Timers fired in all, and since time last moved. */
function createRunawayGuard(options: VirtualClockOptions, timers: TimerHeap): (nowMs: number) => void {
  const maxAtOnce = options.maxTimersAtOnce ?? 100_000;
  const maxPerRun = options.maxTimersPerRun ?? 20_000_000;
  let momentMs = Number.NaN;
  let atOnce = 0;
  let total = 0;

  return (nowMs) => {
    atOnce = nowMs === momentMs ? atOnce + 1 : 1;
    momentMs = nowMs;
    total += 1;
    if (atOnce <= maxAtOnce && total <= maxPerRun) return;
    const what =
      atOnce > maxAtOnce
        ? `${atOnce} timers fired at ${nowMs} ms and time did not move on`
        : `${total} timers fired in one run`;
    throw new TestingError(
      'testing.clock_runaway',
      `The virtual clock ran away: ${what}. ${describeTimers(timers)}`,
    );
  };
}

/** Makes a clock that stands still until it is moved by `advance`, `advanceTo` or `run`. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const timers = createTimerHeap();
  let nowMs = options.startMs ?? 0;
  let sequence = 0;
  let isRunning = false;

  async function moveOn({ untilMs, until }: RunOptions): Promise<void> {
    const guard = createRunawayGuard(options, timers);
    for (;;) {
      await settle();
      if (until?.() === true) return;
      const next = timers.peek();
      if (next === undefined || next.dueMs > (untilMs ?? Number.POSITIVE_INFINITY)) break;
      nowMs = Math.max(nowMs, next.dueMs);
      guard(nowMs);
      timers.pop()?.();
    }
    if (untilMs !== undefined) nowMs = Math.max(nowMs, untilMs);
    if (until === undefined) return;
    throw new TestingError(
      'testing.clock_stuck',
      `The condition does not hold at ${nowMs} ms and nothing more will happen. ${describeTimers(timers)}`,
    );
  }

  async function run(runOptions: RunOptions = {}): Promise<void> {
    if (isRunning)
      throw new TestingError(
        'testing.clock_busy',
        'The virtual clock is already being moved: await that first.',
      );
    isRunning = true;
    try {
      await moveOn(runOptions);
    } finally {
      isRunning = false;
    }
  }

  return {
    now: () => nowMs,
    setTimeout(callback, delayMs): TimerHandle {
      const delay = delayMs > 0 ? delayMs : 0;
      sequence += 1;
      const order = options.order?.() ?? sequence;
      const timer: HeapTimer = { dueMs: nowMs + delay, createdMs: nowMs, order, sequence, callback };
      timers.push(timer);
      return { timer };
    },
    clearTimeout(handle) {
      if (handle !== undefined) timers.clear(handle.timer as HeapTimer);
    },
    get pendingTimers() {
      return timers.size;
    },
    advanceTo: (ms) => run({ untilMs: ms }),
    advance: (ms) => run({ untilMs: nowMs + ms }),
    run,
  };
}
