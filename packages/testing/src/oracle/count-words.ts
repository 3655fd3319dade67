// The verdict of the oracle: what became of each word on its way, exactly.
import { compareWords } from './compare-words.js';
import type { HeardWord } from './word-reader.js';

/** All empty where every word came once and in its place. */
export interface WordCount {
  /** Said, and never came. */
  readonly lost: readonly string[];
  /** Came more often than it was said. */
  readonly repeated: readonly string[];
  /** Came as often as it was said, in another place. */
  readonly disordered: readonly string[];
  /** Nobody said it: words that were cut are among them, as far as they went. */
  readonly foreign: readonly string[];
}

/** `said`: the words that should arrive, in order. `came`: those that did, as read from bytes or as written by a recogniser. */
export function countWords(said: readonly string[], came: readonly string[]): WordCount {
  const { lost, added } = compareWords(said, came);
  const missing = [...lost];
  const count = {
    lost: missing,
    repeated: [] as string[],
    disordered: [] as string[],
    foreign: [] as string[],
  };
  for (const { word } of added) {
    const place = missing.indexOf(word);
    if (place >= 0) count.disordered.push(...missing.splice(place, 1));
    else if (said.includes(word)) count.repeated.push(word);
    else count.foreign.push(word);
  }
  return count;
}

/** Whether every word came once and in its place. */
export function isExact({ lost, repeated, disordered, foreign }: WordCount): boolean {
  return lost.length + repeated.length + disordered.length + foreign.length === 0;
}

/** The longest silence between two words, in ms; 0 where there are fewer. */
export function longestGapMs(words: readonly HeardWord[]): number {
  return words.reduce((longest, { startMs }, index) => {
    const before = words[index - 1];
    return before === undefined ? longest : Math.max(longest, startMs - before.endMs);
  }, 0);
}
