// Finds the words of a text and writes each so that flite can read it: printable ASCII, no controls.

/** A run of text between white space, with what flite is given for it. Offsets are UTF-16. */
export interface TextWord {
  readonly textStart: number;
  readonly textEnd: number;
  /** Printable ASCII without spaces; never empty. */
  readonly spoken: string;
}

/** A dash that joins two words with no space is the end of the first, or flite would read them as one. */
const wordPattern = /[^\s\u2014]*\u2014+|[^\s\u2014]+/gu;

const spellings: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u02bc]/g, "'"],
  [/[\u201c-\u201f\u00ab\u00bb]/g, '"'],
  [/[\u2010-\u2013\u2212]/g, '-'],
  [/\u2014+/g, ','],
  [/\u2026/g, '...'],
  // What is left can't be said by an English voice: accents taken off their letters, other scripts, emoji, controls.
  [/[^\x21-\x7e]/g, ''],
];

/** The words that can be said, in order; what can't be said is left out. */
export function findWords(text: string): TextWord[] {
  return [...text.matchAll(wordPattern)]
    .map(({ 0: found, index }) => ({
      textStart: index,
      textEnd: index + found.length,
      spoken: spellings.reduce(
        (word, [pattern, plain]) => word.replace(pattern, plain),
        found.normalize('NFD'),
      ),
    }))
    .filter(({ spoken }) => spoken !== '');
}
