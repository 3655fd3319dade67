// The state of a conversation's turns as plain data, and the one deadline each state has.
import type { DeadlineName } from '../spec/call-event.js';
import { endpointDelayMs, type Pauses } from './endpointing.js';
import { joinText } from './spoken-words.js';
import type { TurnPolicy } from './turn-policy.js';

/** Positions on the caller's track, which are no call time. */
export interface TrackPlace {
  readonly startMs: number;
  readonly endMs: number;
}

/** What the caller has done since their last turn was taken. Times are call time. */
export interface CallerState {
  readonly speaking: boolean;
  /** When the speech in progress, or the last, began. */
  readonly startedAtMs: number;
  /** When it really ended, hangover taken off. */
  readonly endedAtMs: number;
  /** When the turn's first speech began; the floor has been theirs since. */
  readonly turnStartedAtMs: number | undefined;
  /** The silence before the speech in progress, where it may turn out to have been a pause inside one turn; else 0. */
  readonly pauseMs: number;
  /** All of the turn so far was said while the agent had the floor. */
  readonly overlaps: boolean;
  /** When the turn had lasted too long: it is taken from them. */
  readonly limitedAtMs: number | undefined;
  /** Speech was detected since the last turn was taken. */
  readonly heard: boolean;
  /** Where the last speech lies on the track. */
  readonly lies: TrackPlace;
  /** When the last text came, and where on the track it ends. */
  readonly textAtMs: number;
  readonly textEndMs: number;
  /** When another recogniser took over in this turn: it hears again what was said, and is behind at first. */
  readonly takenOverAtMs: number | undefined;
  readonly finalText: string;
  readonly partialText: string;
  readonly keys: string;
  readonly lastKeyAtMs: number;
  /** The recogniser's own view of the turn's end. */
  readonly proposed: 'none' | 'eager' | 'end';
}

/** A reply on its way. `paused`: nothing of it may be heard for now. */
interface ReplyPhase {
  /** 0 until the reply has begun. */
  readonly turnId: number;
  /** 0 where it answers nothing the caller said. */
  readonly utterance: number;
  /** The decided part of the text it answers: given back to the caller's state when they go on before hearing any of it. */
  readonly settledText: string;
  /** All it answers; longer than `settledText` while an eager reply rests on a partial. */
  readonly answers: string;
  readonly paused: boolean;
  readonly pausedAtMs: number;
  /** The pause waits for the recogniser to make up its mind, not for the caller. */
  readonly eager: boolean;
  /** It breaks into a turn without end: the caller's speech does not stop it. */
  readonly interjects: boolean;
  readonly sinceMs: number;
}

export type ReplyingPhase = Extract<TurnPhase, { readonly name: 'thinking' | 'speaking' }>;

export type TurnPhase =
  | { readonly name: 'listening'; readonly sinceMs: number }
  | ({ readonly name: 'thinking' } & ReplyPhase)
  | ({ readonly name: 'speaking' } & ReplyPhase)
  | { readonly name: 'ended' };

export interface TurnState {
  readonly phase: TurnPhase;
  /** Speech without a word so far, where nobody waits any more: words of it that come late are answered all the same. */
  readonly owed: TrackPlace | undefined;
  readonly caller: CallerState;
  /** The number of the last utterance that was, or is being, answered. */
  readonly utterance: number;
  /** How often a silent caller was asked since they last said something. */
  readonly prompts: number;
  /** Undefined until this caller has paused. */
  readonly pauses: Pauses | undefined;
}

/** What the call has to do now. */
export type TurnCommand =
  | {
      readonly type: 'reply';
      readonly utterance: number;
      readonly text: string;
      readonly keypad: boolean;
      /** Speak and run tools only after `resume-speech`. */
      readonly paused: boolean;
      /** The caller is not done: the agent breaks in, and says so. */
      readonly interjects: boolean;
    }
  | { readonly type: 'pause-speech' }
  | { readonly type: 'resume-speech' }
  | { readonly type: 'stop-reply'; readonly outcome: 'interrupted' | 'cancelled' }
  | { readonly type: 'flush-ears' }
  | { readonly type: 'promote-partial' }
  | { readonly type: 'prompt'; readonly count: number }
  | { readonly type: 'apologise' }
  | { readonly type: 'hang-up' };

export const silentCaller: CallerState = {
  speaking: false,
  startedAtMs: 0,
  endedAtMs: 0,
  turnStartedAtMs: undefined,
  pauseMs: 0,
  overlaps: false,
  limitedAtMs: undefined,
  heard: false,
  lies: { startMs: 0, endMs: 0 },
  textAtMs: 0,
  textEndMs: 0,
  takenOverAtMs: undefined,
  finalText: '',
  partialText: '',
  keys: '',
  lastKeyAtMs: 0,
  proposed: 'none',
};

