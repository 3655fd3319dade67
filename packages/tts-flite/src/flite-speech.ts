// What flite spoke as an utterance is told of it: word times and audio, in the format that was asked for.
import {
  type AudioFormat,
  bytesFor,
  createConverter,
  durationMs,
  readWav,
  silence,
  type TtsWord,
} from '@voicewire/core/adapter';
import type { TextWord } from './flite-text.js';
import { fliteError, type Speech } from './flite-thread.js';
import { readPhones, timeWords } from './flite-timing.js';

/** Flite begins with up to a quarter of a second of silence, which a caller would wait through. This much is kept. */
const leadInMs = 40;
/** What is heard of a text that an English voice can't say. */
const restMs = 200;
const wavHeaderBytes = 44;

/** Times count from the first sample of `audio`. Throws where flite broke its word. */
export function readSpeech(
  speech: Speech,
  words: readonly TextWord[],
  format: AudioFormat,
): { readonly words: readonly TtsWord[]; readonly audio: Uint8Array } {
  // Also a text of which nothing can be said gives a file, one without samples.
  if (speech.wav.length < wavHeaderBytes) throw fliteError('protocol', 'it wrote no speech.');
  const phones = readPhones(speech.phones);
  const [first] = phones;
  if (first === undefined) return { words: [], audio: silence(restMs, format) };
  const native = readWav(speech.wav);
  const skippedBytes = bytesFor(Math.max(first.startMs - leadInMs, 0), native.format);
  const skippedMs = durationMs(skippedBytes, native.format);
  const converter = createConverter(native.format, format);
  return {
    words: timeWords(words, speech.wordPhones, phones).map(({ startMs, endMs, ...place }) => ({
      ...place,
      startMs: Math.round(startMs - skippedMs),
      endMs: Math.round(endMs - skippedMs),
    })),
    audio: Buffer.concat([converter.push(native.audio.subarray(skippedBytes)), converter.flush()]),
  };
}
