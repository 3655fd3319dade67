// The agent's voice: text to clauses, clauses to synthesis, synthesis to the player, one reply at a time.
import { createConverter, type Converter } from '../audio/convert.js';
import { durationMs } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { TtsAdapter, TtsSession, TtsUtterance } from '../spec/tts.js';
import { attemptEvent } from './attempt-event.js';
import type { CallEventBody } from '../spec/call-event.js';
import { closestFormat } from '../resilience/chain.js';
import type { Player } from './player.js';
import { createClauseSplitter, normaliseForSpeech, type ClauseSplitter } from './speech-text.js';
import { toVoiceRequest, type VoiceChoice } from './voice-choice.js';

export interface VoiceOptions {
  readonly tts: TtsAdapter;
  readonly format: AudioFormat;
  readonly player: Player;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dispatch: (body: CallEventBody) => void;
}

/** How one agent speaks. */
export interface Manner {
  readonly voice?: VoiceChoice | undefined;
  readonly language?: string | undefined;
  /** Speech in one reply beyond which no more text is taken. */
  readonly maxSpokenMs: number;
}

export interface Voice {
  /** From the next reply on. */
  use(manner: Manner): void;
  /** Opens the connection, if none is open, so that the first word need not wait for it. Throws what `connect` throws. */
  warm(): void;
  /** `onFailure`: the voice failed; whoever waits for the reply's `end` is told as well. */
  begin(turnId: number, signal: AbortSignal, onFailure: (error: unknown) => void): VoiceReply;
  close(): void;
}

/** One reply as it is written. */
export interface VoiceReply {
  say(text: string): void;
  /** Speak what is there; more may follow. */
  pause(): void;
  /** Audio that needs no synthesis, with the text it says. False, and nothing done, where it would overtake what is being synthesised. */
  sayRendered(text: string, audio: Uint8Array): boolean;
  /** Characters given to the voice so far. */
  textLength(): number;
  /** Resolves when all of it was synthesised; rejects when the voice failed. The caller may not have heard it yet. */
  end(): Promise<void>;
}

/** Text that ends in no clause is spoken when no more came for this long … */
const hesitationMs = 500;
/** … or when it has waited this long, however the rest dribbles in (fault L-02). */
const patienceMs = 1_500;
/** No voice needs longer for a character; audio beyond it is noise without end (fault T-13). */
const maxMsPerCharacter = 400;
const maxExtraMs = 5_000;
/** What a voice needs for a character: models write far faster than voices speak. */
const usualMsPerCharacter = 60;

interface State {
  readonly options: VoiceOptions;
  /** What the adapter is asked for; converted to the carrier's where they differ. */
  readonly ttsFormat: AudioFormat;
  manner: Manner;
  session: TtsSession | undefined;
  /** Who of the chain spoke last: what it is given to say is paid there. */
  provider: string;
}

export function createVoice(options: VoiceOptions): Voice {
  const state: State = {
    options,
    ttsFormat: closestFormat(options.tts.capabilities.formats, options.format),
    manner: { maxSpokenMs: Infinity },
    session: undefined,
    provider: options.tts.provider,
  };
  return {
    use: (manner) => {
      state.manner = manner;
    },
    warm: () => void sessionOf(state),
    begin: (turnId, signal, onFailure) => beginReply(state, turnId, signal, onFailure),
    close: () => {
      state.session?.close();
      state.session = undefined;
    },
  };
}

