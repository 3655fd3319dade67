// The agent's voice: text to clauses, clauses to synthesis, synthesis to the player, one reply at a time.
import { createConverter, type Converter } from '../audio/convert.js';
import { durationMs, isSameFormat } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { TtsAdapter, TtsSession, TtsUtterance } from '../spec/tts.js';
import { attemptEvent } from './attempt-event.js';
import type { CallEventBody } from '../spec/call-event.js';
import type { Player } from './player.js';
import { createClauseSplitter, normaliseForSpeech, type ClauseSplitter } from './speech-text.js';

export interface VoiceOptions {
  readonly tts: TtsAdapter;
  readonly format: AudioFormat;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
  readonly player: Player;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dispatch: (body: CallEventBody) => void;
  /** Speech in one reply beyond which no more text is taken. */
  readonly maxSpokenMs: number;
}

export interface Voice {
  /** Opens the connection, if none is open, so that the first word need not wait for it. */
  warm(): void;
  begin(turnId: number, signal: AbortSignal): VoiceReply;
  close(): void;
}

/** One reply as it is written. */
export interface VoiceReply {
  say(text: string): void;
  /** Speak what is there; more may follow. */
  pause(): void;
  /** Audio that needs no synthesis, with the text it says. */
  sayRendered(text: string, audio: Uint8Array): void;
  /** Characters given to the voice so far. */
  readonly textLength: number;
  /** Resolves when all of it was synthesised; rejects when the voice failed. The caller may not have heard it yet. */
  end(): Promise<void>;
}

/** Text that ends in no clause is spoken after this long. */
const hesitationMs = 500;
/** No voice needs longer for a character; audio beyond it is noise without end (fault T-13). */
const maxMsPerCharacter = 400;
const maxExtraMs = 5_000;

interface State {
  readonly options: VoiceOptions;
  /** What the adapter is asked for; converted to the carrier's where they differ. */
  readonly ttsFormat: AudioFormat;
  session: TtsSession | undefined;
}

export function createVoice(options: VoiceOptions): Voice {
  const state: State = {
    options,
    ttsFormat: chooseFormat(options.tts.capabilities.formats, options.format),
    session: undefined,
  };
  return {
    warm: () => void sessionOf(state),
    begin: (turnId, signal) => beginReply(state, turnId, signal),
    close: () => {
      state.session?.close();
      state.session = undefined;
    },
  };
}

/** The carrier's own format, else the same rate, else the lowest above it, else the highest there is. */
export function chooseFormat(formats: readonly AudioFormat[], wanted: AudioFormat): AudioFormat {
  const exact = formats.find((format) => isSameFormat(format, wanted));
  if (exact !== undefined) return exact;
  const ranked = [...formats].sort((a, b) => rank(a, wanted) - rank(b, wanted));
  return ranked[0] ?? wanted;
}

function rank(format: AudioFormat, wanted: AudioFormat): number {
  const distance = format.sampleRate - wanted.sampleRate;
  const ratePenalty = distance >= 0 ? distance : 1_000_000 - distance;
  return (
    ratePenalty +
    (format.encoding === 'pcm_s16le' ? 0 : 0.5) +
    (format.channels === wanted.channels ? 0 : 0.25)
  );
}

function sessionOf(state: State): TtsSession {
  if (state.session !== undefined) return state.session;
  const { tts, voice, language, clock, signal } = state.options;
  const session = tts.connect({
    format: state.ttsFormat,
    voice,
    language,
    clock,
    signal,
    onAttempt: (report) => {
      state.options.dispatch(attemptEvent('tts', report));
    },
  });
  state.session = session;
  // A failed connection is reported by the utterance that needed it.
  session.ready.catch(() => undefined);
  void session.closed.then(() => {
    if (state.session === session) state.session = undefined;
  });
  return session;
}

interface Reply {
  readonly state: State;
  readonly turnId: number;
  readonly signal: AbortSignal;
  readonly splitter: ClauseSplitter;
  /** Clauses that wait for a voice that takes one at a time. */
  readonly clauses: { readonly text: string; readonly textStart: number }[];
  /** Ends a wait for clauses. */
  wake: (() => void) | undefined;
  utterance: TtsUtterance | undefined;
  spoken: Promise<void> | undefined;
  textLength: number;
  producedMs: number;
  isEnded: boolean;
  timer: TimerHandle | undefined;
}

function beginReply(state: State, turnId: number, signal: AbortSignal): VoiceReply {
  const reply: Reply = {
    state,
    turnId,
    signal,
    splitter: createClauseSplitter(),
    clauses: [],
    wake: undefined,
    utterance: undefined,
    spoken: undefined,
    textLength: 0,
    producedMs: 0,
    isEnded: false,
    timer: undefined,
  };
  state.options.player.begin(turnId);
  return {
    get textLength() {
      return reply.textLength;
    },
    say: (text) => {
      if (signal.aborted) return;
      for (const clause of reply.splitter.push(text)) speakClause(reply, clause);
      armHesitation(reply);
    },
    pause: () => {
      speakRest(reply, true);
      reply.utterance?.flush();
    },
    sayRendered: (text, audio) => {
      putText(reply, text);
      produced(reply, audio);
    },
    end: () => endReply(reply),
  };
}

