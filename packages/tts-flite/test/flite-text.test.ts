// Which words a text has, where they stand, and what flite is given for them.
import { expect, test } from 'vitest';
import { findWords } from '../src/flite-text.js';

const spoken = (text: string): string[] => findWords(text).map((word) => word.spoken);

test('words are what stands between white space, punctuation included', () => {
  const text = '  Hi,\u00a0Dr. Smith:\nit costs $5.\t';
  expect(findWords(text).map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual([
    'Hi,',
    'Dr.',
    'Smith:',
    'it',
    'costs',
    '$5.',
  ]);
});

test('offsets count UTF-16 units of the text as it was written', () => {
  const text = '😀 cafe\u0301 😀 done';
  expect(findWords(text)).toEqual([
    { textStart: 3, textEnd: 8, spoken: 'cafe' },
    { textStart: 12, textEnd: 16, spoken: 'done' },
  ]);
});

test('typographic signs become what flite can read', () => {
  expect(spoken('It’s “fine” … naïve co–op')).toEqual(["It's", '"fine"', '...', 'naive', 'co-op']);
});

test('a dash without spaces parts two words', () => {
  expect(spoken('yes—no — well—')).toEqual(['yes,', 'no', ',', 'well,']);
});

test('control characters, other scripts and lone surrogates are left out', () => {
  expect(spoken('a\0b \u0007 \u200b日本語 \ud83d x\u001b[31m')).toEqual(['ab', 'x[31m']);
  expect(spoken('')).toEqual([]);
  expect(spoken(' \n\u2003')).toEqual([]);
});
