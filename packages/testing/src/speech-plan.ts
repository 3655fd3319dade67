// Text written piece by piece into word-coded audio with word times: what the fake voices and the scripted TTS adapter say.
import type { AudioFormat, TtsWord } from '@voicewire/core/adapter';
import { characterSound, defaultMsPerChar } from './word-sound.js';

export interface SpeechPlanOptions {
  readonly format: AudioFormat;
  /** Every character takes this long, spaces included, so times are offsets times this. Default 60. */
  readonly msPerChar?: number | undefined;
  /** Text that is waited for before speaking begins without a flush or an end, in characters. Default 40. */
  readonly bufferChars?: number | undefined;
  /** How much audio a piece holds at most. Default 240. */
  readonly chunkMs?: number | undefined;
}

/** A piece of speech. Offsets are UTF-16, times count from the utterance's first sample. */
export interface SpokenPiece {
  readonly text: string;
  readonly textStart: number;
  readonly audio: Uint8Array;
  readonly startMs: number;
  readonly endMs: number;
  /** Words that begin in this piece. */
  readonly words: readonly (TtsWord & { readonly text: string })[];
}

/** One utterance. Nothing but white space is nothing to say. */
export interface SpeechPlan {
  readonly text: string;
  readonly spokenMs: number;
  write(text: string): void;
  /** All text so far may be spoken. */
  flush(): void;
  /** The next piece, or undefined until there is more to say. */
  next(): SpokenPiece | undefined;
}

/** Whole words only, unless told to speak what there is. */
function wholeWords(text: string): number {
  return text.search(/\S*$/);
}

export function createSpeechPlan(options: SpeechPlanOptions): SpeechPlan {
  const { format, msPerChar = defaultMsPerChar, bufferChars = 40, chunkMs = 240 } = options;
  const chunkChars = Math.max(1, Math.floor(chunkMs / msPerChar));
  let text = '';
  let spoken = 0;
  let allowed = 0;
  let hasWords = false;

  /** Words that begin between two offsets, as far as they may be spoken. */
  function wordsBetween(from: number, to: number): SpokenPiece['words'] {
    const words: (TtsWord & { text: string })[] = [];
    const pattern = /\S+/g;
    pattern.lastIndex = from;
    for (let found = pattern.exec(text); found !== null && found.index < to; found = pattern.exec(text)) {
      const textStart = found.index;
      const textEnd = Math.min(pattern.lastIndex, allowed);
      const isRest = textStart === from && /\S/.test(text.charAt(from - 1));
      const word = { text: text.slice(textStart, textEnd), textStart, textEnd };
      if (!isRest) words.push({ ...word, startMs: textStart * msPerChar, endMs: textEnd * msPerChar });
    }
    return words;
  }

  return {
    get text() {
      return text;
    },
    get spokenMs() {
      return spoken * msPerChar;
    },
    write(more) {
      text += more;
      if (text.length - spoken >= bufferChars) allowed = Math.max(allowed, wholeWords(text));
    },
    flush: () => void (allowed = text.length),
    next() {
      if (spoken >= allowed) return undefined;
      hasWords ||= /\S/.test(text.slice(0, allowed));
      if (!hasWords) return undefined;
      const from = spoken;
      spoken = Math.min(allowed, from + chunkChars);
      const piece = text.slice(from, spoken);
      const sounds = Array.from({ length: piece.length }, (_, index) =>
        characterSound(piece.charAt(index), from + index, msPerChar, format),
      );
      return {
        text: piece,
        textStart: from,
        audio: Buffer.concat(sounds),
        startMs: from * msPerChar,
        endMs: spoken * msPerChar,
        words: wordsBetween(from, spoken),
      };
    },
  };
}
