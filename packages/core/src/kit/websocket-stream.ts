// An SttStream over a WebSocket: the adapter gives frames and a decoder, the kit the connection and the contract.
import type { OnAttempt } from '../spec/attempt.js';
import type { SttEvent } from '../spec/stt.js';
import { type CountedSttStream, openSdkStream, type SttFeed, type SttTransport } from './sdk-stream.js';
import { connectWebSocket, type Frame, type WebSocketLinkOptions } from './websocket-link.js';
import { readJsonMessage } from './websocket-message.js';

/** Our words in the provider's. */
export interface SttFrames {
  /** Sent first on the open connection, where the protocol begins with one. */
  readonly start?: (() => Frame) | undefined;
  /** Never called with empty audio. Default: the bytes as a binary frame. */
  readonly audio?: ((audio: Uint8Array) => Frame) | undefined;
  /** Left out where the provider can't be made to settle what it heard; `flush()` then does nothing. */
  readonly flush?: (() => Frame) | undefined;
  /** Left out where the protocol ends by closing. */
  readonly end?: (() => Frame) | undefined;
}

export interface WebSocketStreamOptions extends Omit<
  WebSocketLinkOptions,
  'stage' | 'isProperEnd' | 'onOpen' | 'onMessage' | 'onClose'
> {
  readonly signal: AbortSignal;
  /** The request's own: told how many messages were of a type that `decode` does not know. */
  readonly onAttempt?: OnAttempt | undefined;
  readonly frames: SttFrames;
  /**
   * The provider's message as our events; undefined for a type it does not know, which is counted and told unless `isEnd` knows it. Throw (or let a
   * schema throw) for a message that can't be read: the stream then fails as `protocol`, or with the VoiceError thrown.
   */
  decode(message: unknown): readonly SttEvent[] | undefined;
  /** When audio may flow. `message`: once `decode` gives `ready`. Default `open`. */
  readonly readyBy?: 'open' | 'message' | undefined;
  /** After `end()`: this message proves that everything has come. */
  readonly isEnd?: ((message: unknown) => boolean) | undefined;
  /** After `end()`: close codes that prove the same. Default none: a close without proof is a failure. */
  readonly endCodes?: readonly number[] | undefined;
  /** What is still to be said when the end is proved, as a last partial that the provider never makes final. */
  readonly drain?: (() => readonly SttEvent[]) | undefined;
  /** See `SdkStreamOptions`. */
  readonly flushAnswerMs?: number | undefined;
}

/** Connects at once; the stream's first event is `ready`. */
export function openWebSocketStream(options: WebSocketStreamOptions): CountedSttStream {
  return openSdkStream({
    provider: options.provider,
    signal: options.signal,
    clock: options.clock,
    onAttempt: options.onAttempt,
    maxHeldBytes: options.maxUnsentBytes,
    flushAnswerMs: options.flushAnswerMs,
    start: (feed) => startTransport(options, feed),
  });
}

function startTransport(options: WebSocketStreamOptions, feed: SttFeed): SttTransport {
  const { frames } = options;
  const { flush } = frames;
  let hasEnded = false;
  const finish = (): void => {
    for (const event of options.drain?.() ?? []) feed.push(event);
    feed.finish();
  };
  const link = connectWebSocket({
    ...options,
    stage: 'stt',
    isProperEnd: (code) => hasEnded && (options.endCodes?.includes(code) ?? false),
    onOpen: () => {
      if (frames.start !== undefined) link.send(frames.start());
      if (options.readyBy !== 'message') feed.push({ type: 'ready' });
    },
    onMessage: (data) => {
      const message = readJsonMessage(data, { provider: options.provider, stage: 'stt' });
      const events = options.decode(message);
      const isEnd = (hasEnded || events === undefined) && options.isEnd?.(message) === true;
      if (events === undefined && !isEnd) feed.skip('unknown-type');
      for (const event of events ?? []) feed.push(event);
      if (hasEnded && isEnd) finish();
    },
    onClose: (error) => (error === undefined ? finish() : feed.fail(error)),
  });
  return {
    write: (audio) => link.send(frames.audio?.(audio) ?? audio),
    flush: flush && (() => link.send(flush())),
    end: () => {
      hasEnded = true;
      if (frames.end === undefined) link.close();
      else link.send(frames.end());
    },
    close: () => link.close(),
    pause: () => link.pause(),
    resume: () => link.resume(),
    droppedBytes: () => link.droppedBytes(),
  };
}
