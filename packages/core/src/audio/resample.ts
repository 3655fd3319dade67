// Streaming sample-rate conversion of one channel by a polyphase windowed-sinc filter.
import { filterFor, filterSize, runFilter } from './resample-filter.js';

/** Converts one channel piece by piece; the samples that come out do not depend on how the input was cut. */
export interface Resampler {
  /** How far the input must be ahead of the output. Positions are not shifted: output sample n is heard at n / toRate. */
  readonly delayMs: number;
  push(samples: Int16Array): Int16Array;
  /** The samples still held back, `ceil(input × toRate / fromRate)` in all; afterwards a new stream may begin. */
  flush(): Int16Array;
}

export interface ResamplerOptions {
  /** Hz, a whole number. */
  readonly fromRate: number;
  /** Hz, a whole number. */
  readonly toRate: number;
}

/** Rates without a common factor would need a filter of megabytes. */
const maxWeights = 262_144;
/** Input samples taken in at a time, which bounds the memory of a stream. */
const blockSamples = 1_024;

/** Whether two whole sample rates can be converted into each other. All usual rates from 8 to 48 kHz can. */
export function canResample({ fromRate, toRate }: ResamplerOptions): boolean {
  const { phases, reach } = filterSize(fromRate, toRate);
  return phases * reach * 2 <= maxWeights;
}

/** Makes a resampler for one stream, of two rates that `canResample`. Equal rates pass through. */
export function createResampler({ fromRate, toRate }: ResamplerOptions): Resampler {
  if (fromRate === toRate) return { delayMs: 0, push: (samples) => samples, flush: () => new Int16Array(0) };

  const filter = filterFor(fromRate, toRate);
  const { phases, step, reach } = filter;
  const work = new Float64Array(blockSamples + 2 * reach);
  const tail = new Int16Array(reach);
  let held = 0;
  /** Next output position, in `phases` parts of an input sample, counted from `work[0]`. */
  let position = 0;
  restart();

  function restart(): void {
    // The first sample lies after half a window of silence.
    held = reach - 1;
    position = held * phases;
    work.fill(0, 0, held);
  }

  function push(samples: Int16Array): Int16Array {
    const output = new Int16Array(readyCount(held + samples.length));
    let written = 0;
    for (let taken = 0; taken < samples.length; taken += blockSamples) {
      const block = samples.subarray(taken, taken + blockSamples);
      work.set(block, held);
      held += block.length;
      const count = readyCount(held);
      runFilter(filter, work, position, output.subarray(written, written + count));
      written += count;
      position += count * step;
      forget();
    }
    return output;
  }

  /** How many outputs have all their input once `available` samples are there. */
  function readyCount(available: number): number {
    return Math.max(0, Math.ceil(((available - reach) * phases - position) / step));
  }

  /** Drops the input no later output reads. */
  function forget(): void {
    const unneeded = Math.min(held, Math.floor(position / phases) - reach + 1);
    work.copyWithin(0, unneeded, held);
    held -= unneeded;
    position -= unneeded * phases;
  }

  function flush(): Int16Array {
    const rest = push(tail);
    restart();
    return rest;
  }

  return { delayMs: (reach / fromRate) * 1_000, push, flush };
}
