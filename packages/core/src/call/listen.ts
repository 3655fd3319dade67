// One track's ears: detector and recogniser side by side, all times on the track's own timeline.
import { createConverter, type Converter } from '../audio/convert.js';
import { createEnergyVad, type EnergyVad } from '../audio/energy-vad.js';
import { durationMs } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import type { SttAdapter, SttEvent, SttStream } from '../spec/stt.js';
import type { CallEventBody } from '../spec/call-event.js';
import { attemptEvent } from './attempt-event.js';
import type { MaskGate } from './mask-gate.js';
import { chooseFormat } from './speak.js';

export interface EarsOptions {
  readonly track: string;
  readonly format: AudioFormat;
  readonly stt: SttAdapter;
  readonly language?: string | undefined;
  readonly keyterms?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly gate: MaskGate;
  readonly dispatch: (body: CallEventBody) => void;
  /** The recogniser failed for good. */
  readonly onFailure: (error: VoiceError) => void;
}

export interface Ears {
  /** Inbound audio at a position on the track. */
  hear(audio: Uint8Array, atMs: number): void;
  /** The speaker seems done: ask for a final. */
  flush(): void;
  /** No final came: the last partial counts, and a final for the same audio will not. */
  promote(): void;
  close(): void;
}

/** While nothing waits for them, frames travel together: fewer messages, same turn. */
const bundleMs = 100;
/** Around a boundary of speech every frame is sent as it comes. */
const boundaryMs = 300;

interface State {
  readonly options: EarsOptions;
  readonly vad: EnergyVad;
  readonly sttFormat: AudioFormat;
  stream: SttStream | undefined;
  converter: Converter;
  /** Where the stream's first byte lies on the track. */
  streamStartMs: number;
  positionMs: number;
  waiting: Uint8Array[];
  waitingMs: number;
  waitingFromMs: number;
  urgentUntilMs: number;
  partial: Extract<SttEvent, { readonly type: 'partial' }> | undefined;
  promotedUntilMs: number;
}

export function createEars(options: EarsOptions): Ears {
  const sttFormat = chooseFormat(options.stt.capabilities.formats, options.format);
  const state: State = {
    options,
    vad: createEnergyVad({ format: options.format }),
    sttFormat,
    stream: undefined,
    converter: createConverter(options.format, sttFormat),
    streamStartMs: 0,
    positionMs: 0,
    waiting: [],
    waitingMs: 0,
    waitingFromMs: 0,
    urgentUntilMs: 0,
    partial: undefined,
    promotedUntilMs: -1,
  };
  openStream(state);
  return {
    hear: (audio, atMs) => {
      hear(state, audio, atMs);
    },
    flush: () => {
      sendWaiting(state);
      state.stream?.flush();
    },
    promote: () => {
      promote(state);
    },
    close: () => {
      sendWaiting(state);
      state.stream?.end();
    },
  };
}

function hear(state: State, audio: Uint8Array, atMs: number): void {
  const { options } = state;
  const audioMs = durationMs(audio.byteLength, options.format);
  const change = state.vad.push(audio);
  state.positionMs = atMs + audioMs;
  if (state.stream === undefined) openStream(state);
  if (state.waiting.length === 0) state.waitingFromMs = atMs;
  state.waiting.push(options.gate.audio(audio, options.format, audioMs));
  state.waitingMs += audioMs;
  if (change !== undefined) {
    state.urgentUntilMs = state.positionMs + boundaryMs;
    reportSpeech(state, change.type, change.atMs);
  }
  if (state.positionMs < state.urgentUntilMs || state.waitingMs >= bundleMs) sendWaiting(state);
}

function reportSpeech(state: State, type: 'speech-start' | 'speech-end', atMs: number): void {
  const { track, dispatch } = state.options;
  if (type === 'speech-start') dispatch({ type: 'speech-started', track, startMs: atMs });
  else {
    sendWaiting(state);
    dispatch({ type: 'speech-ended', track, endMs: atMs, silenceMs: Math.max(0, state.positionMs - atMs) });
  }
}

