// What every rule of turn-taking is given and gives back.
import type { TurnPolicy } from './turn-policy.js';
import type { CallerState, ReplyingPhase, TurnCommand, TurnState } from './turn-state.js';

/** The state after one event, and what the call has to do because of it. */
export interface TurnStep {
  readonly state: TurnState;
  readonly commands: readonly TurnCommand[];
}

export interface TurnContext {
  readonly policy: TurnPolicy;
  /** The label of the caller's track; events of other tracks change nothing. */
  readonly track: string;
  /** Whether what the caller has heard of the reply in progress asks them something: a reduction of the same events. */
  readonly isAsking: () => boolean;
}

const none: readonly TurnCommand[] = [];

export function stay(state: TurnState): TurnStep {
  return { state, commands: none };
}

export function withCaller(state: TurnState, change: Partial<CallerState>): TurnState {
  return { ...state, caller: { ...state.caller, ...change } };
}

export function isReplying(phase: TurnState['phase']): phase is ReplyingPhase {
  return phase.name === 'thinking' || phase.name === 'speaking';
}
