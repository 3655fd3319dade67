// Going on with an answer that another model began: asking for the rest, and leaving out what is said twice.
import type { LlmMessage, LlmRequest } from '../spec/llm.js';

/** The same request, with what was delivered already as the beginning of the answer. */
export function continued(
  messages: LlmRequest['messages'],
  delivered: string,
  canPrefill: boolean,
): readonly LlmMessage[] {
  // Models refuse an answer that ends in a blank, and go on without one.
  const begun: LlmMessage = { role: 'assistant', content: delivered.trimEnd() };
  return canPrefill ? [...messages, begun] : [...messages, begun, goOn];
}

const goOn: LlmMessage = {
  role: 'user',
  content:
    'Your answer above was cut off in the middle by a technical fault; everything up to there has been heard. ' +
    'Go on exactly where it stops, in the middle of the sentence if need be. Repeat nothing, and do not mention the fault.',
};

/** Text that goes on after `delivered`, without the words it repeats. */
export interface OverlapFilter {
  /** What of it can be said now: while it might still be a repetition, nothing. */
  push(text: string): string;
  /** The rest, at the end. */
  flush(): string;
}

/** Longer repetitions than this are compared no further back. UTF-16 units. */
const maxOverlap = 4_000;

/**
 * Removes the longest beginning of what comes that `delivered` ends with, at word borders on both sides, and puts the blank
 * between the two where one is missing.
 */
export function createOverlapFilter(delivered: string): OverlapFilter {
  const end = delivered.trimEnd().slice(-maxOverlap);
  const hasBlank = /\s$/u.test(delivered);
  let held = '';
  let isOpen = true;

  /** Whether what is held could still grow into the end of what was delivered. */
  function mayRepeat(): boolean {
    const begun = held.trimStart();
    for (let from = 0; from < end.length; from += 1) {
      if (isWordBorder(end, from) && end.startsWith(begun, from)) return true;
    }
    return false;
  }

  function release(): string {
    isOpen = false;
    const text = held.trimStart();
    const said = longestOverlap(end, text);
    const rest = said > 0 ? text.slice(said) : held;
    held = '';
    if (hasBlank) return rest.trimStart();
    return said === 0 && needsBlank(end, rest) ? ` ${rest}` : rest;
  }

  return {
    push(text) {
      if (!isOpen) return text;
      held += text;
      return mayRepeat() ? '' : release();
    },
    flush: () => (isOpen ? release() : ''),
  };
}

function longestOverlap(end: string, text: string): number {
  for (let length = Math.min(end.length, text.length); length > 0; length -= 1) {
    const from = end.length - length;
    if (isWordBorder(end, from) && isWordBorder(text, length) && end.endsWith(text.slice(0, length))) {
      return length;
    }
  }
  return 0;
}

/** Whether no word runs across that place. */
function isWordBorder(text: string, at: number): boolean {
  return !(isWordPart(text[at - 1]) && isWordPart(text[at]));
}

const isWordPart = (letter: string | undefined): boolean =>
  letter !== undefined && /[\p{L}\p{N}'’]/u.test(letter);

/**
 * Models write a word and the blank before it in one piece, so an answer breaks off between words far more often than in
 * one; a model that goes on seldom begins with the blank. Scripts without blanks get none.
 */
function needsBlank(end: string, rest: string): boolean {
  const border = end.slice(-2) + rest.slice(0, 1);
  if (writtenWithoutBlanks.test(border) || /\d[.,:]\d$/u.test(border)) return false;
  return isWordPart(rest[0]) && (isWordPart(end.at(-1)) || /[.,:;!?…]$/u.test(end));
}

const writtenWithoutBlanks =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}/u;
