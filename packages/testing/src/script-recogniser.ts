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

export interface ScriptRecogniserOptions {
  /** Silence that makes a final and ends the turn. Default 300. */
  readonly pauseMs?: number | undefined;
  /** Silence that makes an eager `turn-end`, taken back when speech goes on. Default: none. */
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
  cause: 'pause' | 'flush' | 'end',
  language?: string,
): SttFakeEvent {
  const words = state.segment;
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
    words,
    confidence: defaultConfidence,
    language,
    cause,
  };
}

function partialOf(state: State): SttFakeEvent {
  const text = state.segment.map((word) => word.text).join(' ');
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
  const { pauseMs = 300, eagerPauseMs = Number.POSITIVE_INFINITY, language, diarize = false } = options;
  const state: State = {
    ahead: [...words],
    segment: [],
    settledMs: 0,
    isSpeaking: false,
    hasEagerEnd: false,
    lastWordEndMs: 0,
    eagerAfterMs: undefined,
  };

  function take(word: ScriptedWord, endMs: number): void {
    const { text, startMs, speaker, confidence = defaultConfidence } = word;
    state.segment.push({ text, startMs, endMs, confidence, speaker: diarize ? speaker : undefined });
    state.lastWordEndMs = endMs;
    state.ahead.shift();
  }

  function endOfTurn(atMs: number): SttFakeEvent[] {
    const hadWords = state.segment.length > 0;
    const events: SttFakeEvent[] = hadWords ? [finalOf(state, atMs, 'pause', language)] : [];
    state.isSpeaking = false;
    state.hasEagerEnd = false;
    events.push({ type: 'speech-end', atMs: state.lastWordEndMs }, { type: 'turn-end', atMs, eager: false });
    return events;
  }

  /** The next thing to happen no later than `audioMs`; undefined when there is none. */
  function step(audioMs: number): readonly SttFakeEvent[] | undefined {
    const next = state.ahead[0];
    const nextStartMs = next?.startMs ?? Number.POSITIVE_INFINITY;
    const pauseAtMs = state.lastWordEndMs + pauseMs;
    const eagerAtMs = state.lastWordEndMs + eagerPauseMs;
    const canEndEagerly = state.isSpeaking && state.eagerAfterMs !== state.lastWordEndMs;
    if (canEndEagerly && eagerAtMs <= audioMs && eagerAtMs <= nextStartMs) {
      state.hasEagerEnd = true;
      state.eagerAfterMs = state.lastWordEndMs;
      return [{ type: 'turn-end', atMs: eagerAtMs, eager: true, confidence: 0.5 }];
    }
    if (state.isSpeaking && pauseAtMs <= audioMs && pauseAtMs <= nextStartMs) return endOfTurn(pauseAtMs);
    if (next === undefined || nextStartMs > audioMs) return undefined;
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
    take(next, next.endMs);
    return [partialOf(state)];
  }

  function hear(audioMs: number): SttFakeEvent[] {
    const events: SttFakeEvent[] = [];
    for (let more = step(audioMs); more !== undefined; more = step(audioMs)) events.push(...more);
    return events;
  }

  function decide(audioMs: number, cause: 'flush' | 'end'): SttFakeEvent[] {
    const events = hear(audioMs);
    const next = state.ahead[0];
    if (next !== undefined && (next.startMs + next.endMs) / 2 < audioMs) take(next, audioMs);
    else if (next !== undefined && next.startMs < audioMs) state.ahead[0] = { ...next, startMs: audioMs };
    events.push(finalOf(state, audioMs, cause, language));
    return events;
  }

  return {
    add: (more) => void state.ahead.push(...more),
    hear,
    flush: (audioMs) => [...decide(audioMs, 'flush'), { type: 'flushed', settledMs: audioMs }],
    end: (audioMs) => [...decide(audioMs, 'end'), { type: 'goodbye', audioMs }],
  };
}
