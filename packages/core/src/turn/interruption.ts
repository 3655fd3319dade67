// The caller speaks while a reply is on its way: is it an interruption, a sign of listening, or nothing at all?
import type { CallEventOf } from '../spec/call-event.js';
import { learnPause } from './endpointing.js';
import { containsOneOf, countWordsBeside, joinText, wordsOf } from './spoken-words.js';
import type { TurnPolicy } from './turn-policy.js';
import {
  silentCaller,
  textSoFar,
  yieldsTo,
  type CallerState,
  type ReplyingPhase,
  type TurnState,
} from './turn-state.js';
import { stay, type TurnContext, type TurnStep } from './turn-step.js';

/** What is known of the caller's words decides whether the reply stops, goes on, or waits for more. */
export function judgeWords(
  state: TurnState,
  phase: ReplyingPhase,
  atMs: number,
  context: TurnContext,
): TurnStep {
  if (isInterruption(state.caller, phase, context)) return interrupt(state, phase, atMs, context.policy);
  return isOnlyListening(state.caller, phase, context.policy) ? goOn(state, phase) : stay(state);
}

function isInterruption(caller: CallerState, phase: ReplyingPhase, context: TurnContext): boolean {
  const { policy, isAsking } = context;
  if (!yieldsTo(phase, policy)) return false;
  const text = textSoFar(caller);
  if (phase.name === 'speaking' && wordsOf(text).length > 0 && isAsking()) return true;
  const count = countWordsBeside(text, policy.backchannels, caller.partialText !== '');
  return count >= policy.confirmWords || containsOneOf(text, policy.interruptWords);
}

/** All is said and decided, and it was no more than a murmur: the agent need not wait to see whether more comes. */
function isOnlyListening(caller: CallerState, phase: ReplyingPhase, policy: TurnPolicy): boolean {
  if (!phase.paused || phase.eager || caller.speaking || caller.partialText !== '') return false;
  const { backchannels, unfinishedWords } = policy;
  const isHesitation = (phrase: string): boolean => unfinishedWords.includes(phrase);
  return isMurmur(
    caller.finalText,
    backchannels.filter((phrase) => !isHesitation(phrase)),
  );
}

function isMurmur(text: string, phrases: readonly string[]): boolean {
  return text !== '' && countWordsBeside(text, phrases, false) === 0;
}

/** What was murmured into the end of a reply wants no answer of its own. */
export function wantsNoAnswer(caller: CallerState, policy: TurnPolicy): boolean {
  return caller.overlaps && caller.keys === '' && isMurmur(textSoFar(caller), policy.backchannels);
}

/** The reply is over for good. If nothing of it was heard, the caller is still in the same utterance. */
export function interrupt(
  state: TurnState,
  phase: ReplyingPhase,
  atMs: number,
  policy: TurnPolicy,
): TurnStep {
  const { caller, pauses } = state;
  const unheard = phase.name === 'thinking';
  const continues = unheard && phase.utterance > 0;
  return {
    state: {
      ...state,
      // They went on after a pause that was taken for the end: nothing else costs as much.
      pauses: caller.pauseMs > 0 ? learnPause(pauses, caller.pauseMs, policy) : pauses,
      caller: {
        ...caller,
        ...(continues ? { heard: true, finalText: joinText(phase.settledText, caller.finalText) } : {}),
        pauseMs: 0,
        overlaps: false,
      },
      utterance: continues ? phase.utterance - 1 : state.utterance,
      phase: { name: 'listening', sinceMs: atMs },
    },
    commands: [{ type: 'stop-reply', outcome: unheard ? 'cancelled' : 'interrupted' }],
  };
}

function goOn(state: TurnState, phase: ReplyingPhase): TurnStep {
  return {
    state: {
      ...state,
      caller: forgetSpeech(state.caller),
      phase: { ...phase, paused: false, eager: false },
    },
    commands: [{ type: 'resume-speech' }],
  };
}

/** Nothing that was heard counts. */
export function forgetSpeech(caller: CallerState): CallerState {
  return { ...silentCaller, startedAtMs: caller.startedAtMs, endedAtMs: caller.endedAtMs };
}

export function replyDeadlinePassed(
  state: TurnState,
  phase: ReplyingPhase,
  event: CallEventOf<'deadline-passed'>,
  context: TurnContext,
): TurnStep {
  switch (event.name) {
    case 'barge-in': {
      const paused: ReplyingPhase = { ...phase, paused: true, pausedAtMs: event.atMs };
      const judged = judgeWords({ ...state, phase: paused }, paused, event.atMs, context);
      return { state: judged.state, commands: [{ type: 'pause-speech' }, ...judged.commands] };
    }
    case 'resume':
      return goOn(state, phase);
    case 'thinking-limit': {
      const unanswered = { ...state, caller: silentCaller };
      const stopped = interrupt(unanswered, { ...phase, utterance: 0 }, event.atMs, context.policy);
      return { state: stopped.state, commands: [...stopped.commands, { type: 'apologise' }] };
    }
    case 'confirm':
    case 'speaking-limit':
      return interrupt(state, phase, event.atMs, context.policy);
    default:
      return stay(state);
  }
}
