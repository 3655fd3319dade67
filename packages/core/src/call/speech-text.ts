// Text for a voice: cut into clauses as it comes, and cleaned of what only eyes can read.

/** Cuts a stream of text where a voice may begin to speak. Joined together, the pieces are the whole text. */
export interface ClauseSplitter {
  /** Pieces that are complete now. */
  push(text: string): readonly string[];
  /** What is left, cut at the last word if `isFinal` is not set; the empty string where there is nothing. */
  flush(isFinal: boolean): string;
}

/** A voice should start soon: the first piece may be short, later ones sound better long. */
const firstClauseCharacters = 12;
const clauseCharacters = 60;
/** Text without any end is cut at a word. */
const maxClauseCharacters = 240;
/** Looked at for one cut: a page without an end must not be read again for each. */
const searchedCharacters = 1_000;

const sentenceEnd = /[.!?…]+["'”’)\]]*\s+|[。！？]+|\n+/gu;
const clauseEnd = /[,;:—–]["'”’)\]]*\s+|[、，；]/gu;
/** A full stop after these ends no sentence: titles, initials, numbers of a list, common short forms. */
const abbreviation =
  /(?:^|[\s(])(?:\p{Lu}|\d{1,3}|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|vs|etc|approx|e\.g|i\.e|z\.B|bzw|ca)\.\s*$/u;

export function createClauseSplitter(): ClauseSplitter {
  let pending = '';
  let isFirst = true;
  const take = (length: number): string => {
    const piece = pending.slice(0, length);
    pending = pending.slice(length);
    if (piece.trim() !== '') isFirst = false;
    return piece;
  };
  return {
    push(text) {
      pending += text;
      const pieces: string[] = [];
      for (;;) {
        const end = clauseBoundary(pending, isFirst ? firstClauseCharacters : clauseCharacters);
        if (end === 0) return pieces;
        pieces.push(take(end));
      }
    },
    flush(isFinal) {
      const end = isFinal ? pending.length : pending.lastIndexOf(' ') + 1;
      return take(end);
    },
  };
}

/** The first place where the text may be cut: the end of a sentence, or of a clause that is long enough. */
function clauseBoundary(whole: string, minCharacters: number): number {
  const text = whole.slice(0, searchedCharacters);
  const sentence = firstEnd(text, sentenceEnd, (end) => !abbreviation.test(text.slice(0, end)));
  const clause = firstEnd(text, clauseEnd, (end) => end >= minCharacters);
  const end = sentence === 0 || (clause > 0 && clause < sentence) ? clause : sentence;
  if (end > 0 || text.length <= maxClauseCharacters) return end;
  return text.lastIndexOf(' ', maxClauseCharacters - 1) + 1 || maxClauseCharacters;
}

function firstEnd(text: string, pattern: RegExp, counts: (end: number) => boolean): number {
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (counts(end)) return end;
  }
  return 0;
}

/** What replaces what, in this order. Markup from a model is text to be said, never markup to a voice. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/```[^\n]*\n?/g, ''],
  [/!?\[([^\]]*)\]\([^)]*\)/g, '$1'],
  [/<\/?[a-z!][^>]*>/gi, ''],
  [/\bhttps?:\/\/(?:www\.)?([^\s/?#<>"')\]]+)[^\s<>"')\]]*/gi, '$1'],
  [/^[ \t]*(?:#{1,6}|>|[-*+•])[ \t]+/gm, ''],
  [/^[ \t]*[-*_=|: ]{3,}$/gm, ''],
  [/[ \t]*\|[ \t]*/g, ', '],
  [/(\*\*|__|~~|`+)/g, ''],
  [/(^|[\s(])[*_](?=\S)/g, '$1'],
  [/(?<=\S)[*_](?=[\s.,!?;:)]|$)/g, ''],
  [/[<>]/g, ' '],
  [/\p{Extended_Pictographic}|[\u{1F3FB}-\u{1F3FF}\u{FE0F}\u{200D}]/gu, ''],
  [/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+/gu, ' '],
  [/\s+/g, ' '],
];

/** Clean text of one clause, with one space at its end where something may follow; the empty string if nothing can be said. */
export function normaliseForSpeech(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of replacements) clean = clean.replace(pattern, replacement);
  clean = clean.trim();
  if (!/[\p{L}\p{N}]/u.test(clean)) return '';
  return /\s$/u.test(text) ? `${clean} ` : clean;
}