function armHesitation(reply: Reply): void {
  const { clock } = reply.state.options;
  clock.clearTimeout(reply.timer);
  reply.timer = clock.setTimeout(() => {
    if (reply.signal.aborted) return;
    speakRest(reply, false);
    reply.utterance?.flush();
  }, hesitationMs);
}

function speakRest(reply: Reply, isFinal: boolean): void {
  reply.state.options.clock.clearTimeout(reply.timer);
  const rest = reply.splitter.flush(isFinal);
  if (rest !== '') speakClause(reply, isFinal && !/\s$/u.test(rest) ? `${rest} ` : rest);
}

async function endReply(reply: Reply): Promise<void> {
  speakRest(reply, true);
  reply.isEnded = true;
  reply.utterance?.end();
  reply.wake?.();
  await reply.spoken;
}

/** Text goes into the record as it goes to the voice. Returns where it starts. */
function putText(reply: Reply, text: string): number {
  const textStart = reply.textLength;
  reply.textLength += text.length;
  reply.state.options.dispatch({ type: 'agent-text', turnId: reply.turnId, text });
  return textStart;
}

function speakClause(reply: Reply, clause: string): void {
  const { options } = reply.state;
  const text = normaliseForSpeech(clause);
  if (text === '' || reply.signal.aborted || reply.producedMs > options.maxSpokenMs) return;
  const textStart = putText(reply, text);
  options.dispatch({ type: 'usage', stage: 'tts', provider: options.tts.provider, characters: text.length });
  if (!options.tts.capabilities.textStreaming) {
    reply.clauses.push({ text, textStart });
    reply.wake?.();
    reply.spoken ??= speakClauses(reply);
  } else {
    const isFirst = reply.utterance === undefined;
    const utterance = (reply.utterance ??= openUtterance(reply));
    reply.spoken ??= consume(reply, utterance, textStart, () => reply.textLength - textStart);
    utterance.write(text);
    if (isFirst || /[.!?…。！？]["'”’)\]]*\s*$/u.test(text)) utterance.flush();
  }
  // Whoever ends the reply sees the failure; until then it must not count as unhandled.
  reply.spoken.catch(() => undefined);
}

function openUtterance(reply: Reply): TtsUtterance {
  const { player, voice, language } = reply.state.options;
  return sessionOf(reply.state).speak({
    voice,
    language,
    bufferedMs: () => player.bufferedMs(),
    signal: reply.signal,
  });
}

/** One synthesis per clause; the next begins when one is produced, which is long before it was heard. */
async function speakClauses(reply: Reply): Promise<void> {
  for (;;) {
    const clause = reply.clauses.shift();
    if (clause === undefined) {
      if (reply.isEnded || reply.signal.aborted) return;
      await new Promise<void>((resolve) => {
        reply.wake = resolve;
      });
      continue;
    }
    const utterance = openUtterance(reply);
    utterance.write(clause.text);
    utterance.end();
    await consume(reply, utterance, clause.textStart, () => clause.text.length);
  }
}

async function consume(
  reply: Reply,
  utterance: TtsUtterance,
  textStart: number,
  characters: () => number,
): Promise<void> {
  const { options, ttsFormat } = reply.state;
  const converter = createConverter(ttsFormat, options.format);
  const startMs = reply.producedMs;
  options.dispatch({ type: 'agent-segment', turnId: reply.turnId, textStart, startMs });
  for await (const event of utterance) {
    if (reply.signal.aborted) return;
    if (event.type === 'words') {
      const words = event.words.map((word) => ({
        textStart: word.textStart + textStart,
        textEnd: word.textEnd + textStart,
        startMs: word.startMs + startMs,
        endMs: word.endMs + startMs,
      }));
      options.dispatch({ type: 'agent-words', turnId: reply.turnId, words });
      continue;
    }
    produced(reply, converter.push(event.audio));
    if (reply.producedMs - startMs > characters() * maxMsPerCharacter + maxExtraMs)
      throw endlessAudio(options.tts.provider);
  }
  flushConverter(reply, converter);
}

function flushConverter(reply: Reply, converter: Converter): void {
  const rest = converter.flush();
  if (rest.byteLength > 0) produced(reply, rest);
}

function produced(reply: Reply, audio: Uint8Array): void {
  if (reply.signal.aborted || audio.byteLength === 0) return;
  reply.producedMs += durationMs(audio.byteLength, reply.state.options.format);
  reply.state.options.player.play(audio);
}

function endlessAudio(provider: string): ProviderError {
  return new ProviderError({
    class: 'protocol',
    provider,
    stage: 'tts',
    message: 'The voice sent far more audio than its text can need; the rest was dropped.',
  });
}
