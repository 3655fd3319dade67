// From flite's phone times to word times: what it prints in, our words out.
import { expect, test } from 'vitest';
import { findWords } from '../src/flite-text.js';
import { alignPhones, readPhones, timeWords } from '../src/flite-timing.js';

/** Each phone of `names` a tenth of a second. */
function phonesOf(names: string) {
  const printed = names.split(' ').map((name, index) => `${name}:${((index + 1) / 10).toFixed(3)}`);
  return readPhones(printed.join(' '));
}

function timesOf(text: string, wordPhones: readonly string[], names: string): string[] {
  return timeWords(findWords(text), wordPhones, phonesOf(names)).map(
    ({ textStart, textEnd, startMs, endMs }) =>
      `${text.slice(textStart, textEnd)} ${Math.round(startMs)}-${Math.round(endMs)}`,
  );
}

test('a phone begins where the one before it ends, and pauses are nobody’s', () => {
  expect(readPhones('pau:0.220 hh:0.300 ay:0.499 pau:0.719 \n')).toEqual([
    { name: 'hh', startMs: 220, endMs: 300 },
    { name: 'ay', startMs: 300, endMs: 499 },
  ]);
  expect(readPhones('pau:0.220 \n')).toEqual([]);
  expect(readPhones('')).toEqual([]);
});

test('each word has the time from its first phone to its last', () => {
  const alone = ['pau hh ay pau ', 'pau dh eh r pau '];
  expect(timesOf('Hi there', alone, 'pau hh ay dh eh r pau')).toEqual(['Hi 100-300', 'there 300-600']);
});

test('a pause between words belongs to neither', () => {
  expect(timesOf('Hi, there', ['hh ay', 'dh eh r'], 'pau hh ay pau dh eh r pau')).toEqual([
    'Hi, 100-300',
    'there 400-700',
  ]);
});

test('a token that is read as several words is one word of the text', () => {
  expect(timesOf('$5 now', ['f ay v d aa l er z', 'n aw'], 'pau f ay v d aa l er z n aw pau')).toEqual([
    '$5 100-900',
    'now 900-1100',
  ]);
});

test('a word that sounds otherwise among others keeps its place', () => {
  // "Dr." alone is read as drive; before a name as doctor.
  expect(timesOf('Dr. Smith', ['d r ay v', 's m ih th'], 'pau d aa k t er s m ih th pau')).toEqual([
    'Dr. 100-600',
    'Smith 600-1000',
  ]);
});

test('a word without sound has no time', () => {
  expect(timesOf('a - b', ['ey', 'pau', 'b iy'], 'pau ey b iy pau')).toEqual(['a 100-200', 'b 200-400']);
});

test('phones that are lost or added do not move the rest', () => {
  expect(alignPhones(['a', 'b', 'c', 'd'], ['a', 'c', 'd'])).toEqual([0, 2, 3]);
  expect(alignPhones(['a', 'b'], ['a', 'x', 'b'])).toEqual([0, 0, 1]);
  expect(alignPhones([], ['a'])).toEqual([]);
  expect(alignPhones(['a'], [])).toEqual([]);
});

test('a word that is said much shorter than alone does not pull the next ones with it', () => {
  const alone = ['w ah n z iy r ow z iy r ow z iy r ow', 'd aa l er z'];
  expect(timesOf('1000 dollars', alone, 'pau th aw d aa l er z pau')).toEqual([
    '1000 100-300',
    'dollars 300-800',
  ]);
});

test('sequences of very different length still give every phone an owner, in order', () => {
  const long = Array.from({ length: 3_000 }, (_, index) => `p${index % 7}`);
  for (const expected of [['p0'], long.slice(0, 40), long]) {
    const owners = alignPhones(expected, long);
    expect(owners).toHaveLength(long.length);
    expect(owners.every((owner, index) => owner >= (owners[index - 1] ?? 0) && owner < expected.length)).toBe(
      true,
    );
  }
});
