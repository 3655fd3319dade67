// Sound as bits that survive a telephone and noise: the sign of how energy changes across bands and time.
// After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002), with bands of telephone speech.
import { createConverter, type AudioFormat } from '@voicewire/core/adapter';
import { createSpectrum } from './spectrum.js';

/** One fingerprint so often. */
export const hopMs = 16;
const rate = 8_000;
const hop = (hopMs * rate) / 1_000;
const size = 512;
const bands = 25;
const lowestHz = 250;
const highestHz = 3_300;

/** Bits in one fingerprint. */
export const fingerprintBits = bands - 1;

/** Takes audio of one stream and gives 24-bit fingerprints, one per 16 ms; the first needs 64 ms. */
export interface Fingerprinter {
  push(audio: Uint8Array): readonly number[];
}

/** Band edges grow geometrically, as hearing does. */
const edges = Array.from({ length: bands + 1 }, (_, index) =>
  Math.round((lowestHz * (highestHz / lowestHz) ** (index / bands) * size) / rate),
);

export function createFingerprinter(format: AudioFormat): Fingerprinter {
  const converter = createConverter(format, { encoding: 'pcm_s16le', sampleRate: rate, channels: 1 });
  const spectrum = createSpectrum(size);
  let pending = new Float32Array(0);
  let previous: Float32Array | undefined;

  return {
    push(audio) {
      pending = append(pending, converter.push(audio));
      const prints: number[] = [];
      let start = 0;
      for (; start + size <= pending.length; start += hop) {
        const energies = bandEnergies(spectrum.power(pending, start));
        if (previous !== undefined) prints.push(toBits(energies, previous));
        previous = energies;
      }
      pending = pending.slice(start);
      return prints;
    },
  };
}

function append(pending: Float32Array, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.byteLength / 2);
  const joined = new Float32Array(pending.length + count);
  joined.set(pending);
  for (let index = 0; index < count; index += 1)
    joined[pending.length + index] = view.getInt16(index * 2, true);
  return joined;
}

function bandEnergies(power: Float32Array): Float32Array {
  const energies = new Float32Array(bands);
  for (let band = 0; band < bands; band += 1) {
    const from = edges[band] ?? 0;
    const to = Math.max(from + 1, edges[band + 1] ?? 0);
    let sum = 0;
    for (let bin = from; bin < to; bin += 1) sum += power[bin] ?? 0;
    energies[band] = sum / (to - from);
  }
  return energies;
}

function toBits(energies: Float32Array, previous: Float32Array): number {
  let bits = 0;
  for (let band = 0; band < bands - 1; band += 1) {
    const now = (energies[band] ?? 0) - (energies[band + 1] ?? 0);
    const before = (previous[band] ?? 0) - (previous[band + 1] ?? 0);
    if (now > before) bits |= 1 << band;
  }
  return bits;
}

/** How many bits differ. */
export function distance(a: number, b: number): number {
  let bits = a ^ b;
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
