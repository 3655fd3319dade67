// A turn without end is taken from whoever, or whatever, has it.
import { describe, expect, it } from 'vitest';
import { createTurnTable, track } from '../../test/turn-table.js';
import { defaultTurnPolicy, type TurnPolicy } from './turn-policy.js';

type Table = ReturnType<typeof createTurnTable>;

function table(change: Partial<TurnPolicy> = {}): Table {
  return createTurnTable({ ...defaultTurnPolicy, utteranceLimitMs: 10_000, ...change });
}

/** Speech, a short pause, speech: no silence long enough to end a turn. */
function talk(it: Table, forMs: number, words = 'and then'): void {
  const end = it.now + forMs;
  while (it.now < end) {
    it.dispatch({ type: 'speech-started', track, startMs: it.now });
    it.pass(800);
    if (words !== '') it.final(words);
    it.dispatch({ type: 'speech-ended', track, endMs: it.now, silenceMs: 200 });
    it.pass(100);
  }
}

const taken = ({ commands }: Table) => commands.filter(({ type }) => type === 'reply');

describe('a turn that lasts too long', () => {
  it('is taken, pauses included, and the agent says that it breaks in', () => {
    const one = table();
    talk(one, 9_500);
    expect(taken(one)).toEqual([]);
    talk(one, 1_000);
    expect(taken(one)).toHaveLength(1);
    expect(taken(one)[0]).toMatchObject({ utterance: 1, interjects: true, paused: false });
  });

  it('takes the words that are not yet final first', () => {
    const one = table();
    one.dispatch({ type: 'speech-started', track, startMs: 0 });
    one.dispatch({ type: 'transcript-partial', track, text: 'as I was saying', startMs: 0, endMs: 1 });
    one.pass(10_000);
    expect(one.commands.map(({ type }) => type)).toEqual(['promote-partial', 'reply']);
    expect(taken(one)[0]).toMatchObject({ text: 'as I was saying' });
  });

  it('is not given back: speech does not stop the agent, and is answered when it was heard', () => {
    const one = table();
    talk(one, 10_100);
    talk(one, 1_500, 'wait stop');
    one.audio();
    talk(one, 1_500, 'wait stop');
    expect(one.commands.map(({ type }) => type)).not.toContain('stop-reply');
    expect(one.commands.map(({ type }) => type)).not.toContain('pause-speech');
    one.heard();
    one.pass(3_000);
    expect(taken(one)).toHaveLength(2);
    expect(taken(one)[1]).toMatchObject({ utterance: 2, interjects: false });
    expect(one.replies[0]).toEqual({ utterance: 1, audible: true, outcome: 'heard' });
  });

  it('is not given back because the recogniser thought, and thinks no more, that it was over', () => {
    const one = table({ utteranceLimitWords: 3 });
    one.dispatch({ type: 'speech-started', track, startMs: 0 });
    one.pass(800);
    one.dispatch({ type: 'speech-ended', track, endMs: 600, silenceMs: 200 });
    one.final('as I was saying');
    one.dispatch({ type: 'turn-proposed', track, eager: true });
    one.pass(10);
    one.dispatch({ type: 'turn-withdrawn', track });
    one.pass(3_000);
    expect(one.commands.map(({ type }) => type)).not.toContain('stop-reply');
    expect(taken(one)).toHaveLength(1);
  });

  it('counts from anew once the agent was heard', () => {
    const one = table();
    talk(one, 10_100);
    one.audio();
    talk(one, 5_000);
    one.heard();
    talk(one, 8_000);
    expect(taken(one)).toHaveLength(1);
    talk(one, 4_000);
    expect(taken(one)).toHaveLength(2);
  });

  it('of who interrupts began with the interruption', () => {
    const one = table();
    talk(one, 8_000);
    one.pass(1_000);
    one.audio();
    talk(one, 5_000, 'no that is wrong');
    expect(one.replies).toMatchObject([{ outcome: 'interrupted' }]);
    talk(one, 4_000);
    expect(taken(one)).toHaveLength(1);
    talk(one, 2_000);
    expect(taken(one)).toHaveLength(2);
  });

  it('is as old as it was when a reply is cancelled unheard', () => {
    const one = table();
    for (let round = 0; round < 9; round += 1) {
      one.speak(600, '');
      one.final('well');
      one.pass(700);
    }
    expect(one.replies.some(({ outcome }) => outcome === 'cancelled')).toBe(true);
    expect(taken(one).some((command) => command.type === 'reply' && command.interjects)).toBe(true);
  });

  it('may be counted in words', () => {
    const one = table({ utteranceLimitWords: 6 });
    talk(one, 1_800);
    one.pass(0);
    expect(taken(one)).toEqual([]);
    one.final('there was more');
    one.pass(0);
    expect(taken(one)).toMatchObject([{ interjects: true, text: 'and then and then there was more' }]);
  });

  it('counts the words that are not yet final too', () => {
    const one = table({ utteranceLimitWords: 3 });
    one.dispatch({ type: 'speech-started', track, startMs: 0 });
    one.dispatch({ type: 'transcript-partial', track, text: 'as I was', startMs: 0, endMs: 1 });
    one.pass(0);
    expect(taken(one)).toMatchObject([{ interjects: true, text: 'as I was' }]);
  });

  it('counted in words it ends in typed text too', () => {
    const one = table({ utteranceLimitWords: 4, requireSpeech: false });
    for (let round = 0; round < 10; round += 1) {
      one.final('more and more');
      one.pass(100);
    }
    expect(one.replies[0]?.outcome).toBeUndefined();
    expect(taken(one)).toHaveLength(1);
  });

  it('may last as long as it likes', () => {
    const one = table({ utteranceLimitMs: 0 });
    talk(one, 1_000_000);
    expect(taken(one)).toEqual([]);
  });

  it('without a word is no turn: the caller is asked, then let go', () => {
    const one = table();
    for (let round = 0; round < 3; round += 1) {
      talk(one, 10_100, '');
      one.audio();
      one.heard();
    }
    expect(one.commands.map(({ type }) => type).filter((type) => type !== 'flush-ears')).toEqual([
      'prompt',
      'prompt',
      'hang-up',
    ]);
  });
});
