// Who speaks next: a pure function of the call's events. Detectors, recognisers and timers propose; this decides.
import type { CallEvent, CallEventOf } from '../spec/call-event.js';
import { learnPause } from './endpointing.js';
import { interrupt, judgeWords, replyDeadlinePassed } from './interruption.js';
import { asksSomething, isSameSpeech, joinText, wordsOf } from './spoken-words.js';
import type { TurnPolicy } from './turn-policy.js';
import {
  nextDeadline,
  placeToleranceMs,
  textSoFar,
  type ReplyingPhase,
  type TurnState,
} from './turn-state.js';
import { keyPressed, listeningDeadlinePassed, turnProposed } from './take-turn.js';
import { isReplying, stay, withCaller, type TurnContext, type TurnStep } from './turn-step.js';

export function reduceTurn(state: TurnState, event: CallEvent, context: TurnContext): TurnStep {
  const { policy, track } = context;
  if (state.phase.name === 'ended') return stay(state);
  if ('track' in event && event.track !== undefined && event.track !== track) return stay(state);
  switch (event.type) {
    case 'speech-started':
      return stay(speechStarted(state, event));
    case 'speech-ended':
      return speechEnded(state, event, context);
    case 'transcript-partial':
    case 'transcript-final':
      return textCame(state, event, context);
    case 'turn-proposed':
      return turnProposed(state, event, policy);
    case 'turn-withdrawn':
      return isReplying(state.phase) && state.phase.eager
        ? interrupt(state, state.phase, event.atMs, policy)
        : stay(state);
    case 'dtmf':
      return event.masked ? stay(state) : keyPressed(state, event, policy);
    case 'deadline-passed':
      return deadlinePassed(state, event, context);
    case 'provider-failed':
      return stay(
        event.stage === 'stt' && event.handled && state.caller.heard
          ? withCaller(state, { takenOverAtMs: event.atMs, textEndMs: 0 })
          : state,
      );
    case 'user-turn':
      // In a running call it says what is known; a log that was shortened may have lost what led to it.
      return stay({ ...state, utterance: event.utterance });
    case 'reply-started':
      return replyStarted(state, event);
    case 'agent-audio':
      return audioCame(state, event);
    case 'agent-heard':
      return replyEnded(state, event);
    case 'call-ended':
      return stay({ ...state, phase: { name: 'ended' } });
    default:
      return stay(state);
  }
}

function speechStarted(state: TurnState, { atMs, startMs }: CallEventOf<'speech-started'>): TurnState {
  const { caller, phase } = state;
  return withCaller(state, {
    speaking: true,
    heard: true,
    lies: { startMs, endMs: startMs },
    startedAtMs: atMs,
    proposed: 'none',
    turnStartedAtMs: caller.turnStartedAtMs ?? atMs,
    pauseMs: mayBePause(state, atMs) ? atMs - caller.endedAtMs : 0,
    overlaps: isReplying(phase) && (caller.overlaps || textSoFar(caller) === ''),
  });
}

/** Who speaks sooner after the agent began did not do so because of what it said. */
const reactionMs = 300;

/** The silence before speech that begins now may lie within one turn. It does if words come of it. */
function mayBePause({ caller, phase }: TurnState, atMs: number): boolean {
  switch (phase.name) {
    case 'listening':
      return !caller.overlaps && textSoFar(caller) !== '';
    case 'thinking':
      return phase.utterance > 0 && !caller.heard;
    case 'speaking':
      return phase.utterance > 0 && !caller.heard && atMs - phase.sinceMs <= reactionMs;
    case 'ended':
      return false;
  }
}

function speechEnded(state: TurnState, event: CallEventOf<'speech-ended'>, context: TurnContext): TurnStep {
  const { startMs } = state.caller.lies;
  const next = withCaller(state, {
    speaking: false,
    endedAtMs: event.atMs - event.silenceMs,
    lies: { startMs, endMs: event.endMs },
  });
  const judged =
    isReplying(next.phase) && next.phase.paused && !next.phase.eager
      ? judgeWords(next, next.phase, event.atMs, context)
      : stay(next);
  return { state: judged.state, commands: [{ type: 'flush-ears' }, ...judged.commands] };
}

type TextEvent = CallEventOf<'transcript-partial' | 'transcript-final'>;

