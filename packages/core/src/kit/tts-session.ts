// The contract of a TtsSession over whatever carries it: places, one end for each utterance, whole samples, nothing left behind.
import { sampleBytes } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { ErrorClass, VoiceError } from '../spec/error.js';
import type { SpeakOptions, TtsEvent, TtsSession, TtsUtterance, TtsWord } from '../spec/tts.js';
import { createEventQueue, type EventQueue } from './event-queue.js';

/** One utterance as the provider is told of it. It begins with the first text that is not blank. */
export interface TtsSpeaker {
  write(text: string): void;
  flush(): void;
  /** No more text. */
  end(): void;
  /** Called once, however the utterance ended: what the provider still holds of it is released. */
  close(): void;
  /** The reader is behind; left out where the carrier can't be slowed down. */
  pause?: (() => void) | undefined;
  resume?: (() => void) | undefined;
}

/** Where what the provider says of one utterance goes. After its end all of it is ignored. */
export interface TtsFeed {
  /** Any number of bytes: half a sample waits for its other half. */
  audio(bytes: Uint8Array): void;
  words(words: readonly TtsWord[]): void;
  /** The provider proved it complete. Before the text ended that is a failure. */
  finish(): void;
  /** A VoiceError ends the utterance as it is; anything else as `unavailable`, without its text. */
  fail(error: unknown): void;
}

/** What carries a session: a socket, a pool of them, or requests. */
export interface TtsLine {
  speak(feed: TtsFeed, options: SpeakOptions): TtsSpeaker;
  /** Called once, when the session is over. */
  close(): void;
}

/** What the line tells of itself. */
export interface TtsLineStatus {
  ready(): void;
  /** The line is gone, and the session with it. */
  fail(error: VoiceError): void;
}

export interface TtsSessionOptions {
  readonly provider: string;
  readonly format: AudioFormat;
  readonly concurrentUtterances: number;
  readonly signal: AbortSignal;
  /** Begins at once, unless the signal was aborted before. */
  start(status: TtsLineStatus): TtsLine;
}

interface SessionState {
  readonly options: TtsSessionOptions;
  readonly utterances: Set<UtteranceState>;
  line: TtsLine | undefined;
  /** What utterances fail with once the session is over. */
  end: { readonly reason: unknown } | undefined;
}

interface UtteranceState {
  readonly session: SessionState;
  readonly options: SpeakOptions;
  readonly queue: EventQueue<TtsEvent>;
  readonly feed: TtsFeed;
  speaker: TtsSpeaker | undefined;
  text: string;
  hasEnded: boolean;
  /** Half a sample. */
  carry: Uint8Array;
}

/** Opens a session; `speak` may be called at once. */
export function openTtsSession(options: TtsSessionOptions): TtsSession {
  const { signal } = options;
  const session: SessionState = { options, utterances: new Set(), line: undefined, end: undefined };
  const ready = settleLater<undefined>();
  const closed = settleLater<VoiceError | undefined>();
  // A failed connection is also told by `closed` and by each utterance.
  ready.promise.catch(() => undefined);

  const finish = (reason: unknown, error?: VoiceError): void => {
    if (session.end !== undefined) return;
    session.end = { reason };
    signal.removeEventListener('abort', onAbort);
    for (const utterance of [...session.utterances]) fail(utterance, reason);
    session.line?.close();
    ready.reject(reason);
    closed.resolve(error);
  };
  const onAbort = (): void => finish(signal.reason);
  if (signal.aborted) {
    onAbort();
  } else {
    signal.addEventListener('abort', onAbort);
    session.line = options.start({
      ready: () => ready.resolve(undefined),
      fail: (error) => finish(error, error),
    });
  }
  return {
    ready: ready.promise,
    closed: closed.promise,
    speak: (speakOptions) => speak(session, speakOptions),
    close: () => finish(failure(session, 'aborted', 'the session was closed')),
  };
}

function speak(session: SessionState, options: SpeakOptions): TtsUtterance {
  if (session.utterances.size >= session.options.concurrentUtterances) {
    throw failure(session, 'capacity', `no more than ${session.utterances.size} utterances at once`);
  }
  const utterance: UtteranceState = {
    session,
    options,
    queue: createEventQueue({
      signal: options.signal,
      onFull: () => utterance.speaker?.pause?.(),
      onDrained: () => utterance.speaker?.resume?.(),
      onCancel: () => release(utterance),
    }),
    feed: {
      audio: (bytes) => hear(utterance, bytes),
      words: (words) => {
        if (words.length > 0) utterance.queue.push({ type: 'words', words });
      },
      finish: () => finish(utterance),
      fail: (error) => fail(utterance, error),
    },
    speaker: undefined,
    text: '',
    hasEnded: false,
    carry: new Uint8Array(0),
  };
  if (!utterance.queue.isOver) session.utterances.add(utterance);
  if (session.end !== undefined) fail(utterance, session.end.reason);
  return {
    write: (text) => tell(utterance, () => write(utterance, text)),
    flush: () => tell(utterance, () => utterance.speaker?.flush()),
    end: () => tell(utterance, () => end(utterance)),
    [Symbol.asyncIterator]: () => utterance.queue[Symbol.asyncIterator](),
  };
}

/** Nothing is told after the end; what the adapter throws ends this utterance and nothing else. */
function tell(utterance: UtteranceState, action: () => void): void {
  if (utterance.hasEnded || utterance.queue.isOver) return;
  try {
    action();
  } catch (error) {
    fail(utterance, error);
  }
}

function write(utterance: UtteranceState, text: string): void {
  utterance.text += text;
  if (utterance.speaker !== undefined) {
    utterance.speaker.write(text);
  } else if (utterance.text.trim() !== '') {
    utterance.speaker = utterance.session.line?.speak(utterance.feed, utterance.options);
    utterance.speaker?.write(utterance.text);
  }
}

function end(utterance: UtteranceState): void {
  utterance.hasEnded = true;
  // Nothing to say is said.
  if (utterance.speaker === undefined) finish(utterance);
  else utterance.speaker.end();
}

function hear(utterance: UtteranceState, bytes: Uint8Array): void {
  const { carry, queue, session } = utterance;
  const all = carry.length > 0 ? Buffer.concat([carry, bytes]) : bytes;
  const whole = all.length - (all.length % sampleBytes(session.options.format));
  utterance.carry = all.subarray(whole);
  if (whole > 0) queue.push({ type: 'audio', audio: all.subarray(0, whole) });
}

function finish(utterance: UtteranceState): void {
  if (!utterance.hasEnded) {
    fail(utterance, failure(utterance.session, 'protocol', 'an utterance was finished before its text was'));
    return;
  }
  utterance.queue.finish();
  release(utterance);
}

function fail(utterance: UtteranceState, error: unknown): void {
  const { session, queue } = utterance;
  const isKnown = isVoiceError(error) || error === session.options.signal.reason;
  queue.fail(isKnown ? error : failure(session, 'unavailable', 'its client failed'));
  release(utterance);
}

function release(utterance: UtteranceState): void {
  const { session, speaker } = utterance;
  if (!session.utterances.delete(utterance)) return;
  speaker?.close();
}

function failure({ options }: SessionState, errorClass: ErrorClass, what: string): ProviderError {
  const { provider } = options;
  return new ProviderError({ provider, stage: 'tts', class: errorClass, message: `${provider}: ${what}.` });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function settleLater<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
