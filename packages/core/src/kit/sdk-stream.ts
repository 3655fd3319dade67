// The contract of an SttStream over anything with callbacks: holding audio until ready, answering flushes, one end, nothing left behind.
import { systemClock } from '../clock/system-clock.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { OnAttempt } from '../spec/attempt.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { SttEvent, SttStream } from '../spec/stt.js';
import { createEventQueue, type EventQueue } from './event-queue.js';
import { createSkipCounter, type SkipCounter } from './skip-counter.js';

/** What a vendor's client can be told. It is told nothing before it is ready and nothing after `close`. */
export interface SttTransport {
  /** Never empty. */
  write(audio: Uint8Array): void;
  /** Left out where the provider can't be made to settle what it heard. */
  flush?: (() => void) | undefined;
  end(): void;
  /** Called once, however the stream ends. */
  close(): void | Promise<void>;
  /** Left out where the vendor's client can't be slowed down. */
  pause?(): void;
  resume?(): void;
  /** Bytes it took and could not send. */
  droppedBytes?(): number;
}

/** Where a vendor's callbacks lead. After the stream's end all of it is ignored. */
export interface SttFeed {
  /** `ready` first: it lets out what was written so far. */
  push(event: SttEvent): void;
  /** A message was of no use: counted, and told by `onAttempt`. */
  skip(reason: 'unknown-type'): void;
  /** A VoiceError ends the stream as it is; anything else as `unavailable`, without its text, which may hold a key. */
  fail(error: unknown): void;
  /** Everything asked for has come, as the protocol proves it. */
  finish(): void;
}

export interface SdkStreamOptions {
  readonly provider: string;
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** The request's own: told how many messages were skipped. */
  readonly onAttempt?: OnAttempt | undefined;
  /** More than this written before `ready` is a `capacity` failure. Default 1 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /**
   * For protocols that may leave a flush unanswered: after so long the stream itself answers with what is settled.
   */
  readonly flushAnswerMs?: number | undefined;
  /** Begins at once. A promise lets a vendor's client be imported first; what it gives after an abort is closed. */
  start(feed: SttFeed): SttTransport | Promise<SttTransport>;
}

/** An SttStream that also says how much audio was given in vain. */
export type CountedSttStream = SttStream & {
  /** Bytes written that the provider will never see. */
  droppedBytes(): number;
};

type Operation = Uint8Array | 'flush' | 'end';

interface StreamState {
  readonly options: SdkStreamOptions;
  readonly clock: Clock;
  readonly queue: EventQueue<SttEvent>;
  readonly skips: SkipCounter;
  transport: SttTransport | undefined;
  isReady: boolean;
  hasEnded: boolean;
  isClosed: boolean;
  held: Operation[];
  heldBytes: number;
  droppedBytes: number;
  settledMs: number;
  /** Flushes that were not answered yet; each is answered once. */
  openFlushes: number;
  flushTimer: TimerHandle | undefined;
}

const maxHeldBytes = 1024 * 1024;

/** Opens a stream over a vendor's callback-style client. */
export function openSdkStream(options: SdkStreamOptions): CountedSttStream {
  const { provider, onAttempt } = options;
  const state: StreamState = {
    options,
    clock: options.clock ?? systemClock,
    queue: createEventQueue({
      signal: options.signal,
      onFull: () => state.transport?.pause?.(),
      onDrained: () => state.transport?.resume?.(),
      onCancel: () => release(state),
    }),
    skips: createSkipCounter((reason, count) => onAttempt?.({ type: 'skipped', provider, reason, count })),
    transport: undefined,
    isReady: false,
    hasEnded: false,
    isClosed: false,
    held: [],
    heldBytes: 0,
    droppedBytes: 0,
    settledMs: 0,
    openFlushes: 0,
    flushTimer: undefined,
  };
  if (!state.queue.isOver) start(state);
  return {
    write: (audio) => write(state, audio),
    flush: () => {
      if (!state.hasEnded) operate(state, 'flush');
    },
    end: () => {
      if (!state.hasEnded) operate(state, 'end');
      state.hasEnded = true;
    },
    droppedBytes: () => state.droppedBytes + (state.transport?.droppedBytes?.() ?? 0),
    [Symbol.asyncIterator]: () => state.queue[Symbol.asyncIterator](),
  };
}

