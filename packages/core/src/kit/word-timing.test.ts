// Spelled back, and found again in what was written.
import { expect, it } from 'vitest';
import { createWordTiming, type TimedText } from './word-timing.js';

/** Characters of 10 ms each. */
function spell(text: string, startMs = 0): readonly TimedText[] {
  return [...text].map((character, index) => ({
    text: character,
    startMs: startMs + index * 10,
    endMs: startMs + (index + 1) * 10,
  }));
}

function wordsOf(written: string, pieces: readonly TimedText[]): readonly string[] {
  const timing = createWordTiming();
  timing.write(written);
  return timing
    .hear(pieces)
    .map(
      ({ textStart, textEnd, startMs, endMs }) =>
        `${written.slice(textStart, textEnd)} ${textStart} ${startMs}-${endMs}`,
    );
}

it.each([
  ['characters', 'Hi you.', spell('Hi you.'), ['Hi 0 0-20', 'you. 3 30-70']],
  ['more white space than was written', 'Hi you.', spell(' Hi  you. '), ['Hi 0 10-30', 'you. 3 50-90']],
  ['less', ' Hi \n you.', spell('Hi you.'), ['Hi 1 0-20', 'you. 6 30-70']],
  ['none', 'Hi you.', spell('Hiyou.'), ['Hi 0 0-20', 'you. 3 20-60']],
  ['characters of two units', 'a 👍🏽 ok', spell('a 👍🏽 ok'), ['a 0 0-10', '👍🏽 2 20-40', 'ok 7 50-70']],
  [
    'words',
    'Hi you, two',
    [
      { text: 'Hi', startMs: 0, endMs: 5 },
      { text: 'you,', startMs: 7, endMs: 9 },
      { text: 'two', startMs: 9, endMs: 12 },
    ],
    ['Hi 0 0-5', 'you, 3 7-9', 'two 8 9-12'],
  ],
  [
    'words without their punctuation',
    '"Hi," he',
    [
      { text: 'Hi', startMs: 0, endMs: 5 },
      { text: 'he', startMs: 7, endMs: 9 },
    ],
    ['Hi 1 0-5', 'he 6 7-9'],
  ],
  ['less than was written', 'a **b** c', spell('a b c'), ['a 0 0-10', 'b 4 20-30', 'c 8 40-50']],
  [
    'what was never written',
    'a b',
    [...spell('a'), ...spell('zzz', 10), ...spell('b', 40)],
    ['a 0 0-10', 'b 2 40-50'],
  ],
])('finds words spelled back in %s', (_what, written, pieces, expected) => {
  expect(wordsOf(written, pieces)).toEqual(expected);
});

it('tells a word when it is known to be over, in whatever pieces it comes', () => {
  const timing = createWordTiming();
  timing.write('Hello there, you ');
  expect(timing.hear(spell('Hel'))).toEqual([]);
  expect(timing.hear(spell('lo the'), 30)).toEqual([{ textStart: 0, textEnd: 5, startMs: 0, endMs: 50 }]);
  expect(timing.hear(spell('re,'), 90)).toEqual([{ textStart: 6, textEnd: 12, startMs: 60, endMs: 120 }]);
  timing.write('two');
  expect(timing.hear(spell(' you two'), 120).map(({ textStart }) => textStart)).toEqual([13, 17]);
});
