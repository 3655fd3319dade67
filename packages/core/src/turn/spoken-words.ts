// Spoken text as words: for comparing what recognisers write, and for finding phrases in it, in any language.

/** How a recogniser writes words changes while it makes up its mind; how long a sound is drawn is nobody's choice. */
export function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[’`]/g, "'")
    .replaceAll(/(\p{L})\1{2,}/gu, '$1$1')
    .split(/[\s\-‐‑–—]+/u)
    .map((word) => word.replaceAll(/[^\p{L}\p{M}\p{N}']/gu, ''))
    .filter((word) => word !== '');
}

export function isSameSpeech(one: string, other: string): boolean {
  return wordsOf(one).join(' ') === wordsOf(other).join(' ');
}

export function joinText(first: string, second: string): string {
  return first === '' ? second : second === '' ? first : `${first} ${second}`;
}

/**
 * How many words are left when phrases are taken out. `isOpen`: more may follow, so words at the end that begin a phrase
 * ("I" of "I see") say nothing yet.
 */
export function countWordsBeside(text: string, phrases: readonly string[], isOpen: boolean): number {
  const words = wordsOf(text);
  const known = phrases.map(wordsOf);
  let count = 0;
  let index = 0;
  while (index < words.length) {
    const rest = words.slice(index);
    const length = known.reduce(
      (longest, phrase) => (startsWith(rest, phrase) ? Math.max(longest, phrase.length) : longest),
      0,
    );
    if (length === 0 && isOpen && known.some((phrase) => startsWith(phrase, rest))) return count;
    if (length === 0) count += 1;
    index += Math.max(1, length);
  }
  return count;
}

function endsWithOneOf(text: string, phrases: readonly string[]): boolean {
  const words = wordsOf(text);
  return phrases
    .map(wordsOf)
    .some((phrase) => phrase.length > 0 && startsWith(words.slice(-phrase.length), phrase));
}

export function containsOneOf(text: string, phrases: readonly string[]): boolean {
  const words = wordsOf(text);
  const known = phrases.map(wordsOf).filter((phrase) => phrase.length > 0);
  return words.some((_, index) => known.some((phrase) => startsWith(words.slice(index), phrase)));
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return start.length <= words.length && start.every((word, index) => word === words[index]);
}

/** An answer comes some words late, when the agent went on after its question. */
const wordsAfterQuestion = 4;
const question = new RegExp(`[?？؟]["'»”’)\\]]*(?:\\s+\\S+){0,${wordsAfterQuestion}}\\s*$`, 'u');

/** Whether somebody who has heard this, and no more, was just asked something. */
export function asksSomething(heard: string): boolean {
  return question.test(heard);
}

/** Marks, in any language, of a sentence that goes on. */
const openEnd = /(?:[,、،:;…\-–—]|\.{3})\s*$/u;

export function isUnfinished(text: string, words: readonly string[]): boolean {
  return openEnd.test(text) || endsWithOneOf(text, words);
}