export const initialTurnState: TurnState = {
  phase: { name: 'listening', sinceMs: 0 },
  caller: silentCaller,
  utterance: 0,
  prompts: 0,
  pauses: undefined,
  owed: undefined,
};

/** Where turns have no limit a detector that hears speech for so long is broken: every state has a deadline. */
const longestSpeechMs = 3_600_000;

export interface Deadline {
  readonly name: DeadlineName;
  readonly atMs: number;
}

/** The next moment at which something happens by itself; every state but `ended` has one. */
export function nextDeadline(state: TurnState, policy: TurnPolicy): Deadline | undefined {
  switch (state.phase.name) {
    case 'ended':
      return undefined;
    case 'listening':
      return listeningDeadline(state, state.phase.sinceMs, policy);
    case 'thinking':
    case 'speaking':
      return replyDeadline(state, state.phase, policy);
  }
}

function listeningDeadline({ caller, pauses }: TurnState, sinceMs: number, policy: TurnPolicy): Deadline {
  const { endedAtMs, limitedAtMs } = caller;
  const text = textSoFar(caller);
  if (caller.speaking && limitedAtMs === undefined) {
    const limitMs = policy.utteranceLimitMs > 0 ? policy.utteranceLimitMs : longestSpeechMs;
    return { name: 'utterance-limit', atMs: (caller.turnStartedAtMs ?? caller.startedAtMs) + limitMs };
  }
  if (caller.keys !== '')
    return { name: 'keys', atMs: limitedAtMs ?? caller.lastKeyAtMs + policy.keyPauseMs };
  const after = (delayMs: number, notBeforeMs = 0): number =>
    limitedAtMs ?? Math.max(endedAtMs + delayMs, caughtUpBy(caller, policy), notBeforeMs);
  if (caller.partialText !== '')
    return { name: 'promote', atMs: after(policy.promoteMs, decidedBy(caller, policy)) };
  if (text !== '') {
    const delayMs = caller.proposed === 'end' ? 0 : endpointDelayMs(pauses, text, policy);
    return { name: 'endpoint', atMs: after(delayMs) };
  }
  if (caller.heard) return { name: 'discard', atMs: after(policy.promoteMs) };
  return { name: 'silence', atMs: sinceMs + policy.silenceMs };
}

/** Recognisers and detectors do not agree to the frame. */
export const placeToleranceMs = 200;

/** Whether words are still to come of what the caller has said: another recogniser hears it again. */
export function isBehind({ takenOverAtMs, textEndMs, lies }: CallerState): boolean {
  return takenOverAtMs !== undefined && textEndMs < lies.endMs - placeToleranceMs;
}

/** The longest turn that is waited for to be heard again, by a recogniser that takes it no faster than it was said. */
const longestReplayMs = 8_000;

/** As long as it may still be hearing what it has missed, and as long as it makes progress, it is waited for. */
function caughtUpBy(caller: CallerState, { promoteMs }: TurnPolicy): number {
  const { takenOverAtMs, turnStartedAtMs, endedAtMs, textAtMs } = caller;
  if (takenOverAtMs === undefined || !isBehind(caller)) return 0;
  const saidMs = endedAtMs - (turnStartedAtMs ?? endedAtMs);
  return Math.max(takenOverAtMs + Math.min(saidMs, longestReplayMs), textAtMs) + promoteMs;
}

/** A recogniser that took over decides what it hears again as late as it hears it. */
function decidedBy({ takenOverAtMs, textAtMs, endedAtMs }: CallerState, { promoteMs }: TurnPolicy): number {
  if (takenOverAtMs === undefined) return 0;
  return Math.min(textAtMs, endedAtMs + longestReplayMs) + promoteMs;
}

export function textSoFar({ finalText, partialText }: CallerState): string {
  return joinText(finalText, partialText);
}

function replyDeadline({ caller, pauses }: TurnState, phase: ReplyingPhase, policy: TurnPolicy): Deadline {
  if (phase.paused && phase.eager && !caller.speaking)
    return { name: 'resume', atMs: phase.pausedAtMs + endpointDelayMs(pauses, phase.answers, policy) };
  if (phase.paused && caller.speaking)
    return { name: 'confirm', atMs: caller.startedAtMs + policy.confirmMs };
  if (phase.paused) return { name: 'resume', atMs: caller.endedAtMs + policy.falseInterruptionMs };
  if (caller.speaking && yieldsTo(phase, policy))
    return { name: 'barge-in', atMs: caller.startedAtMs + policy.bargeInMs };
  return phase.name === 'thinking'
    ? { name: 'thinking-limit', atMs: phase.sinceMs + policy.thinkingLimitMs }
    : { name: 'speaking-limit', atMs: phase.sinceMs + policy.speakingLimitMs };
}

/** Whether the caller's speech may stop a reply. */
export function yieldsTo(phase: ReplyingPhase, policy: TurnPolicy): boolean {
  return !phase.interjects && (phase.name === 'thinking' || policy.interruptible);
}
