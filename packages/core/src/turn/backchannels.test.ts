// Who murmurs while the agent speaks is listening, not interrupting; who answers its question is answering.
import { describe, expect, it } from 'vitest';
import { createTurnTable, track } from '../../test/turn-table.js';
import { turnPolicyFor, type TurnPolicy } from './turn-policy.js';

type Table = ReturnType<typeof createTurnTable>;

function speaking(text = 'Your order left us on Monday, and', change: Partial<TurnPolicy> = {}): Table {
  const table = createTurnTable({ ...turnPolicyFor(), ...change });
  table.begin(0);
  table.says(text);
  table.audio();
  table.pass(1_000);
  table.commands.length = 0;
  return table;
}

function startSpeech(table: Table, ms = 300): void {
  table.dispatch({ type: 'speech-started', track, startMs: table.now });
  table.pass(ms);
}

function partial(table: Table, text: string): void {
  table.dispatch({ type: 'transcript-partial', track, text, startMs: 0, endMs: table.now });
}

const types = ({ commands }: Table) => commands.map(({ type }) => type);

/** The agent was stopped for a moment, went on as soon as the murmur was understood, and nobody answered it. */
function expectNoInterruption(table: Table): void {
  expect(types(table)).toEqual(['pause-speech', 'flush-ears', 'resume-speech']);
  table.pass(1_000);
  table.heard();
  table.pass(5_000);
  expect(table.replies).toHaveLength(1);
  expect(table.replies[0]?.outcome).toBe('heard');
}

describe('while the agent speaks', () => {
  it.each([
    ...[
      'Mm-hm.',
      'mm hm',
      'Mmmmm',
      'Uh huh',
      'uh-huh',
      'I see.',
      'Yeah',
      'OKAY!',
      'right',
      'Yeah, right, okay.',
    ],
    ...['Oh, I see. Got it.', 'All right'],
  ])('"%s" does not interrupt, and is not answered', (text) => {
    const table = speaking();
    table.speak(300, text);
    table.final(text);
    expectNoInterruption(table);
  });

  it.each([
    ['de', 'Ja, genau.'],
    ['de-AT', 'ach so'],
    ['es', 'Sí, claro'],
    ['fr', 'D’accord.'],
    ['it', 'Si\u0300'],
    ['nl', 'Ik snap het'],
    ['pt', 'tá bom'],
    ['ja', 'Mm.'],
  ])('in %s it is "%s"', (language, text) => {
    const table = speaking('…', turnPolicyFor(language));
    table.speak(300, text);
    table.final(text);
    expectNoInterruption(table);
    const english = speaking();
    english.speak(300, text);
    english.final(text);
    const isSound = language === 'ja';
    expect(types(english).includes('stop-reply')).toBe(!isSound);
  });

  it.each(['stop', 'Wait!', 'yeah but no', 'okay what about Monday', 'mm what', 'I', 'see'])(
    '"%s" interrupts',
    (text) => {
      const table = speaking();
      table.speak(300, '');
      table.final(text);
      table.pass(1_000);
      expect(types(table)).toContain('stop-reply');
      expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text });
    },
  );

  it('a partial that grows from a murmur into words interrupts when the words come', () => {
    const table = speaking();
    startSpeech(table);
    partial(table, 'mm');
    expect(types(table)).toEqual(['pause-speech']);
    partial(table, 'mm what about');
    expect(types(table)).toEqual(['pause-speech', 'stop-reply']);
  });

  it('the beginning of a sign of listening is not yet a word', () => {
    const table = speaking();
    startSpeech(table);
    partial(table, 'I');
    partial(table, 'yeah I');
    partial(table, 'yeah I see');
    expect(types(table)).toEqual(['pause-speech']);
    partial(table, 'yeah I see but');
    expect(types(table)).toEqual(['pause-speech', 'stop-reply']);
  });

  it('real words after a murmur interrupt, and are answered with it', () => {
    const table = speaking();
    table.speak(300, 'yeah');
    startSpeech(table, 200);
    table.final('Yeah.');
    table.final('What about Monday?');
    expect(table.commands.at(-1)).toEqual({ type: 'stop-reply', outcome: 'interrupted' });
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
    table.pass(1_000);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Yeah. What about Monday?' });
  });

  it('a word so short that the agent was not even paused interrupts too', () => {
    const table = speaking();
    table.speak(80, '');
    table.final('Stop.');
    expect(types(table)).toEqual(['flush-ears', 'stop-reply']);
  });

  it('"stop" is enough where more words are asked for, other single words are not', () => {
    const stopped = speaking(undefined, { confirmWords: 3 });
    startSpeech(stopped);
    partial(stopped, 'stop');
    expect(types(stopped)).toEqual(['pause-speech', 'stop-reply']);
    const other = speaking(undefined, { confirmWords: 3 });
    startSpeech(other);
    partial(other, 'parking lot');
    expect(types(other)).toEqual(['pause-speech']);
  });

  it('a murmur whose text was there before its end lets the agent go on at its end', () => {
    const table = speaking();
    startSpeech(table);
    table.final('Mm-hm.');
    expect(types(table)).toEqual(['pause-speech']);
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
    expectNoInterruption(table);
  });

  it('a murmur that holds the floor is waited for longer than one that gives it back', () => {
    const table = speaking();
    table.speak(300, 'um');
    table.final('Um');
    expect(types(table)).not.toContain('resume-speech');
    table.pass(900);
    expect(types(table)).toContain('resume-speech');
  });

  it('lists are data: what is not in them is a word', () => {
    const table = speaking(undefined, { backchannels: ['gotcha'] });
    table.speak(300, 'gotcha');
    table.final('Gotcha.');
    expectNoInterruption(table);
    const other = speaking(undefined, { backchannels: ['gotcha'] });
    other.speak(300, 'okay');
    expect(types(other)).toContain('stop-reply');
  });
});

