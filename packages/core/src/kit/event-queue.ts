// The one AsyncIterable behind every stream: filled by synchronous calls, read by one consumer, bounded, stopped by a signal.
import { alreadyRead } from '../errors/already-read.js';

export interface EventQueueOptions {
  /** Once aborted, what is queued is dropped and reading throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Events waiting at which `onFull` is called. Default 256. */
  readonly highWater?: number | undefined;
  /** Events waiting at which `onDrained` is called after `onFull`. Default half of `highWater`. */
  readonly lowWater?: number | undefined;
  /** The reader is behind: stop reading the socket. What is pushed all the same is kept. */
  readonly onFull?: (() => void) | undefined;
  /** The reader caught up: read on. */
  readonly onDrained?: (() => void) | undefined;
  /**
   * The reader left its loop or the signal aborted: release everything. Called at most once, never after `finish` or `fail`,
   * and not for a signal that was aborted before the queue was made (see `isOver`).
   */
  readonly onCancel?: (() => void) | undefined;
}

/** Reading twice throws; leaving the loop cancels; a failure nobody reads is kept and harms nobody. */
export interface EventQueue<T> extends AsyncIterable<T> {
  /** Whether it was finished, failed, aborted or left: whatever is pushed from then on is ignored. */
  readonly isOver: boolean;
  push(event: T): void;
  /** The reader gets what was pushed before, then this error. */
  fail(error: unknown): void;
  /** The reader gets what was pushed before, then the end. */
  finish(): void;
}

type End = { readonly kind: 'finished' } | { readonly kind: 'failed'; readonly error: unknown };

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

interface QueueState<T> {
  readonly options: EventQueueOptions;
  readonly events: T[];
  /** More than one only when somebody calls next() by hand without waiting. */
  readonly readers: Reader<T>[];
  end: End | undefined;
  isDelivered: boolean;
  isFull: boolean;
}

/** Makes the stream that an adapter fills and core reads. */
export function createEventQueue<T>(options: EventQueueOptions = {}): EventQueue<T> {
  const { signal } = options;
  const state: QueueState<T> = {
    options,
    events: [],
    readers: [],
    end: signal?.aborted ? { kind: 'failed', error: signal.reason } : undefined,
    isDelivered: false,
    isFull: false,
  };
  let isTaken = false;

  const settle = (end: End): void => {
    state.end = end;
    queue.isOver = true;
    signal?.removeEventListener('abort', onAbort);
    while (state.readers.length > 0) serve(state, state.readers.shift() as Reader<T>);
  };
  const onAbort = (): void => {
    settle({ kind: 'failed', error: signal?.reason });
    options.onCancel?.();
  };
  if (state.end === undefined) signal?.addEventListener('abort', onAbort);

  const queue = {
    // A field that is kept, not a getter: V8 keeps literals with getters as dictionaries, and this is read for every frame.
    isOver: state.end !== undefined,
    push: (event: T) => pushEvent(state, event),
    fail(error: unknown) {
      if (state.end === undefined) settle({ kind: 'failed', error });
    },
    finish() {
      if (state.end === undefined) settle({ kind: 'finished' });
    },
    [Symbol.asyncIterator]() {
      if (isTaken) throw alreadyRead();
      isTaken = true;
      return iterate(state, settle);
    },
  };
  return queue;
}

function iterate<T>(state: QueueState<T>, settle: (end: End) => void): AsyncIterator<T, undefined> {
  return {
    next() {
      const result = new Promise<IteratorResult<T, undefined>>((resolve, reject) =>
        serve(state, { resolve, reject }),
      );
      // A next() that was given up on must not end the process; whoever awaits it still sees the failure.
      result.catch(() => undefined);
      return result;
    },
    return() {
      const wasOpen = state.end === undefined;
      state.events.length = 0;
      state.isDelivered = true;
      settle({ kind: 'finished' });
      if (wasOpen) state.options.onCancel?.();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}

function pushEvent<T>(state: QueueState<T>, event: T): void {
  if (state.end !== undefined) return;
  const reader = state.readers.shift();
  if (reader !== undefined) {
    reader.resolve({ done: false, value: event });
    return;
  }
  state.events.push(event);
  if (!state.isFull && state.events.length >= highWaterOf(state)) {
    state.isFull = true;
    state.options.onFull?.();
  }
}

/** Gives one reader the next event or the end; without either it waits. */
function serve<T>(state: QueueState<T>, reader: Reader<T>): void {
  const { signal } = state.options;
  if (state.end !== undefined && signal?.aborted && !state.isDelivered) {
    // What is queued is dropped, even when the producer was done: to a reader that was not, stopped is stopped.
    state.events.length = 0;
    state.end = { kind: 'failed', error: signal.reason };
  }
  if (state.events.length > 0) {
    reader.resolve({ done: false, value: takeEvent(state) });
  } else if (state.end === undefined) {
    state.readers.push(reader);
  } else if (state.end.kind === 'failed' && !state.isDelivered) {
    state.isDelivered = true;
    reader.reject(state.end.error);
  } else {
    state.isDelivered = true;
    reader.resolve({ done: true, value: undefined });
  }
}

function takeEvent<T>(state: QueueState<T>): T {
  const event = state.events.shift() as T;
  if (state.isFull && state.events.length <= (state.options.lowWater ?? highWaterOf(state) / 2)) {
    state.isFull = false;
    state.options.onDrained?.();
  }
  return event;
}

function highWaterOf(state: QueueState<unknown>): number {
  return state.options.highWater ?? 256;
}
