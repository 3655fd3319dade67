// Finds the middle of the n-th word in word-coded audio: where a provider dies in mid-word.
import { bytesFor, type AudioFormat } from '@voicewire/core/adapter';
import { createWordReader } from '../oracle/word-reader.js';

const sliceMs = 20;
/** So much of a word is out when it counts as begun. */
const begunMs = 40;

/** Counts the words of one provider, over all its streams. */
export interface WordCount {
  words: number;
}

/** How many bytes of `audio` come before the middle of the word it waits for; undefined while that is still ahead. */
export function createWordWatch(
  format: AudioFormat,
  atWord: number,
  count: WordCount,
): (audio: Uint8Array) => number | undefined {
  const reader = createWordReader(format);
  const slice = bytesFor(sliceMs, format);
  let heardMs = 0;
  return (audio) => {
    for (let start = 0; start < audio.length; start += slice) {
      const piece = audio.subarray(start, start + slice);
      count.words += reader.read(piece).length;
      heardMs += (sliceMs * piece.length) / slice;
      const isInWord = heardMs - reader.decidedMs >= begunMs;
      if (isInWord && count.words === atWord - 1) return Math.min(audio.length, start + slice);
    }
    return undefined;
  };
}
