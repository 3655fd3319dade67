// A recogniser that reads a script of timed words by audio time: what the fakes and the scripted STT adapter say and when.
import type { Word } from '@voicewire/core/adapter';
import type { SttFakeEvent } from './fakes/dialects.js';

/** A word of a script; times in ms from the first audio byte of the stream. */
export interface ScriptedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly speaker?: string | undefined;
  readonly confidence?: number | undefined;
}

/** How a recogniser differs from one that hears all at once, is sure of itself and has a good watch: as real ones do. */
export interface RecogniserManner {
  /** A final after so many words, also in the middle of speech. Default: at pauses only. */
  readonly segmentWords?: number | undefined;
  /** The last word of each partial is a wrong guess, put right by the next. */
  readonly revises?: boolean | undefined;
  /** Finals have no words with times, only a text. */
  readonly untimed?: boolean | undefined;
  /** Times of words are late by so much, early where negative. What is settled is not. */
  readonly shiftMs?: number | undefined;
}

export interface ScriptRecogniserOptions extends RecogniserManner {
  /** Silence that makes a final and ends the turn. Default 300. */
  readonly pauseMs?: number | undefined;
  /** Silence, shorter than `pauseMs`, that makes an eager `turn-end`, taken back when speech goes on. Default: none. */
  readonly eagerPauseMs?: number | undefined;
  readonly language?: string | undefined;
  /** Whether words keep their speakers. */
  readonly diarize?: boolean | undefined;
}

/** Time only moves forward. Each call gives what became known by it; the same words at the same times, however audio was cut. */
export interface ScriptRecogniser {
  /** More words, in order, none before what was heard so far. */
  add(words: readonly ScriptedWord[]): void;
  /** All audio before `audioMs` has been heard. */
  hear(audioMs: number): readonly SttFakeEvent[];
  /** Decides all audio before `audioMs`; a word counts when its middle lies before. */
  flush(audioMs: number): readonly SttFakeEvent[];
  /** As `flush`, then goodbye. */
  end(audioMs: number): readonly SttFakeEvent[];
}

interface State {
  readonly options: ScriptRecogniserOptions;
  /** Words not yet over. */
  ahead: ScriptedWord[];
  /** Words over, not yet in a final. */
  segment: Word[];
  settledMs: number;
  isSpeaking: boolean;
  hasEagerEnd: boolean;
  lastWordEndMs: number;
  /** The word after which an eager end was last announced: once is enough. */
  eagerAfterMs: number | undefined;
}

const defaultConfidence = 0.9;

/** `once upon a time` as words of `msPerWord` each, from `startMs`, with silence in between: the quick way to a script. */
export function timedWords(
  text: string,
  options: { startMs?: number; msPerWord?: number; gapMs?: number } = {},
): readonly ScriptedWord[] {
  const { startMs = 200, msPerWord = 240, gapMs = 40 } = options;
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word, index) => {
      const wordStartMs = startMs + index * (msPerWord + gapMs);
      return { text: word, startMs: wordStartMs, endMs: wordStartMs + msPerWord };
    });
}

function finalOf(
  state: State,
  settledMs: number,
  cause: 'pause' | 'segment' | 'flush' | 'end',
): SttFakeEvent {
  const words = state.segment;
  const { language, untimed } = state.options;
  const startMs = words[0]?.startMs ?? state.settledMs;
  const endMs = words.at(-1)?.endMs ?? settledMs;
  state.segment = [];
  state.settledMs = settledMs;
  const text = words.map((word) => word.text).join(' ');
  return {
    type: 'final',
    text,
    startMs,
    endMs,
    settledMs,
    words: untimed ? [] : words,
    confidence: defaultConfidence,
    language,
    cause,
  };
}

function partialOf(state: State): SttFakeEvent {
  const texts = state.segment.map((word) => word.text);
  if (state.options.revises) texts.push(`${texts.pop() ?? ''}s`);
  const text = texts.join(' ');
  return {
    type: 'partial',
    text,
    startMs: state.segment[0]?.startMs ?? state.settledMs,
    endMs: state.lastWordEndMs,
  };
}

