// Who speaks next: a pure function of the call's events. Detectors, recognisers and timers propose; this decides.
import type { CallEvent, CallEventOf } from '../spec/call-event.js';
import type { TurnPolicy } from './turn-policy.js';
import {
  nextDeadline,
  silentCaller,
  type CallerState,
  type ReplyingPhase,
  type TurnCommand,
  type TurnState,
} from './turn-state.js';

/** The state after one event, and what the call has to do because of it. */
export interface TurnStep {
  readonly state: TurnState;
  readonly commands: readonly TurnCommand[];
}

const none: readonly TurnCommand[] = [];
const maxKeys = 64;

/** `track` is the label of the caller's track; events of other tracks change nothing. */
export function reduceTurn(state: TurnState, event: CallEvent, policy: TurnPolicy, track: string): TurnStep {
  if (state.phase.name === 'ended') return { state, commands: none };
  if ('track' in event && event.track !== undefined && event.track !== track)
    return { state, commands: none };
  switch (event.type) {
    case 'speech-started':
      return stay(
        withCaller(state, { speaking: true, heard: true, startedAtMs: event.atMs, proposed: 'none' }),
      );
    case 'speech-ended':
      return speechEnded(state, event);
    case 'transcript-partial':
    case 'transcript-final':
      return textCame(state, event, policy);
    case 'turn-proposed':
      return turnProposed(state, event);
    case 'turn-withdrawn':
      return isReplying(state.phase) && state.phase.eager
        ? interrupt(state, state.phase, event.atMs)
        : stay(state);
    case 'dtmf':
      return event.masked ? stay(state) : keyPressed(state, event);
    case 'deadline-passed':
      return deadlinePassed(state, event, policy);
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

function stay(state: TurnState): TurnStep {
  return { state, commands: none };
}

function withCaller(state: TurnState, change: Partial<CallerState>): TurnState {
  return { ...state, caller: { ...state.caller, ...change } };
}

function isReplying(phase: TurnState['phase']): phase is ReplyingPhase {
  return phase.name === 'thinking' || phase.name === 'speaking';
}

export function joinText(first: string, second: string): string {
  return first === '' ? second : second === '' ? first : `${first} ${second}`;
}

/** For comparing: how a recogniser writes words changes while it makes up its mind. */
function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.replace(/[^\p{L}\p{N}'-]/gu, ''))
    .filter((word) => word !== '');
}

function isSameSpeech(one: string, other: string): boolean {
  return wordsOf(one).join(' ') === wordsOf(other).join(' ');
}

function speechEnded(state: TurnState, event: CallEventOf<'speech-ended'>): TurnStep {
  const next = withCaller(state, { speaking: false, endedAtMs: event.atMs - event.silenceMs });
  return { state: next, commands: [{ type: 'flush-ears' }] };
}

function textCame(
  state: TurnState,
  event: CallEventOf<'transcript-partial' | 'transcript-final'>,
  policy: TurnPolicy,
): TurnStep {
  const { phase, caller } = state;
  const isTail = phase.name === 'thinking' && phase.utterance > 0 && !caller.heard;
  if (isTail) return tailCame(state, phase, event);
  if (policy.requireSpeech && !caller.heard) return stay(state);
  const next = withCaller(state, {
    finalText: event.type === 'transcript-final' ? joinText(caller.finalText, event.text) : caller.finalText,
    partialText: event.type === 'transcript-final' ? '' : event.text,
    ...(caller.heard ? {} : { endedAtMs: event.atMs }),
  });
  if (!isReplying(phase)) return stay(next);
  return (phase.paused && !phase.eager) || !policy.requireSpeech
    ? confirmIfWords(next, phase, policy, event.atMs)
    : stay(next);
}

/** More of what is being answered already: the same words settle it, other words mean that the answer is to another question. */
function tailCame(
  state: TurnState,
  phase: ReplyingPhase,
  event: CallEventOf<'transcript-partial' | 'transcript-final'>,
): TurnStep {
  const whole = joinText(phase.settledText, event.text);
  if (event.text === '') return stay(state);
  if (isSameSpeech(whole, phase.answers)) {
    return stay(
      event.type === 'transcript-final' ? { ...state, phase: { ...phase, settledText: whole } } : state,
    );
  }
  const isFinal = event.type === 'transcript-final';
  const next = withCaller(state, {
    heard: true,
    finalText: isFinal ? event.text : '',
    partialText: isFinal ? '' : event.text,
    endedAtMs: event.atMs,
  });
  return interrupt(next, phase, event.atMs);
}

function confirmIfWords(state: TurnState, phase: ReplyingPhase, policy: TurnPolicy, atMs: number): TurnStep {
  if (phase.name === 'speaking' && !policy.interruptible) return stay(state);
  const words = wordsOf(joinText(state.caller.finalText, state.caller.partialText)).filter(
    (word) => !policy.backchannels.includes(word),
  );
  return words.length >= policy.confirmWords ? interrupt(state, phase, atMs) : stay(state);
}

function turnProposed(state: TurnState, event: CallEventOf<'turn-proposed'>): TurnStep {
  const { phase, caller } = state;
  if (isReplying(phase)) {
    if (!phase.eager || event.eager) return stay(state);
    return {
      state: { ...state, phase: { ...phase, eager: false, paused: false } },
      commands: [{ type: 'resume-speech' }],
    };
  }
  const next = withCaller(state, { proposed: event.eager ? 'eager' : 'end' });
  const hasText = caller.finalText !== '' || caller.partialText !== '';
  return event.eager && hasText && !caller.speaking ? takeTurn(next, event.atMs, true) : stay(next);
}

function keyPressed(state: TurnState, event: CallEventOf<'dtmf'>): TurnStep {
  const stopped = isReplying(state.phase) ? interrupt(state, state.phase, event.atMs) : stay(state);
  const isEnter = event.digit === '#';
  // A flood is no number (fault C-17).
  const keys = (stopped.state.caller.keys + (isEnter ? '' : event.digit)).slice(0, maxKeys);
  const next = withCaller(stopped.state, { keys, lastKeyAtMs: event.atMs });
  if (!isEnter || keys === '') return { state: next, commands: stopped.commands };
  const taken = takeTurn(next, event.atMs, false);
  return { state: taken.state, commands: [...stopped.commands, ...taken.commands] };
}

/** The caller's turn is over: what they said, or typed, is answered once. */
function takeTurn(state: TurnState, atMs: number, eager: boolean): TurnStep {
  const { caller } = state;
  const keypad = caller.keys !== '';
  const text = joinText(joinText(caller.finalText, caller.partialText), caller.keys);
  const utterance = state.utterance + 1;
  return {
    state: {
      utterance,
      prompts: 0,
      caller: { ...silentCaller, startedAtMs: caller.startedAtMs, endedAtMs: caller.endedAtMs },
      phase: {
        name: 'thinking',
        turnId: 0,
        utterance,
        settledText: eager ? caller.finalText : text,
        answers: text,
        paused: eager,
        pausedAtMs: atMs,
        eager,
        sinceMs: atMs,
      },
    },
    commands: [{ type: 'reply', utterance, text, keypad, paused: eager }],
  };
}

/** The reply is over for good. If nothing of it was heard, the caller is still in the same utterance. */
function interrupt(state: TurnState, phase: ReplyingPhase, atMs: number): TurnStep {
  const unheard = phase.name === 'thinking';
  const continues = unheard && phase.utterance > 0;
  const caller = continues
    ? { ...state.caller, heard: true, finalText: joinText(phase.settledText, state.caller.finalText) }
    : state.caller;
  return {
    state: {
      ...state,
      caller,
      utterance: continues ? phase.utterance - 1 : state.utterance,
      phase: { name: 'listening', sinceMs: atMs },
    },
    commands: [{ type: 'stop-reply', outcome: unheard ? 'cancelled' : 'interrupted' }],
  };
}

function deadlinePassed(
  state: TurnState,
  event: CallEventOf<'deadline-passed'>,
  policy: TurnPolicy,
): TurnStep {
  const due = nextDeadline(state, policy);
  if (due === undefined || due.name !== event.name || due.atMs > event.atMs) return stay(state);
  return isReplying(state.phase)
    ? replyDeadlinePassed(state, state.phase, event, policy)
    : listeningDeadlinePassed(state, event, policy);
}

function listeningDeadlinePassed(
  state: TurnState,
  event: CallEventOf<'deadline-passed'>,
  policy: TurnPolicy,
): TurnStep {
  switch (event.name) {
    case 'endpoint':
    case 'keys':
      return takeTurn(state, event.atMs, false);
    case 'promote':
      return { state, commands: [{ type: 'promote-partial' }] };
    case 'utterance-limit':
      return stay(withCaller(state, { speaking: false, endedAtMs: event.atMs - policy.promoteMs }));
    case 'discard':
      return stay({
        ...withCaller(state, { heard: false }),
        phase: { name: 'listening', sinceMs: event.atMs },
      });
    case 'silence':
      return state.prompts >= policy.silencePrompts
        ? { state: { ...state, phase: { name: 'ended' } }, commands: [{ type: 'hang-up' }] }
        : {
            state: {
              ...state,
              prompts: state.prompts + 1,
              phase: { name: 'listening', sinceMs: event.atMs },
            },
            commands: [{ type: 'prompt', count: state.prompts + 1 }],
          };
    default:
      return stay(state);
  }
}

function replyDeadlinePassed(
  state: TurnState,
  phase: ReplyingPhase,
  event: CallEventOf<'deadline-passed'>,
  policy: TurnPolicy,
): TurnStep {
  switch (event.name) {
    case 'barge-in': {
      const paused: ReplyingPhase = { ...phase, paused: true, pausedAtMs: event.atMs };
      const confirmed = confirmIfWords({ ...state, phase: paused }, paused, policy, event.atMs);
      return { state: confirmed.state, commands: [{ type: 'pause-speech' }, ...confirmed.commands] };
    }
    case 'resume':
      return {
        state: {
          ...state,
          caller: resumedCaller(state.caller),
          phase: { ...phase, paused: false, eager: false },
        },
        commands: [{ type: 'resume-speech' }],
      };
    case 'thinking-limit': {
      const stopped = interrupt({ ...state, caller: silentCaller }, { ...phase, utterance: 0 }, event.atMs);
      return { state: stopped.state, commands: [...stopped.commands, { type: 'apologise' }] };
    }
    case 'confirm':
    case 'speaking-limit':
      return interrupt(state, phase, event.atMs);
    default:
      return stay(state);
  }
}

/** After a false interruption nothing that was heard counts. */
function resumedCaller(caller: CallerState): CallerState {
  return { ...silentCaller, startedAtMs: caller.startedAtMs, endedAtMs: caller.endedAtMs };
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
      sinceMs: event.atMs,
    },
  });
}

function audioCame(state: TurnState, event: CallEventOf<'agent-audio'>): TurnStep {
  const { phase } = state;
  if (phase.name !== 'thinking' || phase.turnId !== event.turnId || event.sentMs <= 0) return stay(state);
  return stay({ ...state, phase: { ...phase, name: 'speaking', sinceMs: event.atMs } });
}

function replyEnded(state: TurnState, event: CallEventOf<'agent-heard'>): TurnStep {
  const { phase } = state;
  if (!isReplying(phase) || phase.turnId !== event.turnId) return stay(state);
  return stay({ ...state, phase: { name: 'listening', sinceMs: event.atMs } });
}
