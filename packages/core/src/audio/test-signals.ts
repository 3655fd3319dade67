// Made-up sounds for the tests of this folder. Not part of the package.
import type { AudioFormat } from '../spec/audio.js';
import { encodeSamples } from './convert.js';
import { interleave } from './pcm.js';

/** Full scale of 16-bit samples at a level in dBFS. */
export const peakAt = (levelDbfs: number): number => 32_768 * 10 ** (levelDbfs / 20);

export function sine(hz: number, sampleRate: number, count: number, peak = peakAt(-6)): Int16Array {
  return Int16Array.from(
    { length: count },
    (_, index) => peak * Math.sin((2 * Math.PI * hz * index) / sampleRate),
  );
}

/** Numbers from −1 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** White noise of a level (RMS). */
export function noise(levelDbfs: number, count: number, seed = 1): Int16Array {
  const random = randomNumbers(seed);
  // The sum of three is near enough to a bell; its RMS is 1.
  return Int16Array.from({ length: count }, () => peakAt(levelDbfs) * (random() + random() + random()));
}

/** Syllables of a voice: harmonics of a wandering pitch under two formants, four swells a second. RMS at the given level. */
export function speech(levelDbfs: number, sampleRate: number, count: number): Int16Array {
  const values = new Float64Array(count);
  let phase = 0;
  for (let index = 0; index < count; index += 1) {
    const seconds = index / sampleRate;
    phase += (2 * Math.PI * (130 + 25 * Math.sin(5 * seconds))) / sampleRate;
    const swell = 0.15 + 0.85 * Math.sin(Math.PI * 4 * seconds) ** 2;
    for (let harmonic = 1; harmonic <= 20; harmonic += 1) {
      const hz = harmonic * 130;
      const formants =
        Math.exp(-(((hz - 550) / 300) ** 2)) + 0.4 * Math.exp(-(((hz - 1_700) / 400) ** 2)) + 0.02;
      values[index] = (values[index] ?? 0) + swell * formants * Math.sin(harmonic * phase);
    }
  }
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / count);
  return Int16Array.from(values, (value) => (peakAt(levelDbfs) / rms) * value);
}

export function joined(...parts: readonly Int16Array[]): Int16Array {
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

/** Two sounds at once, held at the limits. */
export function mixed(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, index) => Math.max(-32_768, Math.min(32_767, sample + (b[index] ?? 0))));
}

/** Samples as bytes of a format; two channels get the same. Always in memory of its own. */
export function audioOf(samples: Int16Array, format: Pick<AudioFormat, 'encoding' | 'channels'>): Uint8Array {
  const mono = encodeSamples(samples, format.encoding);
  return format.channels === 1 ? mono.slice() : interleave(mono, mono, format.encoding);
}

export function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** How much louder the first is than the second, in dB. */
export function ratioDb(a: number, b: number): number {
  return 20 * Math.log10(a / b);
}

/** Cuts bytes at the given sizes, over and over. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    result.push(bytes.subarray(start, start + size));
    start += size;
  }
  return result;
}

/** Bytes one after the other, in plain memory. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
