// The silence that ends a turn: learnt from the pauses after which this caller went on.
import { describe, expect, it } from 'vitest';
import { createTurnTable, track } from '../../test/turn-table.js';
import { endpointDelayMs, learnPause, type Pauses } from './endpointing.js';
import { defaultTurnPolicy, turnPolicyFor, type TurnPolicy } from './turn-policy.js';

const policy = defaultTurnPolicy;
const after = (pauses: readonly number[], from: TurnPolicy = policy) =>
  pauses.reduce<Pauses | undefined>((known, pauseMs) => learnPause(known, pauseMs, from), undefined);
const waitAfter = (pauses: readonly number[], from: TurnPolicy = policy) =>
  endpointDelayMs(after(pauses, from), 'Done.', from);

describe('the wait', () => {
  it('is as configured until the caller has paused, and always where it is fixed', () => {
    expect(waitAfter([])).toBe(500);
    expect(waitAfter([1_400, 1_400, 1_400], { ...policy, endpointDynamic: false })).toBe(500);
  });

  it('grows at once with long pauses, shrinks with short ones, within bounds', () => {
    expect(waitAfter([900])).toBeGreaterThan(700);
    expect(waitAfter(Array<number>(30).fill(900))).toBeGreaterThan(900);
    expect(waitAfter(Array.from({ length: 30 }, (_, index) => 1_200 + (index % 2) * 500))).toBe(1_500);
    expect(waitAfter([230, 260, 240, 250, 230, 260, 240, 250])).toBeLessThan(400);
    expect(waitAfter(Array<number>(30).fill(10))).toBe(300);
  });

  it('is never pushed off the configured start by the bounds', () => {
    const quick = { ...policy, endpointMs: 200 };
    expect(waitAfter(Array<number>(30).fill(10), quick)).toBe(200);
    expect(waitAfter([], { ...policy, endpointMs: 4_000 })).toBe(4_000);
  });

  it('forgets one long thought soon, and does not take an absence for a pause', () => {
    const steady = Array<number>(10).fill(300);
    const usual = waitAfter(steady);
    expect(waitAfter([...steady, 2_500])).toBeLessThan(1_500);
    expect(waitAfter([...steady, 2_500, ...steady])).toBeLessThan(usual + 200);
    expect(waitAfter([...steady, 9_000])).toBe(usual);
  });

  it.each(['my number is', 'The blue one, and', 'um', 'four seven,', 'well …', 'it was...', 'Monday -'])(
    'is longer where the sentence is open: "%s"',
    (text) => {
      expect(endpointDelayMs(undefined, text, policy)).toBe(500 + policy.unfinishedMs);
      expect(endpointDelayMs(undefined, text, { ...policy, unfinishedMs: 0 })).toBe(500);
    },
  );

  it.each(['Yes.', 'my number is 4711', 'Monday', 'I will stand'])('is not where it is not: "%s"', (text) => {
    expect(endpointDelayMs(undefined, text, policy)).toBe(500);
  });

  it('knows the words of the language', () => {
    const german = turnPolicyFor('de');
    expect(endpointDelayMs(undefined, 'Das rote und', german)).toBe(1_100);
    expect(endpointDelayMs(undefined, 'The red one and', german)).toBe(500);
    expect(endpointDelayMs(undefined, 'Das ist, äh', turnPolicyFor('sw'))).toBe(1_100);
  });
});