function textCame(state: TurnState, event: TextEvent, context: TurnContext): TurnStep {
  const { phase, caller } = state;
  const { policy } = context;
  // What follows a turn that was cut short is the next one's.
  const isTail = phase.name === 'thinking' && phase.utterance > 0 && !phase.interjects && !caller.heard;
  if (isTail) return tailCame(state, phase, event, policy);
  if (policy.requireSpeech && !caller.heard && !isOwed(state, event)) return stay(state);
  const next = withCaller(
    { ...state, owed: undefined },
    {
      heard: caller.heard || policy.requireSpeech,
      finalText:
        event.type === 'transcript-final' ? joinText(caller.finalText, event.text) : caller.finalText,
      partialText: event.type === 'transcript-final' ? '' : event.text,
      textAtMs: event.atMs,
      textEndMs: Math.max(caller.textEndMs, event.endMs),
      ...(caller.heard ? {} : { endedAtMs: event.atMs }),
    },
  );
  if (!isReplying(phase)) return stay(moreOfTurn(next, event, policy));
  const isUnderWay = phase.name === 'speaking' || phase.paused || !policy.requireSpeech;
  return isUnderWay && !phase.eager ? judgeWords(next, phase, event.atMs, context) : stay(next);
}

/** A recogniser may be seconds late, where another had to be asked: what counts is that speech was heard where the words lie. */
function isOwed({ owed }: TurnState, { startMs, endMs }: TextEvent): boolean {
  return (
    owed !== undefined && endMs > owed.startMs - placeToleranceMs && startMs < owed.endMs + placeToleranceMs
  );
}

/** Words after a pause: it was none of the turn's end. */
function moreOfTurn(state: TurnState, event: TextEvent, policy: TurnPolicy): TurnState {
  const { caller } = state;
  const wentOn = caller.pauseMs > 0 && event.text !== '';
  const next = wentOn
    ? {
        ...withCaller(state, { pauseMs: 0 }),
        pauses: learnPause(state.pauses, caller.pauseMs, policy),
      }
    : state;
  const limit = policy.utteranceLimitWords;
  const isTooLong = limit > 0 && wordsOf(textSoFar(caller)).length >= limit;
  return isTooLong ? withCaller(next, { limitedAtMs: caller.limitedAtMs ?? event.atMs }) : next;
}

/** More of what is being answered already: the same words settle it, other words mean that the answer is to another question. */
function tailCame(state: TurnState, phase: ReplyingPhase, event: TextEvent, policy: TurnPolicy): TurnStep {
  const whole = joinText(phase.settledText, event.text);
  if (event.text === '') return stay(state);
  const isFinal = event.type === 'transcript-final';
  if (isSameSpeech(whole, phase.answers)) {
    return stay(isFinal ? { ...state, phase: { ...phase, settledText: whole } } : state);
  }
  const next = withCaller(state, {
    heard: true,
    finalText: isFinal ? event.text : '',
    partialText: isFinal ? '' : event.text,
    endedAtMs: event.atMs,
  });
  return interrupt(next, phase, event.atMs, policy);
}

function deadlinePassed(
  state: TurnState,
  event: CallEventOf<'deadline-passed'>,
  context: TurnContext,
): TurnStep {
  const due = nextDeadline(state, context.policy);
  if (due === undefined || due.name !== event.name || due.atMs > event.atMs) return stay(state);
  return isReplying(state.phase)
    ? replyDeadlinePassed(state, state.phase, event, context)
    : listeningDeadlinePassed(state, event, context.policy);
}

function replyStarted(state: TurnState, event: CallEventOf<'reply-started'>): TurnStep {
  const { phase } = state;
  if (phase.name === 'thinking' && phase.turnId === 0 && phase.utterance === event.utterance) {
    return stay({ ...state, phase: { ...phase, turnId: event.turnId } });
  }
  return stay({
    ...state,
    phase: {
      name: 'thinking',
      turnId: event.turnId,
      utterance: event.utterance,
      settledText: '',
      answers: '',
      paused: false,
      pausedAtMs: event.atMs,
      eager: false,
      interjects: false,
      sinceMs: event.atMs,
    },
  });
}

function audioCame(state: TurnState, event: CallEventOf<'agent-audio'>): TurnStep {
  const { phase } = state;
  if (phase.name !== 'thinking' || phase.turnId !== event.turnId || event.sentMs <= 0) return stay(state);
  return stay({
    ...withNewFloor(state, event.atMs),
    phase: { ...phase, name: 'speaking', sinceMs: event.atMs },
  });
}

function replyEnded(state: TurnState, event: CallEventOf<'agent-heard'>): TurnStep {
  const { phase } = state;
  if (!isReplying(phase) || phase.turnId !== event.turnId) return stay(state);
  const next = withNewFloor(state, event.atMs);
  // A "yes" into the end of a question is its answer.
  const overlaps = next.caller.overlaps && !asksSomething(event.text);
  return stay({ ...withCaller(next, { overlaps }), phase: { name: 'listening', sinceMs: event.atMs } });
}

/** Once the agent was heard, how long the caller has spoken counts from anew. */
function withNewFloor(state: TurnState, atMs: number): TurnState {
  return withCaller(state, { turnStartedAtMs: state.caller.speaking ? atMs : undefined });
}
