// The results of one scripted stream: in order, on the clock, going wrong where the script says so.
import { createEventQueue, type Clock, type TimerHandle } from '@voicewire/core/adapter';
import { scriptedError, type ScriptedFault, type ScriptedSource } from './scripted-fault.js';

export interface TimedOutput<T> extends AsyncIterable<T> {
  readonly isOver: boolean;
  /** Comes `delayMs` after now, and never before what was said earlier. `ready` events are no results. */
  push(
    event: T,
    options?: { readonly delayMs?: number | undefined; readonly isReady?: boolean | undefined },
  ): void;
  /** Ends after everything said earlier. */
  finish(): void;
  /** Ends at once. */
  fail(error: unknown): void;
}

export interface TimedOutputOptions {
  readonly source: ScriptedSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fault: ScriptedFault | undefined;
  /** The reader left, or the signal aborted. */
  onCancel?(): void;
}

interface Step {
  readonly dueMs: number;
  run(): void;
}

/** Without delays everything happens at once, inside `push`; with them, one timer waits for the next step. */
export function createTimedOutput<T>({
  source,
  clock,
  signal,
  fault,
  onCancel,
}: TimedOutputOptions): TimedOutput<T> {
  const steps: Step[] = [];
  const slowMs = fault?.type === 'slow' ? fault.delayMs : 0;
  let lastDueMs = clock.now();
  let results = 0;
  let isSilent = false;
  let stepTimer: TimerHandle | undefined;
  let faultTimer: TimerHandle | undefined;
  const queue = createEventQueue<T>({
    signal,
    onCancel: () => {
      release();
      onCancel?.();
    },
  });

  function release(): void {
    clock.clearTimeout(stepTimer);
    clock.clearTimeout(faultTimer);
    steps.length = 0;
  }

  function fail(error: unknown): void {
    release();
    queue.fail(error);
  }

  function strike(): void {
    if (fault?.type === 'stall') {
      isSilent = true;
      release();
    } else if (fault?.type === 'fail') fail(scriptedError(source, fault));
  }

  function strikeIfDue(): void {
    const isCounted = (fault?.type === 'stall' || fault?.type === 'fail') && fault.afterMs === undefined;
    if (isCounted && results >= (fault.afterEvents ?? 0)) strike();
  }

  function runDue(): void {
    for (let [step] = steps; step !== undefined && step.dueMs <= clock.now(); [step] = steps) {
      steps.shift();
      step.run();
    }
    clock.clearTimeout(stepTimer);
    const [next] = steps;
    if (next !== undefined) stepTimer = clock.setTimeout(runDue, next.dueMs - clock.now());
  }

  function schedule(delayMs: number, run: () => void): void {
    if (queue.isOver || isSilent) return;
    lastDueMs = Math.max(lastDueMs + slowMs, clock.now() + delayMs + slowMs);
    steps.push({ dueMs: lastDueMs, run });
    runDue();
  }

  function give(event: T, isReady: boolean): void {
    if (!isReady) strikeIfDue();
    if (isSilent || queue.isOver) return;
    if (!isReady) results += 1;
    queue.push(event);
    strikeIfDue();
  }

  if (fault?.type === 'hang') isSilent = true;
  if (fault?.type === 'refuse') fail(scriptedError(source, fault));
  if ((fault?.type === 'fail' || fault?.type === 'stall') && fault.afterMs !== undefined && !queue.isOver) {
    faultTimer = clock.setTimeout(strike, fault.afterMs);
  }

  return {
    get isOver() {
      return queue.isOver;
    },
    push: (event, { delayMs = 0, isReady = false } = {}) => schedule(delayMs, () => give(event, isReady)),
    finish: () =>
      schedule(0, () => {
        release();
        queue.finish();
      }),
    fail,
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}