function sendWaiting(state: State): void {
  const [first] = state.waiting;
  if (first === undefined || state.stream === undefined) return;
  const audio = state.waiting.length === 1 ? first : Buffer.concat(state.waiting);
  state.waiting = [];
  state.waitingMs = 0;
  const converted = state.converter.push(audio);
  if (converted.byteLength > 0) state.stream.write(converted);
}

function openStream(state: State): void {
  const { stt, language, keyterms, clock, signal } = state.options;
  if (signal.aborted) return;
  const stream = stt.open({
    format: state.sttFormat,
    language,
    ...(stt.capabilities.keyterms ? { keyterms } : {}),
    isSpeech: () => state.vad.isSpeech,
    clock,
    signal,
    onAttempt: (report) => {
      state.options.dispatch(attemptEvent('stt', report, state.options.track));
    },
  });
  state.stream = stream;
  state.streamStartMs = state.waiting.length > 0 ? state.waitingFromMs : state.positionMs;
  state.converter = createConverter(state.options.format, state.sttFormat);
  void read(state, stream);
}

/** Reads one stream to its end. An idle close is nobody's failure: the next audio opens a new stream. */
async function read(state: State, stream: SttStream): Promise<void> {
  const { options } = state;
  const startMs = state.streamStartMs;
  try {
    for await (const event of stream) reportEvent(state, event, startMs);
    if (state.stream === stream) state.stream = undefined;
  } catch (error) {
    if (options.signal.aborted) return;
    if (state.stream === stream) state.stream = undefined;
    if (isVoiceError(error) && error.class === 'idle') return;
    options.onFailure(isVoiceError(error) ? error : unexpected(options.stt.provider, error));
  }
}

function reportEvent(state: State, event: SttEvent, offsetMs: number): void {
  const { track, dispatch } = state.options;
  switch (event.type) {
    case 'ready':
      return;
    case 'partial':
      if (event.endMs + offsetMs <= state.promotedUntilMs) return;
      state.partial = { ...event, startMs: event.startMs + offsetMs, endMs: event.endMs + offsetMs };
      return dispatch({ ...state.partial, type: 'transcript-partial', track });
    case 'final':
      state.partial = undefined;
      if (event.startMs + offsetMs < state.promotedUntilMs) return;
      return dispatch(toTranscript(event, offsetMs, track));
    case 'turn-end':
      return dispatch({ type: 'turn-proposed', track, eager: event.eager });
    case 'turn-resumed':
      return dispatch({ type: 'turn-withdrawn', track });
    case 'speech-start':
    case 'speech-end':
    case 'flushed':
      // The local detector is faster and never down; what the recogniser settles shows in its finals.
      return;
  }
}

/** A recogniser's final as the record keeps it, on the track's timeline. */
export function toTranscript(
  event: Extract<SttEvent, { readonly type: 'final' }>,
  offsetMs: number,
  track: string,
): CallEventBody {
  const { settledMs: _settled, ...final } = event;
  return {
    ...final,
    type: 'transcript-final',
    track,
    startMs: event.startMs + offsetMs,
    endMs: event.endMs + offsetMs,
    words: event.words.map((word) => ({
      ...word,
      startMs: word.startMs + offsetMs,
      endMs: word.endMs + offsetMs,
    })),
    promoted: false,
  };
}

function promote(state: State): void {
  const { partial, options } = state;
  if (partial === undefined) return;
  state.partial = undefined;
  state.promotedUntilMs = partial.endMs;
  const { text, startMs, endMs } = partial;
  options.dispatch({
    type: 'transcript-final',
    track: options.track,
    text,
    startMs,
    endMs,
    words: [],
    promoted: true,
  });
}

function unexpected(provider: string, cause: unknown): ProviderError {
  return new ProviderError({
    class: 'protocol',
    provider,
    stage: 'stt',
    message: 'Recognition failed in an unexpected way.',
    cause,
  });
}
