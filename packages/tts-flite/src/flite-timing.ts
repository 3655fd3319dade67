// When each word is heard. Flite tells the time of every phone but not whose it is, so the phones of the whole clause are
// lined up with the phones of its words, each said alone: nearly the same, but for expansions that depend on a neighbour.
import type { TtsWord } from '@voicewire/core/adapter';
import type { TextWord } from './flite-text.js';

/** One sound of the clause, not a pause. */
export interface Phone {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** How flite calls a pause. */
const pause = 'pau';

/** Reads `name:endSeconds name:endSeconds …`: each phone begins where the one before it ends. */
export function readPhones(printed: string): Phone[] {
  let startMs = 0;
  const phones: Phone[] = [];
  for (const entry of printed.trim().split(/\s+/)) {
    const [name = '', seconds] = entry.split(':');
    const endMs = Number(seconds) * 1_000;
    if (name !== pause && endMs > startMs) phones.push({ name, startMs, endMs });
    if (endMs > startMs) startMs = endMs;
  }
  return phones;
}

/**
 * Times of the words, in order. `wordPhones` has for each word its phones' names when said alone.
 * A word that got no phone of the clause has no time and is left out.
 */
export function timeWords(
  words: readonly TextWord[],
  wordPhones: readonly string[],
  phones: readonly Phone[],
): TtsWord[] {
  const expected = wordPhones.flatMap((names, word) =>
    names
      .split(/\s+/)
      .filter((name) => name !== '' && name !== pause)
      .map((name) => ({ name, word })),
  );
  const spans = new Map<number, { startMs: number; endMs: number }>();
  const owners = alignPhones(
    expected.map(({ name }) => name),
    phones.map(({ name }) => name),
  );
  for (const [index, { startMs, endMs }] of phones.entries()) {
    const word = expected[owners[index] ?? -1]?.word;
    if (word !== undefined) spans.set(word, { startMs: spans.get(word)?.startMs ?? startMs, endMs });
  }
  return words.flatMap(({ textStart, textEnd }, word) => {
    const span = spans.get(word);
    return span === undefined ? [] : [{ textStart, textEnd, ...span }];
  });
}

/** How far the two sequences may drift apart, in phones. */
const slack = 24;

/**
 * For each actual phone the index of the expected one it stands for or, where it was added, follows: the way of the least
 * edit distance, looked for in a band around the diagonal, so that time grows with the length and not with its square.
 */
export function alignPhones(expected: readonly string[], actual: readonly string[]): number[] {
  if (expected.length === 0) return [];
  const cost = editCosts(expected, actual);
  const owners = new Array<number>(actual.length).fill(0);
  let row = expected.length;
  let column = actual.length;
  while (column > 0) {
    const change = expected[row - 1] === actual[column - 1] ? 0 : 1;
    if (cost(row, column) === cost(row - 1, column - 1) + change) {
      row -= 1;
      column -= 1;
      owners[column] = row;
    } else if (cost(row, column) === cost(row, column - 1) + 1) {
      column -= 1;
      owners[column] = Math.max(row - 1, 0);
    } else {
      row -= 1;
    }
  }
  return owners;
}

/** The edit distance between the first `row` expected and the first `column` actual phones; infinite outside the band. */
function editCosts(expected: readonly string[], actual: readonly string[]) {
  const steepness = actual.length / expected.length;
  const reach = slack + Math.ceil(steepness);
  const width = 2 * reach + 1;
  const costs = new Float64Array((expected.length + 1) * width).fill(Infinity);
  const firstColumn = (row: number): number => Math.round(row * steepness) - reach;
  const cost = (row: number, column: number): number => {
    const offset = column - firstColumn(row);
    return (offset >= 0 && offset < width ? costs[row * width + offset] : undefined) ?? Infinity;
  };

  for (let row = 0; row <= expected.length; row += 1) {
    const first = firstColumn(row);
    for (let column = Math.max(first, 0); column <= Math.min(first + width - 1, actual.length); column += 1) {
      const change = expected[row - 1] === actual[column - 1] ? 0 : 1;
      costs[row * width + column - first] =
        row + column === 0
          ? 0
          : Math.min(
              cost(row - 1, column - 1) + change,
              cost(row - 1, column) + 1,
              cost(row, column - 1) + 1,
            );
    }
  }
  return cost;
}
