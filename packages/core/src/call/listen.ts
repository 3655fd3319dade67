// One track's ears: detector and recogniser side by side, all times on the track's own timeline.
import { createConverter, type Converter } from '../audio/convert.js';
import { createEnergyVad, type EnergyVad } from '../audio/energy-vad.js';
import { durationMs } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import type { SttAdapter, SttEvent, SttStream } from '../spec/stt.js';
import type { CallEventBody } from '../spec/call-event.js';
import { closestFormat } from '../resilience/chain.js';
import { attemptEvent } from './attempt-event.js';
import type { MaskGate } from './mask-gate.js';
import { silentLineMs, watchSilence } from './silent-line.js';

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
  /** No turn policy looks after this track: asking for finals and promoting partials is done here. */
  readonly decidesAlone: boolean;
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
/** A stream that ended is followed by another, but not in a storm: audio waits so long after the last was opened … */
const reopenMs = 1_000;
/** … and is lost so long after one failed for good. */
const restMs = 5_000;
/** Where no turn policy does it: silence after which a partial is taken for the final that never came. */
const promoteMs = 1_200;

interface OpenStream {
  readonly stream: SttStream;
  /** Where its first byte lies on the track. */
  startMs: number | undefined;
}

interface State {
  readonly options: EarsOptions;
  readonly vad: EnergyVad;
  readonly isSilentNow: ReturnType<typeof watchSilence>;
  readonly sttFormat: AudioFormat;
  open: OpenStream | undefined;
  openedAtMs: number;
  /** Nothing is opened before. */
  restUntilMs: number;
  lostMs: number;
  converter: Converter;
  /** Where the detector's first sample lies on the track. */
  vadStartMs: number | undefined;
  positionMs: number;
  hearsMs: number;
  waiting: Uint8Array[];
  waitingMs: number;
  waitingFromMs: number;
  urgentUntilMs: number;
  partial: Extract<SttEvent, { readonly type: 'partial' }> | undefined;
  /** Audio before it is decided: what comes later for it is late. */
  settledMs: number;
  promotedUntilMs: number;
  /** Times are not to be trusted: what comes before the next speech is what was promoted. */
  wasPromoted: boolean;
  promoteTimer: TimerHandle | undefined;
}

export function createEars(options: EarsOptions): Ears {
  const sttFormat = closestFormat(options.stt.capabilities.formats, options.format);
  const state: State = {
    options,
    vad: createEnergyVad({ format: options.format }),
    isSilentNow: watchSilence(options.format),
    sttFormat,
    open: undefined,
    openedAtMs: -reopenMs,
    restUntilMs: 0,
    lostMs: 0,
    converter: createConverter(options.format, sttFormat),
    vadStartMs: undefined,
    positionMs: 0,
    hearsMs: 0,
    waiting: [],
    waitingMs: 0,
    waitingFromMs: 0,
    urgentUntilMs: 0,
    partial: undefined,
    settledMs: -1,
    promotedUntilMs: -1,
    wasPromoted: false,
    promoteTimer: undefined,
  };
  openStream(state);
  return {
    hear: (audio, atMs) => {
      hear(state, audio, atMs);
    },
    flush: () => {
      flush(state);
    },
    promote: () => {
      promote(state);
    },
    close: () => {
      sendWaiting(state);
      options.clock.clearTimeout(state.promoteTimer);
      state.open?.stream.end();
      const { stt, dispatch } = options;
      if (state.hearsMs > 0)
        dispatch({ type: 'usage', stage: 'stt', provider: stt.provider, audioMs: state.hearsMs });
    },
  };
}

function flush(state: State): void {
  sendWaiting(state);
  state.open?.stream.flush();
}

function hear(state: State, audio: Uint8Array, atMs: number): void {
  const { options } = state;
  const audioMs = durationMs(audio.byteLength, options.format);
  const change = state.vad.push(audio);
  state.vadStartMs ??= atMs;
  state.positionMs = atMs + audioMs;
  state.hearsMs += audioMs;
  if (state.isSilentNow(audio, audioMs))
    options.dispatch({ type: 'audio-silent', track: options.track, silentMs: silentLineMs });
  keep(state, options.gate.audio(audio, options.format, audioMs), atMs, audioMs);
  if (change !== undefined) {
    state.urgentUntilMs = state.positionMs + boundaryMs;
    reportSpeech(state, change.type, change.atMs + state.vadStartMs);
  }
  if (state.positionMs < state.urgentUntilMs || state.waitingMs >= bundleMs) sendWaiting(state);
}

/** Audio waits to be sent; it is lost only while a recogniser that failed rests. */
function keep(state: State, audio: Uint8Array, atMs: number, audioMs: number): void {
  if (state.open === undefined && atMs < state.restUntilMs) {
    state.lostMs += audioMs;
    return;
  }
  if (state.waiting.length === 0) state.waitingFromMs = atMs;
  state.waiting.push(audio);
  state.waitingMs += audioMs;
  if (state.open === undefined && atMs >= state.openedAtMs + reopenMs) reopen(state);
}

