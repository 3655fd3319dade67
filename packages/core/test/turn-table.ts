// For tests: a conversation on a clock that the test moves, which carries out what the turn policy decides as a call does.
import type { CallEvent, CallEventBody } from '../src/spec/call-event.js';
import { reduceTurn } from '../src/turn/reduce-turn.js';
import { asksSomething } from '../src/turn/spoken-words.js';
import { defaultTurnPolicy, type TurnPolicy } from '../src/turn/turn-policy.js';
import { initialTurnState, nextDeadline, type TurnCommand, type TurnState } from '../src/turn/turn-state.js';

export const track = 'caller';

/** A conversation that obeys commands as the call does, on a clock that the test moves. */
export function createTurnTable(policy: TurnPolicy = defaultTurnPolicy) {
  let state: TurnState = initialTurnState;
  let seq = 0;
  let now = 0;
  let turnId = 0;
  /** What was heard of the reply in progress. */
  let said = '';
  let current: { readonly id: number; readonly utterance: number; audible: boolean } | undefined;
  const commands: TurnCommand[] = [];
  const replies: { utterance: number; audible: boolean; outcome?: string }[] = [];

  function dispatch(body: CallEventBody): void {
    const event: CallEvent = { version: 1, seq: (seq += 1), atMs: now, ...body };
    const step = reduceTurn(state, event, { policy, track, isAsking: () => asksSomething(said) });
    state = step.state;
    for (const command of step.commands) {
      commands.push(command);
      obey(command);
    }
  }

  function obey(command: TurnCommand): void {
    if (command.type === 'reply') begin(command.utterance);
    if (command.type === 'stop-reply') endReply(command.outcome);
    if (command.type === 'prompt' || command.type === 'apologise') begin(0);
    if (command.type === 'promote-partial') {
      const { partialText: text } = state.caller;
      dispatch({ type: 'transcript-final', track, text, startMs: 0, endMs: 0, words: [], promoted: true });
    }
  }

  function begin(utterance: number): void {
    endReply('interrupted');
    turnId += 1;
    current = { id: turnId, utterance, audible: false };
    replies.push({ utterance, audible: false });
    dispatch({ type: 'reply-started', turnId, trigger: utterance === 0 ? 'say' : 'utterance', utterance });
  }

  function endReply(outcome: 'heard' | 'interrupted' | 'cancelled'): void {
    if (current === undefined) return;
    const { id } = current;
    const text = said;
    said = '';
    const reply = replies.at(-1);
    if (reply !== undefined) reply.outcome = outcome;
    current = undefined;
    dispatch({ type: 'agent-heard', turnId: id, text, outcome, playedMs: 0 });
  }

  return {
    commands,
    replies,
    get state() {
      return state;
    },
    get now() {
      return now;
    },
    dispatch,
    begin,
    /** The reply in progress is heard for the first time, unless it must not be. */
    audio() {
      const { phase } = state;
      if (current === undefined || (phase.name !== 'ended' && 'paused' in phase && phase.paused)) return;
      const reply = replies.at(-1);
      if (reply !== undefined) reply.audible = true;
      dispatch({ type: 'agent-audio', turnId: current.id, producedMs: 500, sentMs: 500 });
    },
    heard: () => endReply('heard'),
    says(text: string) {
      said = text;
    },
    /** Lets time pass; deadlines fire when they are due. */
    pass(ms: number) {
      const end = now + ms;
      for (let fired = 0; fired < 1_000; fired += 1) {
        const due = nextDeadline(state, policy);
        if (due === undefined || due.atMs > end) break;
        now = Math.max(now, due.atMs);
        dispatch({ type: 'deadline-passed', name: due.name });
        const again = nextDeadline(state, policy);
        if (again?.name === due.name && again.atMs === due.atMs)
          throw new RangeError(`deadline ${due.name} spins`);
      }
      now = Math.max(now, end);
    },
    speak(ms: number, text: string) {
      dispatch({ type: 'speech-started', track, startMs: now });
      this.pass(ms);
      if (text !== '') dispatch({ type: 'transcript-partial', track, text, startMs: 0, endMs: now });
      now += 200;
      dispatch({ type: 'speech-ended', track, endMs: now - 200, silenceMs: 200 });
    },
    final(text: string) {
      dispatch({ type: 'transcript-final', track, text, startMs: 0, endMs: now, words: [], promoted: false });
    },
  };
}
