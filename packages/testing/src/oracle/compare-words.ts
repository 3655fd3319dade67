// What became of words on their way: which were lost, and which came that nobody said.

export interface WordDifference {
  readonly lost: readonly string[];
  readonly added: readonly { readonly word: string; readonly before: string | undefined }[];
}

/** By the longest common subsequence, so that order counts; `before` is the expected word that comes next at that place. */
export function compareWords(expected: readonly string[], came: readonly string[]): WordDifference {
  const lengths = commonLengths(expected, came);
  const lost: string[] = [];
  const added: WordDifference['added'][number][] = [];
  let left = 0;
  let right = 0;
  while (left < expected.length || right < came.length) {
    const [wanted, got] = [expected[left], came[right]];
    if (wanted !== undefined && wanted === got) {
      left += 1;
      right += 1;
      continue;
    }
    const withoutGot = lengths[left]?.[right + 1] ?? -1;
    const withoutWanted = lengths[left + 1]?.[right] ?? -1;
    if (got !== undefined && (wanted === undefined || withoutGot >= withoutWanted)) {
      added.push({ word: got, before: wanted });
      right += 1;
    } else {
      if (wanted !== undefined) lost.push(wanted);
      left += 1;
    }
  }
  return { lost, added };
}

/** `[i][j]`: the length of what the rests from i and j have in common. */
function commonLengths(one: readonly string[], other: readonly string[]): readonly (readonly number[])[] {
  const lengths: number[][] = Array.from({ length: one.length + 1 }, () =>
    new Array<number>(other.length + 1).fill(0),
  );
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      if (row === undefined) continue;
      row[j] =
        one[i] === other[j]
          ? 1 + (lengths[i + 1]?.[j + 1] ?? 0)
          : Math.max(lengths[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}
