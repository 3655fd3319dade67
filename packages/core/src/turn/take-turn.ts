// The end of the caller's turn: who says that it is one, and what becomes of it.
import type { CallEventOf } from '../spec/call-event.js';
import { forgetSpeech, interrupt, wantsNoAnswer } from './interruption.js';
import { joinText } from './spoken-words.js';
import type { TurnPolicy } from './turn-policy.js';
import { isBehind, silentCaller, textSoFar, type TurnState } from './turn-state.js';
import { isReplying, stay, withCaller, type TurnStep } from './turn-step.js';

const maxKeys = 64;

export function turnProposed(
  state: TurnState,
  event: CallEventOf<'turn-proposed'>,
  policy: TurnPolicy,
): TurnStep {
  const { phase, caller } = state;
  // About words that were said before others which are still to come.
  if (isBehind(caller)) return stay(state);
  if (isReplying(phase)) {
    if (!phase.eager || event.eager) return stay(state);
    return {
      state: { ...state, phase: { ...phase, eager: false, paused: false } },
      commands: [{ type: 'resume-speech' }],
    };
  }
  const next = withCaller(state, { proposed: event.eager ? 'eager' : 'end' });
  // A turn that has lasted too long is taken for good: nobody's change of mind gives it back.
  const isAnswerable =
    textSoFar(caller) !== '' && !wantsNoAnswer(caller, policy) && caller.limitedAtMs === undefined;
  return event.eager && isAnswerable && !caller.speaking ? takeTurn(next, event.atMs, true) : stay(next);
}

export function keyPressed(state: TurnState, event: CallEventOf<'dtmf'>, policy: TurnPolicy): TurnStep {
  const stopped = isReplying(state.phase) ? interrupt(state, state.phase, event.atMs, policy) : stay(state);
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
  const { startedAtMs, endedAtMs, turnStartedAtMs } = caller;
  const keypad = caller.keys !== '';
  const text = joinText(textSoFar(caller), caller.keys);
  const utterance = state.utterance + 1;
  const interjects = caller.limitedAtMs !== undefined;
  const speaksOn = { speaking: true, heard: true, overlaps: true, turnStartedAtMs: atMs };
  return {
    state: {
      ...state,
      utterance,
      prompts: 0,
      caller: {
        ...silentCaller,
        startedAtMs,
        endedAtMs,
        // A reply that is cancelled unheard gives the turn back, and that is as old as it was.
        turnStartedAtMs: interjects ? undefined : turnStartedAtMs,
        ...(interjects && caller.speaking ? speaksOn : {}),
      },
      phase: {
        name: 'thinking',
        turnId: 0,
        utterance,
        settledText: eager ? caller.finalText : text,
        answers: text,
        paused: eager,
        pausedAtMs: atMs,
        eager,
        interjects,
        sinceMs: atMs,
      },
    },
    commands: [{ type: 'reply', utterance, text, keypad, paused: eager, interjects }],
  };
}

export function listeningDeadlinePassed(
  state: TurnState,
  event: CallEventOf<'deadline-passed'>,
  policy: TurnPolicy,
): TurnStep {
  const { caller } = state;
  switch (event.name) {
    case 'endpoint':
    case 'keys':
      return wantsNoAnswer(caller, policy)
        ? stay({ ...state, caller: forgetSpeech(caller) })
        : takeTurn(state, event.atMs, false);
    case 'promote':
      return { state, commands: [{ type: 'promote-partial' }] };
    case 'utterance-limit':
      return stay(withCaller(state, { limitedAtMs: event.atMs }));
    case 'discard':
      // A minute of sound without a word is as good as silence.
      return caller.limitedAtMs === undefined
        ? stay({
            ...withCaller(state, { heard: false }),
            owed: caller.lies,
            phase: { name: 'listening', sinceMs: event.atMs },
          })
        : askSilentCaller({ ...state, caller: forgetSpeech(caller) }, event.atMs, policy);
    case 'silence':
      return askSilentCaller(state, event.atMs, policy);
    default:
      return stay(state);
  }
}

function askSilentCaller(state: TurnState, atMs: number, policy: TurnPolicy): TurnStep {
  if (state.prompts >= policy.silencePrompts)
    return { state: { ...state, phase: { name: 'ended' } }, commands: [{ type: 'hang-up' }] };
  const prompts = state.prompts + 1;
  return {
    state: { ...state, prompts, phase: { name: 'listening', sinceMs: atMs } },
    commands: [{ type: 'prompt', count: prompts }],
  };
}
