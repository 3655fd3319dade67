// Whether a voice can have said its text in the audio it gave: a clean end proves little (faults T-02, T-13).
import type { TtsWord } from '../spec/tts.js';

/** Some four times the pace of a hurried speaker. */
const fastestMsPerLetter = 20;
/** A digit that is read with care, and a pause. */
const slowestMsPerLetter = 500;
/** What a voice may add before, between and after. */
const freeMs = 10_000;

/** Letters and digits: punctuation and symbols alone may rightly have no sound. */
export function countLetters(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}

/** What comes after the last timed word, or all of the text where none is, does not fit into the audio that is left for it. */
export function isCutShort(text: string, audioMs: number, lastWord: TtsWord | undefined): boolean {
  const rest = lastWord === undefined ? text : text.slice(lastWord.textEnd);
  return audioMs - (lastWord?.endMs ?? 0) < countLetters(rest) * fastestMsPerLetter;
}

/** More audio than anybody needs for a text of that length. */
export function isEndless(length: number, audioMs: number): boolean {
  return audioMs > freeMs + length * slowestMsPerLetter;
}