/** Inside the carrier's own call: nothing may throw here. */
function reopen(state: State): void {
  try {
    openStream(state);
  } catch (error) {
    failed(state, error);
  }
}

function failed(state: State, error: unknown): void {
  const { stt, onFailure } = state.options;
  state.restUntilMs = state.positionMs + restMs;
  state.waiting = [];
  state.waitingMs = 0;
  onFailure(isVoiceError(error) ? error : unexpected(stt.provider, error));
}

function reportSpeech(state: State, type: 'speech-start' | 'speech-end', atMs: number): void {
  const { track, dispatch, decidesAlone, clock } = state.options;
  if (type === 'speech-start') {
    state.wasPromoted = false;
    clock.clearTimeout(state.promoteTimer);
    return dispatch({ type: 'speech-started', track, startMs: atMs });
  }
  sendWaiting(state);
  dispatch({ type: 'speech-ended', track, endMs: atMs, silenceMs: Math.max(0, state.positionMs - atMs) });
  if (!decidesAlone) return;
  flush(state);
  state.promoteTimer = clock.setTimeout(() => {
    promote(state);
  }, promoteMs);
}

function sendWaiting(state: State): void {
  const [first] = state.waiting;
  const { open } = state;
  if (first === undefined || open === undefined) return;
  const audio = state.waiting.length === 1 ? first : Buffer.concat(state.waiting);
  open.startMs ??= state.waitingFromMs;
  state.waiting = [];
  state.waitingMs = 0;
  const converted = state.converter.push(audio);
  if (converted.byteLength > 0) open.stream.write(converted);
}

function openStream(state: State): void {
  const { stt, language, keyterms, clock, signal, track, dispatch } = state.options;
  if (signal.aborted) return;
  const stream = stt.open({
    format: state.sttFormat,
    language,
    ...(stt.capabilities.keyterms ? { keyterms } : {}),
    isSpeech: () => state.vad.isSpeech,
    clock,
    signal,
    onAttempt: (report) => {
      dispatch(attemptEvent('stt', report, track));
    },
  });
  const open: OpenStream = { stream, startMs: undefined };
  state.open = open;
  state.openedAtMs = state.positionMs;
  state.converter = createConverter(state.options.format, state.sttFormat);
  if (state.lostMs > 0) dispatch({ type: 'audio-lost', track, lostMs: state.lostMs, reason: 'stt' });
  state.lostMs = 0;
  void read(state, open);
}

/** Reads one stream to its end. An idle close is nobody's failure: the next audio opens a new stream. */
async function read(state: State, open: OpenStream): Promise<void> {
  const { options } = state;
  try {
    for await (const event of open.stream) reportEvent(state, event, open.startMs ?? 0);
    if (state.open === open) state.open = undefined;
  } catch (error) {
    if (options.signal.aborted) return;
    if (state.open === open) state.open = undefined;
    if (isVoiceError(error) && error.class === 'idle') return;
    failed(state, error);
  }
}

/** Readers see revisions that only move forward (fault S-19): what is late, or told twice, is dropped. */
function reportEvent(state: State, event: SttEvent, offsetMs: number): void {
  const { track, dispatch } = state.options;
  switch (event.type) {
    case 'ready':
      return;
    case 'partial': {
      const partial = { ...event, startMs: event.startMs + offsetMs, endMs: event.endMs + offsetMs };
      if (isLate(state, partial.endMs)) return;
      state.partial = partial;
      return dispatch({ ...partial, type: 'transcript-partial', track });
    }
    case 'final': {
      const isRepeated = event.text !== '' && isLate(state, event.endMs + offsetMs);
      state.partial = undefined;
      const final = isRepeated ? undefined : unpromoted(state, toTranscript(event, offsetMs, track));
      state.settledMs = Math.max(state.settledMs, event.settledMs + offsetMs);
      return final === undefined ? undefined : dispatch(final);
    }
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

function isLate({ options, settledMs, promotedUntilMs, wasPromoted }: State, endMs: number): boolean {
  if (options.stt.capabilities.timing === 'none') return wasPromoted;
  return endMs <= Math.max(settledMs, promotedUntilMs);
}

/** What a promoted partial has said already is taken out, by where it lies; undefined where nothing is left. */
function unpromoted({ promotedUntilMs }: State, final: Transcribed): Transcribed | undefined {
  if (final.startMs >= promotedUntilMs) return final;
  const words = final.words.filter(({ startMs, endMs }) => (startMs + endMs) / 2 >= promotedUntilMs);
  const [first] = words;
  if (first === undefined) return undefined;
  return { ...final, words, startMs: first.startMs, text: words.map(({ text }) => text).join(' ') };
}

type Transcribed = Extract<CallEventBody, { readonly type: 'transcript-final' }>;

/** A recogniser's final as the record keeps it, on the track's timeline. */
export function toTranscript(
  event: Extract<SttEvent, { readonly type: 'final' }>,
  offsetMs: number,
  track: string,
): Transcribed {
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
  state.wasPromoted = true;
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
