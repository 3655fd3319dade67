// The power of audio in two bands, ten milliseconds at a time: about 100 Hz to 1 kHz, and above.
import type { AudioFormat } from '../spec/audio.js';
import { g711Levels } from './g711.js';

/** Power in squared sample units, the mean over one block. */
export type BlockListener = (lowPower: number, highPower: number) => void;

export interface BandMeter {
  /** About ten: whole samples, so a little off at rates like 22.05 kHz. */
  readonly blockMs: number;
  /** Bytes in pieces of any length; the listener is called for each block that is full. */
  push(audio: Uint8Array): void;
}

/** Slices of half a millisecond: their sums are a low-pass that costs one multiplication each. */
const slicesPerBlock = 20;
/** How fast the mean below follows the slices: what is slower than some 100 Hz is mains hum, rumble or an offset, not a voice. */
const meanStep = 0.3;

/** Makes a meter for one stream. Two channels are heard as one. */
export function createBandMeter(format: AudioFormat, onBlock: BlockListener): BandMeter {
  const sliceSamples = Math.round(format.sampleRate / 2_000) * format.channels;
  const blockSamples = sliceSamples * slicesPerBlock;
  const levels = format.encoding === 'pcm_s16le' ? undefined : g711Levels(format.encoding);
  // Fields of an object, not variables of the closure: V8 would allocate a number for each change of those.
  const sums = { slice: 0, mean: 0, sliceSquares: 0, lowSquares: 0, squares: 0 };
  let samples = 0;
  let slices = 0;
  /** The first byte of a 16-bit sample whose second has not come yet, or −1. */
  let lowByte = -1;

  function push(audio: Uint8Array): void {
    let { slice, squares } = sums;
    for (let index = 0; index < audio.length; index += 1) {
      const byte = audio[index] ?? 0;
      let sample: number;
      if (levels) sample = levels[byte] ?? 0;
      else if (lowByte < 0) {
        lowByte = byte;
        continue;
      } else {
        sample = ((byte << 24) >> 16) | lowByte;
        lowByte = -1;
      }
      slice += sample;
      squares += sample * sample;
      samples += 1;
      if (samples < sliceSamples) continue;
      endSlice(slice);
      slice = 0;
      samples = 0;
      slices += 1;
      if (slices < slicesPerBlock) continue;
      report(squares);
      squares = 0;
    }
    sums.slice = slice;
    sums.squares = squares;
  }

  function endSlice(slice: number): void {
    const change = slice - sums.mean;
    sums.mean += change * meanStep;
    sums.lowSquares += change * change;
    sums.sliceSquares += slice * slice;
  }

  function report(squares: number): void {
    const low = sums.lowSquares / (sliceSamples * blockSamples);
    // What is left without the slices; an offset is in both.
    const high = Math.max(0, (squares - sums.sliceSquares / sliceSamples) / blockSamples);
    sums.lowSquares = 0;
    sums.sliceSquares = 0;
    slices = 0;
    onBlock(low, high);
  }

  return { blockMs: (blockSamples / format.channels / format.sampleRate) * 1_000, push };
}