describe('a caller', () => {
  type Table = ReturnType<typeof createTurnTable>;

  /** Speaks, and after the pause goes on. `silenceMs` of it passed before the end of speech was noticed. */
  function pauseAndGoOn(table: Table, pauseMs: number): void {
    table.speak(500, '');
    table.final('one');
    table.pass(pauseMs - 200);
    table.dispatch({ type: 'speech-started', track, startMs: table.now });
    table.pass(150);
    table.final('two');
    table.pass(500);
  }

  it('who goes on after a pause is given as much from then on', () => {
    const table = createTurnTable();
    pauseAndGoOn(table, 450);
    expect(table.state.pauses).toEqual(after([450]));
  });

  it('whose pause was taken for the end is given more: the reply was cancelled unheard', () => {
    const table = createTurnTable();
    pauseAndGoOn(table, 900);
    expect(table.replies.map(({ outcome }) => outcome)).toEqual(['cancelled']);
    expect(table.state.pauses).toEqual(after([900]));
  });

  it('who goes on into the first moment of the reply did not hear it', () => {
    const into = (ms: number) => {
      const table = createTurnTable();
      table.speak(500, '');
      table.final('one');
      table.pass(400);
      table.audio();
      table.pass(ms);
      table.speak(300, '');
      table.final('two');
      return table;
    };
    expect(into(200).state.pauses).toBeDefined();
    expect(into(400).state.pauses).toBeUndefined();
  });

  it('who coughs, or interrupts, teaches nothing', () => {
    const coughs = createTurnTable();
    coughs.speak(500, '');
    coughs.final('one');
    coughs.pass(100);
    coughs.speak(100, '');
    coughs.pass(5_000);
    coughs.audio();
    coughs.pass(3_000);
    coughs.speak(500, '');
    coughs.final('wait');
    expect(coughs.commands.at(-1)).toMatchObject({ type: 'stop-reply', outcome: 'interrupted' });
    expect(coughs.state.pauses).toBeUndefined();
  });

  it('teaches only with what is one turn and has words', () => {
    const wordless = createTurnTable();
    wordless.speak(500, '');
    wordless.final('one');
    wordless.pass(100);
    wordless.dispatch({ type: 'speech-started', track, startMs: wordless.now });
    wordless.final('');
    expect(wordless.state.pauses).toBeUndefined();

    const murmurs = createTurnTable();
    murmurs.begin(0);
    murmurs.audio();
    murmurs.dispatch({ type: 'speech-started', track, startMs: 0 });
    murmurs.heard();
    murmurs.dispatch({ type: 'speech-ended', track, endMs: 0, silenceMs: 0 });
    murmurs.final('Okay.');
    murmurs.pass(400);
    murmurs.speak(300, '');
    murmurs.final('And then?');
    expect(murmurs.state.caller.finalText).toBe('Okay. And then?');
    expect(murmurs.state.pauses).toBeUndefined();

    const coughs = createTurnTable();
    coughs.speak(500, '');
    coughs.final('one');
    coughs.pass(400);
    coughs.speak(60, '');
    coughs.pass(100);
    coughs.speak(300, 'two');
    expect(coughs.replies.map(({ outcome }) => outcome)).toEqual(['cancelled']);
    expect(coughs.state.pauses).toBeUndefined();
  });

  it('whose turn a recogniser believes to be over is given the same silence to go on', () => {
    const table = createTurnTable();
    pauseAndGoOn(table, 900);
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 0 });
    table.dispatch({ type: 'turn-proposed', track, eager: true });
    table.pass(endpointDelayMs(after([900]), '', policy) - 1);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', paused: true });
    table.pass(1);
    expect(table.commands.at(-1)).toEqual({ type: 'resume-speech' });
  });

  it('is answered later for a long pause, sooner for short ones', () => {
    const table = createTurnTable();
    pauseAndGoOn(table, 900);
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
    table.pass(endpointDelayMs(after([900]), '', policy) - 201);
    expect(table.replies).toHaveLength(1);
    table.pass(1);
    expect(table.replies).toHaveLength(2);
  });

  it('is answered at once when the recogniser says so, whatever was learnt', () => {
    const table = createTurnTable();
    pauseAndGoOn(table, 900);
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
    table.dispatch({ type: 'turn-proposed', track, eager: false });
    table.pass(0);
    expect(table.replies).toHaveLength(2);
  });
});