function sessionOf(state: State): TtsSession {
  if (state.session !== undefined) return state.session;
  const { tts, clock, signal } = state.options;
  const { voice, language } = state.manner;
  const session = tts.connect({
    format: state.ttsFormat,
    ...toVoiceRequest(voice, tts),
    language,
    clock,
    signal,
    onAttempt: (report) => {
      if (report.type === 'used') state.provider = report.provider;
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
  readonly onFailure: (error: unknown) => void;
  readonly splitter: ClauseSplitter;
  /** Clauses that wait for a voice that takes one at a time. */
  readonly clauses: { readonly text: string; readonly textStart: number }[];
  /** Ends a wait for clauses. */
  wake: (() => void) | undefined;
  utterance: TtsUtterance | undefined;
  spoken: Promise<void> | undefined;
  textLength: number;
  producedMs: number;
  /** Where the synthesis in progress began. */
  segmentMs: number;
  isEnded: boolean;
  timer: TimerHandle | undefined;
  /** Since when text has waited for the end of its clause. */
  waitingSince: number | undefined;
}

function beginReply(
  state: State,
  turnId: number,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): VoiceReply {
  const reply: Reply = {
    state,
    turnId,
    signal,
    onFailure,
    splitter: createClauseSplitter(),
    clauses: [],
    wake: undefined,
    utterance: undefined,
    spoken: undefined,
    textLength: 0,
    producedMs: 0,
    segmentMs: 0,
    isEnded: false,
    timer: undefined,
    waitingSince: undefined,
  };
  state.options.player.begin(turnId);
  signal.addEventListener('abort', () => {
    state.options.clock.clearTimeout(reply.timer);
    reply.wake?.();
  });
  return {
    textLength: () => reply.textLength,
    say: (text) => {
      if (signal.aborted) return;
      const clauses = reply.splitter.push(text);
      for (const clause of clauses) speakClause(reply, clause);
      if (clauses.length > 0) reply.waitingSince = undefined;
      armHesitation(reply);
    },
    pause: () => {
      speakRest(reply, true);
      reply.utterance?.flush();
    },
    sayRendered: (text, audio) => {
      if (reply.spoken !== undefined || signal.aborted) return false;
      const textStart = putText(reply, text);
      putSegment(reply, textStart);
      produced(reply, audio);
      return true;
    },
    end: () => endReply(reply),
  };
}

function armHesitation(reply: Reply): void {
  const { clock } = reply.state.options;
  const now = clock.now();
  reply.waitingSince ??= now;
  clock.clearTimeout(reply.timer);
  reply.timer = clock.setTimeout(
    () => {
      speakRest(reply, false);
      reply.utterance?.flush();
    },
    Math.min(hesitationMs, reply.waitingSince + patienceMs - now),
  );
}

function speakRest(reply: Reply, isFinal: boolean): void {
  reply.state.options.clock.clearTimeout(reply.timer);
  reply.waitingSince = undefined;
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
  const { options, manner, provider } = reply.state;
  const text = normaliseForSpeech(clause);
  const spokenMs = Math.max(reply.producedMs, reply.textLength * usualMsPerCharacter);
  if (text === '' || reply.signal.aborted || spokenMs > manner.maxSpokenMs) return;
  const textStart = putText(reply, text);
  options.dispatch({ type: 'usage', stage: 'tts', provider, characters: text.length });
  if (!options.tts.capabilities.textStreaming) {
    reply.clauses.push({ text, textStart });
    reply.wake?.();
    if (reply.spoken === undefined) watchSpeech(reply, speakClauses(reply));
    return;
  }
  const isFirst = reply.spoken === undefined;
  if (isFirst) watchSpeech(reply, speakStream(reply, textStart));
  reply.utterance?.write(text);
  if (isFirst || /[.!?…。！？]["'”’)\]]*\s*$/u.test(text)) reply.utterance?.flush();
}

/** A failure ends the reply at once, not when its text is over; until then it must not count as unhandled. */
function watchSpeech(reply: Reply, spoken: Promise<void>): void {
  reply.spoken = spoken;
  spoken.catch(reply.onFailure);
}

/** Asynchronous, so that a voice that refuses at once fails the reply and not whoever brought the text: that may be a timer. */
async function speakStream(reply: Reply, textStart: number): Promise<void> {
  reply.utterance = openUtterance(reply, textStart);
  await consume(reply, reply.utterance, textStart, () => reply.textLength - textStart);
}

function openUtterance(reply: Reply, textStart: number): TtsUtterance {
  const { options, manner } = reply.state;
  const { voice, language } = manner;
  return sessionOf(reply.state).speak({
    ...toVoiceRequest(voice, options.tts),
    language,
    bufferedMs: () => options.player.bufferedMs(),
    signal: reply.signal,
    onTakeover: (from) => {
      const startMs = reply.segmentMs + from.startMs;
      options.dispatch({
        type: 'agent-segment',
        turnId: reply.turnId,
        textStart: textStart + from.textStart,
        startMs,
      });
    },
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
    const utterance = openUtterance(reply, clause.textStart);
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
  const startMs = putSegment(reply, textStart);
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

/** Where text and audio meet: a synthesis begins. Returns where in the reply's audio. */
function putSegment(reply: Reply, textStart: number): number {
  const { state, turnId, producedMs } = reply;
  state.options.dispatch({ type: 'agent-segment', turnId, textStart, startMs: producedMs });
  reply.segmentMs = producedMs;
  return producedMs;
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
