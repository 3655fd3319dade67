// The turn policy: single stories, and the promises that hold for any order of events.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import { reduceTurn } from './reduce-turn.js';
import { defaultTurnPolicy, type TurnPolicy } from './turn-policy.js';
import { initialTurnState, nextDeadline, type TurnCommand, type TurnState } from './turn-state.js';

const track = 'caller';

/** A conversation that obeys commands as the call does, on a clock that the test moves. */
function createTable(policy: TurnPolicy = defaultTurnPolicy) {
  let state: TurnState = initialTurnState;
  let seq = 0;
  let now = 0;
  let turnId = 0;
  let current: { readonly id: number; readonly utterance: number; audible: boolean } | undefined;
  const commands: TurnCommand[] = [];
  const replies: { utterance: number; audible: boolean; outcome?: string }[] = [];

  function dispatch(body: CallEventBody): void {
    const event: CallEvent = { version: 1, seq: (seq += 1), atMs: now, ...body };
    const step = reduceTurn(state, event, policy, track);
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
    const reply = replies.at(-1);
    if (reply !== undefined) reply.outcome = outcome;
    current = undefined;
    dispatch({ type: 'agent-heard', turnId: id, text: '', outcome, playedMs: 0 });
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

describe('a turn', () => {
  it('ends after the silence of the policy, once, with all finals of the utterance', () => {
    const table = createTable();
    table.speak(800, 'where is');
    table.final('Where is');
    table.final('my order?');
    table.pass(299);
    expect(table.commands.filter(({ type }) => type === 'reply')).toEqual([]);
    table.pass(1);
    expect(table.commands.at(-1)).toEqual({
      type: 'reply',
      utterance: 1,
      text: 'Where is my order?',
      keypad: false,
      paused: false,
    });
  });

  it('ends at once when the recogniser says so', () => {
    const table = createTable();
    table.speak(500, '');
    table.final('Yes.');
    table.dispatch({ type: 'turn-proposed', track, eager: false });
    table.pass(0);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Yes.' });
  });

  it('takes the last partial for the final that never comes', () => {
    const table = createTable();
    table.speak(500, 'hello there');
    table.pass(2_000);
    expect(table.replies).toHaveLength(1);
    expect(table.commands.map(({ type }) => type)).toEqual(['flush-ears', 'promote-partial', 'reply']);
  });

  it('goes on when the caller goes on before hearing anything', () => {
    const table = createTable();
    table.speak(500, '');
    table.final('I would like');
    table.pass(400);
    expect(table.replies).toHaveLength(1);
    table.speak(500, '');
    table.final('to book a table.');
    table.pass(1_000);
    expect(table.replies.map(({ outcome }) => outcome)).toEqual(['cancelled', undefined]);
    expect(table.commands.at(-1)).toMatchObject({
      type: 'reply',
      utterance: 1,
      text: 'I would like to book a table.',
    });
  });

  it('is not taken for text nobody was heard to say', () => {
    const table = createTable();
    table.final('Thank you for watching.');
    table.pass(5_000);
    expect(table.replies).toEqual([]);
  });

  it('answers text without speech where there is no detector', () => {
    const table = createTable({ ...defaultTurnPolicy, requireSpeech: false });
    table.final('Hello.');
    table.pass(600);
    expect(table.replies).toHaveLength(1);
  });
});

describe('an interruption', () => {
  function speaking(policy: TurnPolicy = defaultTurnPolicy) {
    const table = createTable(policy);
    table.begin(0);
    table.audio();
    table.pass(1_000);
    table.commands.length = 0;
    return table;
  }

  it('takes the speech back first, and stops the reply when words come', () => {
    const table = speaking();
    table.dispatch({ type: 'speech-started', track, startMs: 0 });
    table.pass(defaultTurnPolicy.bargeInMs);
    expect(table.commands).toEqual([{ type: 'pause-speech' }]);
    table.dispatch({ type: 'transcript-partial', track, text: 'stop', startMs: 0, endMs: 1 });
    expect(table.commands.at(-1)).toEqual({ type: 'stop-reply', outcome: 'interrupted' });
  });

  it('without words is undone', () => {
    const table = speaking();
    table.speak(300, '');
    table.pass(2_000);
    expect(table.commands.map(({ type }) => type)).toEqual(['pause-speech', 'flush-ears', 'resume-speech']);
    expect(table.replies.at(-1)?.outcome).toBeUndefined();
  });

  it('is not made by a sign of listening', () => {
    const table = speaking();
    table.speak(300, 'Mm-hm.');
    table.final('Mm-hm.');
    table.pass(2_000);
    expect(table.commands.at(-1)).toEqual({ type: 'resume-speech' });
    expect(table.replies).toHaveLength(1);
  });

  it('does not happen where the policy forbids it', () => {
    const table = speaking({ ...defaultTurnPolicy, interruptible: false });
    table.speak(800, 'stop please');
    table.final('Stop please.');
    expect(table.commands.map(({ type }) => type)).toEqual(['flush-ears']);
    table.heard();
    table.pass(1_000);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Stop please.' });
  });
});

describe('an eager end of turn', () => {
  function eager() {
    const table = createTable();
    table.speak(500, 'what time is it');
    table.dispatch({ type: 'turn-proposed', track, eager: true });
    return table;
  }

  it('thinks ahead and speaks when it is settled', () => {
    const table = eager();
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', paused: true });
    table.final('what time is it');
    table.dispatch({ type: 'turn-proposed', track, eager: false });
    expect(table.commands.at(-1)).toEqual({ type: 'resume-speech' });
    expect(table.replies).toHaveLength(1);
  });

  it('is settled by the same words, however they are written', () => {
    const table = eager();
    table.final('What time is it?');
    expect(table.commands.map(({ type }) => type)).not.toContain('stop-reply');
  });

  it('is another question when the words are others, and those are heard without new speech', () => {
    const table = eager();
    table.dispatch({ type: 'turn-withdrawn', track });
    table.final('what time is it in Rome');
    table.pass(1_000);
    expect(table.commands.at(-1)).toMatchObject({
      type: 'reply',
      utterance: 1,
      text: 'what time is it in Rome',
    });
  });

  it('is forgotten when the caller goes on', () => {
    const table = eager();
    table.dispatch({ type: 'turn-withdrawn', track });
    expect(table.commands.at(-1)).toEqual({ type: 'stop-reply', outcome: 'cancelled' });
  });
});

it('asks a silent caller, then lets them go', () => {
  const table = createTable();
  for (let round = 0; round < 3; round += 1) {
    table.pass(defaultTurnPolicy.silenceMs);
    table.audio();
    table.heard();
  }
  expect(table.commands.map(({ type }) => type)).toEqual(['prompt', 'prompt', 'hang-up']);
  expect(table.state.phase.name).toBe('ended');
});

it('takes keys as a turn at #, or after a pause', () => {
  const table = createTable();
  for (const digit of '4711#') table.dispatch({ type: 'dtmf', digit, masked: false });
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: '4711', keypad: true });
  table.audio();
  table.heard();
  table.dispatch({ type: 'dtmf', digit: '1', masked: false });
  table.pass(defaultTurnPolicy.keyPauseMs);
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: '1', keypad: true, utterance: 2 });
});