describe('after a question', () => {
  it.each(['Yes.', 'no', 'Okay', 'mm-hm', 'Right'])('"%s" is its answer', (text) => {
    const table = speaking('Shall I book it?');
    table.speak(300, '');
    table.final(text);
    expect(types(table)).toContain('stop-reply');
    table.pass(1_000);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', utterance: 1, text });
  });

  it('one word is an answer where three are asked for', () => {
    const table = speaking('Shall I book it?', { confirmWords: 3 });
    table.speak(300, '');
    table.final('Monday.');
    expect(types(table)).toContain('stop-reply');
  });

  it('an answer counts also some words later, and into the end', () => {
    const late = speaking('Shall I book it? There is');
    late.speak(300, 'yes');
    expect(types(late)).toContain('stop-reply');
    const atTheEnd = speaking('Shall I book it?');
    atTheEnd.dispatch({ type: 'speech-started', track, startMs: 0 });
    atTheEnd.heard();
    atTheEnd.final('Yes.');
    atTheEnd.dispatch({ type: 'speech-ended', track, endMs: atTheEnd.now, silenceMs: 200 });
    atTheEnd.pass(1_000);
    expect(atTheEnd.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Yes.' });
  });
});

describe('at the end of what the agent says', () => {
  function murmurAcrossTheEnd(text: string): Table {
    const table = speaking('It comes on Monday.');
    table.dispatch({ type: 'speech-started', track, startMs: 0 });
    table.pass(60);
    table.heard();
    table.pass(200);
    table.dispatch({ type: 'speech-ended', track, endMs: table.now, silenceMs: 200 });
    table.final(text);
    return table;
  }

  it('a murmur that began before it is not answered', () => {
    const table = murmurAcrossTheEnd('Okay.');
    table.pass(2_000);
    expect(table.replies).toHaveLength(1);
    expect(table.state.caller).toMatchObject({ heard: false, finalText: '' });
  });

  it('words that began before it are', () => {
    const table = murmurAcrossTheEnd('Okay, and Tuesday?');
    table.pass(2_000);
    expect(table.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Okay, and Tuesday?' });
  });

  it('so is a murmur that words follow, and one that began after it', () => {
    const followed = murmurAcrossTheEnd('Okay.');
    followed.speak(300, '');
    followed.final('Good.');
    followed.pass(2_000);
    expect(followed.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Okay. Good.' });
    const after = speaking('It comes on Monday.');
    after.heard();
    after.speak(300, '');
    after.final('Okay.');
    after.pass(2_000);
    expect(after.commands.at(-1)).toMatchObject({ type: 'reply', text: 'Okay.' });
  });

  it('a recogniser that thinks ahead does not answer a murmur either', () => {
    const table = murmurAcrossTheEnd('Okay.');
    table.dispatch({ type: 'turn-proposed', track, eager: true });
    expect(table.replies).toHaveLength(1);
  });

  it('a murmur too short to pause the agent is not answered when the reply is over', () => {
    const table = speaking('It comes on Monday.');
    table.speak(80, '');
    table.final('Mm.');
    expect(types(table)).toEqual(['flush-ears']);
    table.pass(3_000);
    table.heard();
    table.pass(3_000);
    expect(table.replies).toHaveLength(1);
  });
});

describe('while the agent thinks', () => {
  function thinking(): Table {
    const table = createTurnTable();
    table.speak(800, '');
    table.final('Where is my order');
    table.pass(400);
    expect(table.replies).toHaveLength(1);
    table.commands.length = 0;
    return table;
  }

  it('a murmur cancels nothing', () => {
    const table = thinking();
    table.speak(300, 'mm-hm');
    table.final('Mm-hm.');
    expect(types(table)).toEqual(['pause-speech', 'flush-ears', 'resume-speech']);
    table.audio();
    table.heard();
    table.pass(3_000);
    expect(table.replies).toEqual([{ utterance: 1, audible: true, outcome: 'heard' }]);
  });

  it('words do', () => {
    const table = thinking();
    table.speak(300, '');
    table.final('from Monday');
    table.pass(2_000);
    expect(table.commands.at(-1)).toMatchObject({
      type: 'reply',
      utterance: 1,
      text: 'Where is my order from Monday',
    });
  });
});
