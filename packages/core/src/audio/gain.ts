// Loudness: making audio louder or softer, and measuring it.
import type { AudioFormat } from '../spec/audio.js';
import { decodeSamples, encodeSamples } from './convert.js';
import { toSample } from './pcm.js';

/** Levels in dB below full scale, where a square wave of the largest sample has 0 and a sine −3 RMS. */
export interface AudioLevel {
  readonly rmsDbfs: number;
  readonly peakDbfs: number;
}

/** Below the smallest 16-bit sample, and a number that JSON can carry. */
const silentDbfs = -100;

/** The audio `gainDb` louder, in new memory; what would overflow is held at the limit. Whole samples only. */
export function applyGain(audio: Uint8Array, format: AudioFormat, gainDb: number): Uint8Array {
  const factor = 10 ** (gainDb / 20);
  return encodeSamples(
    decodeSamples(audio, format.encoding).map((sample) => toSample(sample * factor)),
    format.encoding,
  );
}

/** Measures a piece of audio over all its channels. Silence and no audio are −100 dBFS. */
export function measureLevel(audio: Uint8Array, format: AudioFormat): AudioLevel {
  const samples = decodeSamples(audio, format.encoding);
  let energy = 0;
  let peak = 0;
  for (const sample of samples) {
    energy += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  return { rmsDbfs: toDbfs(Math.sqrt(energy / Math.max(1, samples.length))), peakDbfs: toDbfs(peak) };
}

function toDbfs(amplitude: number): number {
  return Math.max(silentDbfs, 20 * Math.log10(amplitude / 32_768));
}
