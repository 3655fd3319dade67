// The state of a conversation's turns as plain data, and the one deadline each state has.
import type { DeadlineName } from '../spec/call-event.js';
import type { TurnPolicy } from './turn-policy.js';

/** What the caller has done since their last turn was taken. Times are call time. */
export interface CallerState {
  readonly speaking: boolean;
  /** When the speech in progress, or the last, began. */
  readonly startedAtMs: number;
  /** When it really ended, hangover taken off. */
  readonly endedAtMs: number;
  /** Speech was detected since the last turn was taken. */
  readonly heard: boolean;
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
  readonly caller: CallerState;
  /** The number of the last utterance that was, or is being, answered. */
  readonly utterance: number;
  /** How often a silent caller was asked since they last said something. */
  readonly prompts: number;
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
  heard: false,
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
};

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
      return listeningDeadline(state.caller, state.phase.sinceMs, policy);
    case 'thinking':
    case 'speaking':
      return replyDeadline(state.phase, state.caller, policy);
  }
}

function listeningDeadline(caller: CallerState, sinceMs: number, policy: TurnPolicy): Deadline {
  if (caller.speaking) return { name: 'utterance-limit', atMs: caller.startedAtMs + policy.utteranceLimitMs };
  if (caller.keys !== '') return { name: 'keys', atMs: caller.lastKeyAtMs + policy.keyPauseMs };
  if (caller.partialText !== '') return { name: 'promote', atMs: caller.endedAtMs + policy.promoteMs };
  if (caller.finalText !== '') {
    const delayMs = caller.proposed === 'end' ? 0 : policy.endpointMs;
    return { name: 'endpoint', atMs: caller.endedAtMs + delayMs };
  }
  if (caller.heard) return { name: 'discard', atMs: caller.endedAtMs + policy.promoteMs };
  return { name: 'silence', atMs: sinceMs + policy.silenceMs };
}

function replyDeadline(phase: ReplyingPhase, caller: CallerState, policy: TurnPolicy): Deadline {
  if (phase.paused && phase.eager && !caller.speaking)
    return { name: 'resume', atMs: phase.pausedAtMs + policy.endpointMs };
  if (phase.paused && caller.speaking)
    return { name: 'confirm', atMs: caller.startedAtMs + policy.confirmMs };
  if (phase.paused) return { name: 'resume', atMs: caller.endedAtMs + policy.falseInterruptionMs };
  const yields = phase.name === 'thinking' || policy.interruptible;
  if (caller.speaking && yields) return { name: 'barge-in', atMs: caller.startedAtMs + policy.bargeInMs };
  return phase.name === 'thinking'
    ? { name: 'thinking-limit', atMs: phase.sinceMs + policy.thinkingLimitMs }
    : { name: 'speaking-limit', atMs: phase.sinceMs + policy.speakingLimitMs };
}
