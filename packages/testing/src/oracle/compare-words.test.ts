import { expect, it } from 'vitest';
import { compareWords } from './compare-words.js';

const split = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

it.each<[string, string, string, string]>([
  ['a b c', 'a b c', '', ''],
  ['a b c', 'a c', 'b', ''],
  ['a b c', 'a b b c', '', 'b'],
  ['a b c', 'a c b', 'c', 'c'],
  ['a b', '', 'a b', ''],
  ['', 'x', '', 'x'],
  ['one two', 'un two', 'one', 'un'],
])('of "%s" came "%s": lost "%s", too many "%s"', (expected, came, lost, added) => {
  const difference = compareWords(split(expected), split(came));
  expect([difference.lost.join(' '), difference.added.map(({ word }) => word).join(' ')]).toEqual([
    lost,
    added,
  ]);
});

it('says which word was due where one came that nobody said', () => {
  expect(compareWords(['is', 'delivered'], ['is', 'del', 'delivered']).added).toEqual([
    { word: 'del', before: 'delivered' },
  ]);
});