function start(state: StreamState): void {
  const feed: SttFeed = {
    push: (event) => push(state, event),
    skip: (reason) => {
      if (!state.queue.isOver) state.skips.add(reason);
    },
    fail: (error) => fail(state, error),
    finish: () => {
      state.queue.finish();
      release(state);
    },
  };
  try {
    const transport = state.options.start(feed);
    if (transport instanceof Promise) {
      transport.then(
        (late) => adopt(state, late),
        (error: unknown) => fail(state, error),
      );
    } else {
      adopt(state, transport);
    }
  } catch (error) {
    fail(state, error);
  }
}

function adopt(state: StreamState, transport: SttTransport): void {
  state.transport = transport;
  if (state.queue.isOver) closeTransport(state);
  else releaseHeld(state);
}

function push(state: StreamState, event: SttEvent): void {
  if (event.type === 'ready') {
    if (state.isReady) return;
    state.isReady = true;
  }
  if (event.type === 'final') state.settledMs = event.settledMs;
  if (event.type === 'flushed' && state.openFlushes > 0) {
    state.openFlushes -= 1;
    if (state.openFlushes === 0) state.clock.clearTimeout(state.flushTimer);
  }
  state.queue.push(event);
  if (event.type === 'ready') releaseHeld(state);
}

function write(state: StreamState, audio: Uint8Array): void {
  if (audio.byteLength === 0) return;
  if (state.hasEnded || state.queue.isOver) state.droppedBytes += audio.byteLength;
  else operate(state, audio);
}

/** Does it now, or keeps it in its place until the provider is ready. */
function operate(state: StreamState, operation: Operation): void {
  if (state.queue.isOver) return;
  if (state.isReady && state.transport !== undefined) perform(state, state.transport, operation);
  else hold(state, operation);
}

function hold(state: StreamState, operation: Operation): void {
  const isAudio = operation instanceof Uint8Array;
  // Copied: the giver's bytes may be a slice of a pool that would be kept alive whole.
  state.held.push(isAudio ? Buffer.from(operation) : operation);
  if (isAudio) state.heldBytes += operation.byteLength;
  if (state.heldBytes <= (state.options.maxHeldBytes ?? maxHeldBytes)) return;
  const { provider } = state.options;
  const message = `${provider} was not ready in time: ${state.heldBytes} bytes of audio waited and were given up.`;
  fail(state, new ProviderError({ provider, stage: 'stt', class: 'capacity', message }));
}

function releaseHeld(state: StreamState): void {
  const { transport } = state;
  if (!state.isReady || transport === undefined) return;
  const held = state.held;
  state.held = [];
  state.heldBytes = 0;
  for (const operation of held) {
    if (!state.queue.isOver) perform(state, transport, operation);
    else if (operation instanceof Uint8Array) state.droppedBytes += operation.byteLength;
  }
}

function perform(state: StreamState, transport: SttTransport, operation: Operation): void {
  try {
    if (operation === 'end') {
      transport.end();
    } else if (operation !== 'flush') {
      transport.write(operation);
    } else if (transport.flush !== undefined) {
      transport.flush();
      awaitFlushed(state);
    }
  } catch (error) {
    fail(state, error);
  }
}

function awaitFlushed(state: StreamState): void {
  const { flushAnswerMs } = state.options;
  if (flushAnswerMs === undefined || state.queue.isOver) return;
  state.openFlushes += 1;
  state.clock.clearTimeout(state.flushTimer);
  state.flushTimer = state.clock.setTimeout(() => {
    while (state.openFlushes > 0) push(state, { type: 'flushed', settledMs: state.settledMs });
  }, flushAnswerMs);
}

function fail(state: StreamState, error: unknown): void {
  const { provider } = state.options;
  const failure = isVoiceError(error)
    ? error
    : new ProviderError({
        provider,
        stage: 'stt',
        class: 'unavailable',
        message: `${provider}: its client failed.`,
      });
  state.queue.fail(failure);
  release(state);
}

function release(state: StreamState): void {
  state.clock.clearTimeout(state.flushTimer);
  state.droppedBytes += state.heldBytes;
  state.held = [];
  state.heldBytes = 0;
  state.skips.flush();
  closeTransport(state);
}

function closeTransport(state: StreamState): void {
  if (state.isClosed || state.transport === undefined) return;
  state.isClosed = true;
  try {
    // The stream is over: a client that fails to close has nobody left to tell.
    state.transport.close()?.catch(() => undefined);
  } catch {
    // As above.
  }
}
