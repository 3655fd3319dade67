// The results of one scripted stream: in order, on the clock, going wrong where the script says so.
import { createEventQueue, type Clock, type EventQueue, type TimerHandle } from '@voicewire/core/adapter';
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
}

interface Step {
  readonly dueMs: number;
  run(): void;
}

interface State<T> {
  readonly options: TimedOutputOptions;
  readonly queue: EventQueue<T>;
  readonly steps: Step[];
  readonly slowMs: number;
  lastDueMs: number;
  results: number;
  isSilent: boolean;
  stepTimer: TimerHandle | undefined;
  faultTimer: TimerHandle | undefined;
}

/** Without delays everything happens at once, inside `push`; with them, one timer waits for the next step. */
export function createTimedOutput<T>(options: TimedOutputOptions): TimedOutput<T> {
  const { clock, signal, fault } = options;
  const state: State<T> = {
    options,
    queue: createEventQueue<T>({ signal, onCancel: () => release(state) }),
    steps: [],
    slowMs: fault?.type === 'slow' ? fault.delayMs : 0,
    lastDueMs: clock.now(),
    results: 0,
    isSilent: fault?.type === 'hang',
    stepTimer: undefined,
    faultTimer: undefined,
  };
  const { queue } = state;
  if (fault?.type === 'refuse') fail(state, scriptedError(options.source, fault));
  const strikeMs = fault?.type === 'fail' || fault?.type === 'stall' ? fault.afterMs : undefined;
  if (strikeMs !== undefined && !queue.isOver)
    state.faultTimer = clock.setTimeout(() => strike(state), strikeMs);

  return {
    get isOver() {
      return queue.isOver;
    },
    push: (event, { delayMs = 0, isReady = false } = {}) =>
      schedule(state, delayMs, () => give(state, event, isReady)),
    finish: () =>
      schedule(state, 0, () => {
        release(state);
        queue.finish();
      }),
    fail: (error) => fail(state, error),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}

function release<T>({ options: { clock }, steps, stepTimer, faultTimer }: State<T>): void {
  clock.clearTimeout(stepTimer);
  clock.clearTimeout(faultTimer);
  steps.length = 0;
}

function fail<T>(state: State<T>, error: unknown): void {
  release(state);
  state.queue.fail(error);
}

function strike<T>(state: State<T>): void {
  const { fault, source } = state.options;
  if (fault?.type === 'fail') fail(state, scriptedError(source, fault));
  if (fault?.type !== 'stall') return;
  state.isSilent = true;
  release(state);
}

function strikeIfDue<T>(state: State<T>): void {
  const { fault } = state.options;
  const isCounted = (fault?.type === 'stall' || fault?.type === 'fail') && fault.afterMs === undefined;
  if (isCounted && state.results >= (fault.afterEvents ?? 0)) strike(state);
}

function schedule<T>(state: State<T>, delayMs: number, run: () => void): void {
  if (state.queue.isOver || state.isSilent) return;
  state.lastDueMs = Math.max(state.lastDueMs, state.options.clock.now() + delayMs) + state.slowMs;
  state.steps.push({ dueMs: state.lastDueMs, run });
  runDue(state);
}

function runDue<T>(state: State<T>): void {
  const { steps } = state;
  const { clock } = state.options;
  for (let [step] = steps; step !== undefined && step.dueMs <= clock.now(); [step] = steps) {
    steps.shift();
    step.run();
  }
  clock.clearTimeout(state.stepTimer);
  const [next] = steps;
  if (next !== undefined) state.stepTimer = clock.setTimeout(() => runDue(state), next.dueMs - clock.now());
}

function give<T>(state: State<T>, event: T, isReady: boolean): void {
  if (!isReady) strikeIfDue(state);
  if (state.isSilent || state.queue.isOver) return;
  if (!isReady) state.results += 1;
  state.queue.push(event);
  strikeIfDue(state);
}
