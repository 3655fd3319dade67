// For tests: a conversation on a clock that the test moves, which carries out what the turn policy decides as a call does.
import type { CallEvent, CallEventBody } from '../src/spec/call-event.js';
import { reduceTurn } from '../src/turn/reduce-turn.js';
import { asksSomething } from '../src/turn/spoken-words.js';
import { defaultTurnPolicy, type TurnPolicy } from '../src/turn/turn-policy.js';
import type { TurnStep } from '../src/turn/turn-step.js';
import { initialTurnState, nextDeadline, type TurnCommand, type TurnState } from '../src/turn/turn-state.js';

export const track = 'caller';

type OnStep = (before: TurnState, event: CallEvent, step: TurnStep) => void;

/** The state, and replies that begin and end as commands say. */
function createConversation(policy: TurnPolicy, onStep: OnStep) {
  const commands: TurnCommand[] = [];
  const replies: { utterance: number; audible: boolean; outcome?: string }[] = [];
  const conversation = {
    dispatch,
    begin,
    endReply,
    commands,
    replies,
    state: initialTurnState,
    now: 0,
    said: '',
    turnId: 0,
    isReplying: false,
  };
  let seq = 0;

  function dispatch(body: CallEventBody): void {
    const event: CallEvent = { version: 1, seq: (seq += 1), atMs: conversation.now, ...body };
    const isAsking = (): boolean => asksSomething(conversation.said);
    const step = reduceTurn(conversation.state, event, { policy, track, isAsking });
    onStep(conversation.state, event, step);
    conversation.state = step.state;
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
      const { partialText: text } = conversation.state.caller;
      dispatch({ type: 'transcript-final', track, text, startMs: 0, endMs: 0, words: [], promoted: true });
    }
  }

  function begin(utterance: number): void {
    endReply('interrupted');
    conversation.isReplying = true;
    const turnId = (conversation.turnId += 1);
    replies.push({ utterance, audible: false });
    dispatch({ type: 'reply-started', turnId, trigger: utterance === 0 ? 'say' : 'utterance', utterance });
  }

  function endReply(outcome: 'heard' | 'interrupted' | 'cancelled'): void {
    if (!conversation.isReplying) return;
    const { turnId, said: text } = conversation;
    conversation.said = '';
    conversation.isReplying = false;
    const reply = replies.at(-1);
    if (reply !== undefined) reply.outcome = outcome;
    dispatch({ type: 'agent-heard', turnId, text, outcome, playedMs: 0 });
  }

  return conversation;
}

/** A conversation that obeys commands as the call does, on a clock that the test moves. */
export function createTurnTable(policy: TurnPolicy = defaultTurnPolicy, onStep: OnStep = () => undefined) {
  const conversation = createConversation(policy, onStep);
  const { dispatch, begin, endReply, commands, replies } = conversation;
  return {
    commands,
    replies,
    get state() {
      return conversation.state;
    },
    get now() {
      return conversation.now;
    },
    dispatch,
    begin,
    /** The reply in progress is heard for the first time, unless it must not be. */
    audio() {
      const { phase } = conversation.state;
      const isPaused = phase.name !== 'ended' && 'paused' in phase && phase.paused;
      if (!conversation.isReplying || isPaused) return;
      const reply = replies.at(-1);
      if (reply !== undefined) reply.audible = true;
      dispatch({ type: 'agent-audio', turnId: conversation.turnId, producedMs: 500, sentMs: 500 });
    },
    /** The caller has heard this much of it. */
    says(text: string) {
      conversation.said = text;
    },
    heard() {
      endReply('heard');
    },
    /** Lets time pass; deadlines fire when they are due. */
    pass(ms: number) {
      const end = conversation.now + ms;
      for (let fired = 0; fired < 1_000; fired += 1) {
        const due = nextDeadline(conversation.state, policy);
        if (due === undefined || due.atMs > end) break;
        conversation.now = Math.max(conversation.now, due.atMs);
        dispatch({ type: 'deadline-passed', name: due.name });
        const again = nextDeadline(conversation.state, policy);
        if (again?.name === due.name && again.atMs === due.atMs)
          throw new RangeError(`deadline ${due.name} spins`);
      }
      conversation.now = Math.max(conversation.now, end);
    },
    speak(ms: number, text: string) {
      dispatch({ type: 'speech-started', track, startMs: conversation.now });
      this.pass(ms);
      if (text !== '')
        dispatch({ type: 'transcript-partial', track, text, startMs: 0, endMs: conversation.now });
      conversation.now += 200;
      dispatch({ type: 'speech-ended', track, endMs: conversation.now - 200, silenceMs: 200 });
    },
    final(text: string) {
      const { now: endMs } = conversation;
      dispatch({ type: 'transcript-final', track, text, startMs: 0, endMs, words: [], promoted: false });
    },
  };
}