it('takes keys together with what was said before them, and no flood', () => {
  const table = createTable();
  table.speak(500, '');
  table.final('my number is');
  for (const digit of '4711#') table.dispatch({ type: 'dtmf', digit, masked: false });
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'my number is 4711', keypad: true });
  table.audio();
  table.heard();
  for (let index = 0; index < 10_000; index += 1) table.dispatch({ type: 'dtmf', digit: '1', masked: false });
  table.pass(defaultTurnPolicy.keyPauseMs);
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: '1'.repeat(64) });
});

it('counts utterances as the log does, also where the log was shortened', () => {
  const table = createTable();
  table.dispatch({ type: 'user-turn', utterance: 7, text: 'x', keypad: false });
  table.speak(500, '');
  table.final('next');
  table.pass(1_000);
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', utterance: 8 });
});

type Action = (table: ReturnType<typeof createTable>) => void;

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constant<Action>((table) => table.dispatch({ type: 'speech-started', track, startMs: table.now })),
  fc.constant<Action>((table) =>
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 }),
  ),
  fc.constantFrom('', 'yes', 'no thanks', 'where is my order').map(
    (text): Action =>
      (table) =>
        table.dispatch({ type: 'transcript-partial', track, text, startMs: 0, endMs: table.now }),
  ),
  fc.constantFrom('', 'yes', 'no thanks', 'where is my order').map(
    (text): Action =>
      (table) =>
        table.final(text),
  ),
  fc.boolean().map(
    (isEager): Action =>
      (table) =>
        table.dispatch({ type: 'turn-proposed', track, eager: isEager }),
  ),
  fc.constant<Action>((table) => table.dispatch({ type: 'turn-withdrawn', track })),
  fc.constantFrom('1', '#').map(
    (digit): Action =>
      (table) =>
        table.dispatch({ type: 'dtmf', digit, masked: false }),
  ),
  fc.constant<Action>((table) => table.audio()),
  fc.constant<Action>((table) => table.heard()),
  fc.integer({ min: 0, max: 3_000 }).map(
    (ms): Action =>
      (table) =>
        table.pass(ms),
  ),
);

describe('whatever the order of events', () => {
  const policies = fc.record({ interruptible: fc.boolean(), requireSpeech: fc.boolean() });

  it('one utterance has at most one reply that was heard, and replies are numbered without gaps', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), policies, (actions, options) => {
        const table = createTable({ ...defaultTurnPolicy, ...options });
        for (const act of actions) act(table);
        const heard = table.replies
          .filter(({ utterance, audible }) => utterance > 0 && audible)
          .map(({ utterance }) => utterance);
        expect(new Set(heard).size).toBe(heard.length);
        const cancelled = table.replies.filter(({ outcome }) => outcome === 'cancelled');
        expect(cancelled.every(({ audible }) => !audible)).toBe(true);
        const numbers = [
          ...new Set(table.replies.map(({ utterance }) => utterance).filter((utterance) => utterance > 0)),
        ];
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  it('every state but the end has a deadline, and left alone the call comes to its end', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), policies, (actions, options) => {
        const table = createTable({ ...defaultTurnPolicy, ...options });
        for (const act of actions) {
          act(table);
          if (table.state.phase.name !== 'ended')
            expect(nextDeadline(table.state, defaultTurnPolicy)).toBeDefined();
        }
        table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
        for (let round = 0; round < 20 && table.state.phase.name !== 'ended'; round += 1) {
          table.pass(30_000);
          table.audio();
          table.heard();
        }
        expect(table.state.phase.name).toBe('ended');
      }),
      { numRuns: 1_000 },
    );
  });
});