export function createScriptRecogniser(
  words: readonly ScriptedWord[],
  options: ScriptRecogniserOptions = {},
): ScriptRecogniser {
  const state: State = {
    options,
    ahead: [...words],
    segment: [],
    settledMs: 0,
    isSpeaking: false,
    hasEagerEnd: false,
    lastWordEndMs: 0,
    eagerAfterMs: undefined,
  };
  return {
    add: (more) => void state.ahead.push(...more),
    hear: (audioMs) => hear(state, audioMs),
    flush: (audioMs) => [...decide(state, audioMs, 'flush'), { type: 'flushed', settledMs: audioMs }],
    end: (audioMs) => [...decide(state, audioMs, 'end'), { type: 'goodbye', audioMs }],
  };
}

function take(state: State, word: ScriptedWord, endMs: number): void {
  const { text, startMs, speaker, confidence = defaultConfidence } = word;
  const { diarize: isNamed = false, shiftMs = 0 } = state.options;
  const times = { startMs: Math.max(0, startMs + shiftMs), endMs: Math.max(0, endMs + shiftMs) };
  state.segment.push({ text, ...times, confidence, speaker: isNamed ? speaker : undefined });
  state.lastWordEndMs = endMs;
  state.ahead.shift();
}

function endTurn(state: State, atMs: number): readonly SttFakeEvent[] {
  const events: SttFakeEvent[] = state.segment.length > 0 ? [finalOf(state, atMs, 'pause')] : [];
  state.isSpeaking = false;
  state.hasEagerEnd = false;
  events.push({ type: 'speech-end', atMs: state.lastWordEndMs }, { type: 'turn-end', atMs, eager: false });
  return events;
}

/** What silence after the last word makes no later than `audioMs`: an eager end first, then the end of the turn. */
function pauseStep(state: State, audioMs: number): readonly SttFakeEvent[] | undefined {
  const { pauseMs = 300, eagerPauseMs = Number.POSITIVE_INFINITY } = state.options;
  if (!state.isSpeaking) return undefined;
  const untilMs = Math.min(audioMs, state.ahead[0]?.startMs ?? Number.POSITIVE_INFINITY);
  const eagerAtMs = state.lastWordEndMs + eagerPauseMs;
  if (eagerAtMs <= untilMs && state.eagerAfterMs !== state.lastWordEndMs) {
    state.hasEagerEnd = true;
    state.eagerAfterMs = state.lastWordEndMs;
    return [{ type: 'turn-end', atMs: eagerAtMs, eager: true, confidence: 0.5 }];
  }
  const pauseAtMs = state.lastWordEndMs + pauseMs;
  return pauseAtMs <= untilMs ? endTurn(state, pauseAtMs) : undefined;
}

/** What the next word makes no later than `audioMs`. */
function wordStep(state: State, audioMs: number): readonly SttFakeEvent[] | undefined {
  const [next] = state.ahead;
  if (next === undefined || next.startMs > audioMs) return undefined;
  if (!state.isSpeaking) {
    state.isSpeaking = true;
    // Silence before the first word is no pause.
    state.lastWordEndMs = next.startMs;
    return [{ type: 'speech-start', atMs: next.startMs }];
  }
  if (state.hasEagerEnd) {
    state.hasEagerEnd = false;
    return [{ type: 'turn-resumed', atMs: next.startMs }];
  }
  if (next.endMs > audioMs) return undefined;
  take(state, next, next.endMs);
  const isSegment = state.segment.length === state.options.segmentWords;
  return [partialOf(state), ...(isSegment ? [finalOf(state, next.endMs, 'segment')] : [])];
}

function hear(state: State, audioMs: number): SttFakeEvent[] {
  const events: SttFakeEvent[] = [];
  for (;;) {
    const step = pauseStep(state, audioMs) ?? wordStep(state, audioMs);
    if (step === undefined) return events;
    events.push(...step);
  }
}

function decide(state: State, audioMs: number, cause: 'flush' | 'end'): SttFakeEvent[] {
  const events = hear(state, audioMs);
  const [next] = state.ahead;
  if (next !== undefined && (next.startMs + next.endMs) / 2 < audioMs) take(state, next, audioMs);
  else if (next !== undefined && next.startMs < audioMs) state.ahead[0] = { ...next, startMs: audioMs };
  events.push(finalOf(state, audioMs, cause));
  return events;
}
