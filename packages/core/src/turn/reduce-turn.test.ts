// The turn policy: single stories, and the promises that hold for any order of events.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTurnTable, track } from '../../test/turn-table.js';
import { endpointDelayMs } from './endpointing.js';
import { defaultTurnPolicy, type TurnPolicy } from './turn-policy.js';
import { nextDeadline } from './turn-state.js';

describe('a turn', () => {
  it('ends after the silence of the policy, once, with all finals of the utterance', () => {
    const table = createTurnTable();
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
      interjects: false,
    });
  });

  it('ends at once when the recogniser says so', () => {
    const table = createTurnTable();
    table.speak(500, '');
    table.final('Yes.');
    table.dispatch({ type: 'turn-proposed', track, eager: false });
    table.pass(0);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Yes.' });
  });

  it('takes the last partial for the final that never comes', () => {
    const table = createTurnTable();
    table.speak(500, 'hello there');
    table.pass(2_000);
    expect(table.replies).toHaveLength(1);
    expect(table.commands.map(({ type }) => type)).toEqual(['flush-ears', 'promote-partial', 'reply']);
  });

  it('goes on when the caller goes on before hearing anything', () => {
    const table = createTurnTable();
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
    const table = createTurnTable();
    table.final('Thank you for watching.');
    table.pass(5_000);
    expect(table.replies).toEqual([]);
  });

  it('answers text without speech where there is no detector', () => {
    const table = createTurnTable({ ...defaultTurnPolicy, requireSpeech: false });
    table.final('Hello.');
    table.pass(600);
    expect(table.replies).toHaveLength(1);
  });
});

describe('an interruption', () => {
  function speaking(policy: TurnPolicy = defaultTurnPolicy) {
    const table = createTurnTable(policy);
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
    const table = createTurnTable();
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
  const table = createTurnTable();
  for (let round = 0; round < 3; round += 1) {
    table.pass(defaultTurnPolicy.silenceMs);
    table.audio();
    table.heard();
  }
  expect(table.commands.map(({ type }) => type)).toEqual(['prompt', 'prompt', 'hang-up']);
  expect(table.state.phase.name).toBe('ended');
});

it('takes keys as a turn at #, or after a pause', () => {
  const table = createTurnTable();
  for (const digit of '4711#') table.dispatch({ type: 'dtmf', digit, masked: false });
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: '4711', keypad: true });
  table.audio();
  table.heard();
  table.dispatch({ type: 'dtmf', digit: '1', masked: false });
  table.pass(defaultTurnPolicy.keyPauseMs);
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: '1', keypad: true, utterance: 2 });
});

it('takes keys together with what was said before them, and no flood', () => {
  const table = createTurnTable();
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
  const table = createTurnTable();
  table.dispatch({ type: 'user-turn', utterance: 7, text: 'x', keypad: false });
  table.speak(500, '');
  table.final('next');
  table.pass(1_000);
  expect(table.commands.at(-1)).toMatchObject({ type: 'reply', utterance: 8 });
});

type Action = (table: ReturnType<typeof createTurnTable>) => void;

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constant<Action>((table) => table.dispatch({ type: 'speech-started', track, startMs: table.now })),
  fc.constant<Action>((table) =>
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 }),
  ),
  fc.constantFrom('', 'yes', 'mm-hm', 'I', 'no thanks', 'where is my order and').map(
    (text): Action =>
      (table) =>
        table.dispatch({ type: 'transcript-partial', track, text, startMs: 0, endMs: table.now }),
  ),
  fc.constantFrom('', 'yes', 'mm-hm', 'I', 'no thanks', 'where is my order and').map(
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
  fc.constantFrom('Shall I?', 'I shall.').map(
    (text): Action =>
      (table) =>
        table.says(text),
  ),
  fc.integer({ min: 0, max: 3_000 }).map(
    (ms): Action =>
      (table) =>
        table.pass(ms),
  ),
);

describe('whatever the order of events', () => {
  const policies = fc.record({
    interruptible: fc.boolean(),
    requireSpeech: fc.boolean(),
    endpointDynamic: fc.boolean(),
    confirmWords: fc.constantFrom(1, 2),
    utteranceLimitMs: fc.constantFrom(0, 2_000, 60_000),
    utteranceLimitWords: fc.constantFrom(0, 6),
  });

  it('one utterance has at most one reply that was heard, and replies are numbered without gaps', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), policies, (actions, options) => {
        const table = createTurnTable({ ...defaultTurnPolicy, ...options });
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
        const policy = { ...defaultTurnPolicy, ...options };
        const table = createTurnTable(policy);
        for (const act of actions) {
          act(table);
          if (table.state.phase.name !== 'ended') expect(nextDeadline(table.state, policy)).toBeDefined();
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

  it('what is learnt stays within its bounds, and is plain data', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), policies, (actions, options) => {
        const policy: TurnPolicy = { ...defaultTurnPolicy, ...options };
        const table = createTurnTable(policy);
        for (const act of actions) act(table);
        const waitMs = endpointDelayMs(table.state.pauses, 'Yes.', policy);
        expect(waitMs).toBeGreaterThanOrEqual(policy.endpointMinMs);
        expect(waitMs).toBeLessThanOrEqual(policy.endpointMaxMs);
        expect(JSON.parse(JSON.stringify(table.state))).toEqual(table.state);
      }),
      { numRuns: 500 },
    );
  });

  it('an agent that breaks in is stopped by keys and limits only', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), policies, (actions, options) => {
        const stoppedBy: string[] = [];
        const table = createTurnTable(
          { ...defaultTurnPolicy, ...options, utteranceLimitMs: 500 },
          (before, { type }, { commands }) => {
            const interjects = 'interjects' in before.phase && before.phase.interjects;
            if (
              interjects &&
              commands.some((command) => command.type === 'stop-reply' || command.type === 'pause-speech')
            )
              stoppedBy.push(type);
          },
        );
        for (const act of actions) act(table);
        expect(stoppedBy.filter((type) => type !== 'dtmf' && type !== 'deadline-passed')).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
