// Text that a provider spells back with times, in whatever pieces, as words with their places in what we wrote.
import type { TtsWord } from '../spec/tts.js';

/** A character, a syllable or a word as the provider spells it. */
export interface TimedText {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface WordTiming {
  /** In the order the utterance's text was written. */
  write(text: string): void;
  /** The words that are over with these pieces, whose times count from `offsetMs` after the utterance's first sample. */
  hear(pieces: readonly TimedText[], offsetMs?: number): readonly TtsWord[];
}

/** How far a piece is looked for where the provider leaves out some of what was written. */
const lookAhead = 40;

/**
 * Follows what is spoken through what was written. What was left out is passed over; what is spelled back and was never
 * written has no place and is ignored. A word is told once white space or the end of what was written is known to follow.
 */
export function createWordTiming(): WordTiming {
  let text = '';
  let cursor = 0;
  let word: TtsWord | undefined;

  const follow = (piece: TimedText, offsetMs: number): readonly TtsWord[] => {
    const spelled = piece.text.trim();
    const found = text.slice(cursor, cursor + lookAhead).indexOf(spelled);
    if (spelled === '' || found < 0) return [];
    const textStart = cursor + found;
    // White space was passed over: the word before is over, although we did not hear its last letters.
    const left = word !== undefined && /\s/.test(text.slice(word.textEnd, textStart)) ? [word] : [];
    if (left.length > 0) word = undefined;
    cursor = textStart + spelled.length;
    word = {
      textStart: word?.textStart ?? textStart,
      textEnd: cursor,
      startMs: word?.startMs ?? Math.round(offsetMs + piece.startMs),
      endMs: Math.round(offsetMs + piece.endMs),
    };
    if (cursor < text.length && !/\s/.test(text.charAt(cursor))) return left;
    const over = word;
    word = undefined;
    return [...left, over];
  };

  return {
    write: (more) => void (text += more),
    hear: (pieces, offsetMs = 0) => pieces.flatMap((piece) => follow(piece, offsetMs)),
  };
}
