// The contract of a TtsUtterance over whatever speaks it: whole words in, whole samples out, one end that is proved.
import { sampleBytes } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { ErrorClass } from '../spec/error.js';
import type { TtsEvent, TtsUtterance, TtsWord } from '../spec/tts.js';
import { createEventQueue, type EventQueue } from './event-queue.js';

/** One utterance as the provider is told of it. It begins with the first text that is not blank. */
export interface TtsSpeaker {
  /** Whole words, with the white space after them; without it only before `flush` and `end`. */
  write(text: string): void;
  flush(): void;
  /** No more text. */
  end(): void;
  /** Called once, however the utterance ended: what the provider still holds of it is released. */
  close(): void;
}

/** Where what the provider says of one utterance goes. After its end all of it is ignored. */
export interface TtsFeed {
  /** Any number of bytes: half a sample waits for its other half. */
  audio(bytes: Uint8Array): void;
  words(words: readonly TtsWord[]): void;
  /** The provider proved it complete. Before the text has ended, or without a sound for words, that is a failure. */
  finish(): void;
  /** A VoiceError ends the utterance as it is; anything else as `unavailable`, without its text. */
  fail(error: unknown): void;
}

export interface UtteranceOptions {
  readonly provider: string;
  readonly format: AudioFormat;
  readonly signal: AbortSignal;
  /** Called with the first text that is not blank. */
  start(feed: TtsFeed): TtsSpeaker;
  /** The reader fell behind, or caught up. */
  onBehind(isBehind: boolean): void;
  /** Called once, unless the signal was aborted before. */
  onOver(): void;
}

interface UtteranceState {
  readonly options: UtteranceOptions;
  readonly queue: EventQueue<TtsEvent>;
  speaker: TtsSpeaker | undefined;
  /** Not told yet: blank so far, or the beginning of a word. */
  tail: string;
  hasWords: boolean;
  hasAudio: boolean;
  hasEnded: boolean;
  isReleased: boolean;
  /** Half a sample. */
  carry: Uint8Array;
}

export interface OpenUtterance {
  isOver(): boolean;
  readonly utterance: TtsUtterance;
  /** Ends it with this reason, as it is. */
  stop(reason: unknown): void;
}

export function openUtterance(options: UtteranceOptions): OpenUtterance {
  const state: UtteranceState = {
    options,
    queue: createEventQueue({
      signal: options.signal,
      onFull: () => options.onBehind(true),
      onDrained: () => options.onBehind(false),
      onCancel: () => release(state),
    }),
    speaker: undefined,
    tail: '',
    hasWords: false,
    hasAudio: false,
    hasEnded: false,
    isReleased: false,
    carry: new Uint8Array(0),
  };
  return {
    isOver: () => state.queue.isOver,
    stop: (reason) => stop(state, reason),
    utterance: {
      write: (text) => tell(state, () => write(state, text)),
      flush: () => tell(state, () => flush(state)),
      end: () => tell(state, () => end(state)),
      [Symbol.asyncIterator]: () => state.queue[Symbol.asyncIterator](),
    },
  };
}

/** Nothing is told after the end; what the adapter throws ends this utterance and nothing else. */
function tell(state: UtteranceState, action: () => void): void {
  if (state.hasEnded || state.queue.isOver) return;
  try {
    action();
  } catch (error) {
    fail(state, error);
  }
}

function write(state: UtteranceState, text: string): void {
  state.tail += text;
  state.hasWords ||= /[\p{L}\p{N}]/u.test(text);
  // The beginning of a word is kept: what is sent may be spoken before the rest of it comes.
  send(state, state.tail.search(/\S*$/));
}

function flush(state: UtteranceState): void {
  send(state, state.tail.length);
  state.speaker?.flush();
}

function end(state: UtteranceState): void {
  send(state, state.tail.length);
  state.hasEnded = true;
  // Nothing to say is said.
  if (state.speaker === undefined) finish(state);
  else state.speaker.end();
}

function send(state: UtteranceState, length: number): void {
  const text = state.tail.slice(0, length);
  if (text.trim() === '') return;
  state.tail = state.tail.slice(length);
  state.speaker ??= state.options.start({
    audio: (bytes) => hear(state, bytes),
    words: (words) => {
      if (words.length > 0) state.queue.push({ type: 'words', words });
    },
    finish: () => finish(state),
    fail: (error) => fail(state, error),
  });
  state.speaker.write(text);
}

function hear(state: UtteranceState, bytes: Uint8Array): void {
  const all = state.carry.length > 0 ? Buffer.concat([state.carry, bytes]) : bytes;
  const whole = all.length - (all.length % sampleBytes(state.options.format));
  state.carry = all.subarray(whole);
  if (whole === 0) return;
  state.hasAudio = true;
  state.queue.push({ type: 'audio', audio: all.subarray(0, whole) });
}

function finish(state: UtteranceState): void {
  if (!state.hasEnded) {
    stop(state, failure(state, 'protocol', 'finished an utterance before its text had ended'));
  } else if (state.hasWords && !state.hasAudio) {
    stop(state, failure(state, 'protocol', 'finished an utterance without a sound', 'provider.empty'));
  } else {
    state.queue.finish();
    release(state);
  }
}

function fail(state: UtteranceState, error: unknown): void {
  stop(state, isVoiceError(error) ? error : failure(state, 'unavailable', 'failed in an utterance'));
}

function stop(state: UtteranceState, reason: unknown): void {
  state.queue.fail(reason);
  release(state);
}

function release(state: UtteranceState): void {
  if (state.isReleased) return;
  state.isReleased = true;
  state.speaker?.close();
  state.options.onOver();
}

function failure(
  { options }: UtteranceState,
  errorClass: ErrorClass,
  what: string,
  code?: string,
): ProviderError {
  const { provider } = options;
  const message = `${provider} ${what}.`;
  return new ProviderError({ provider, stage: 'tts', class: errorClass, code, message });
}
