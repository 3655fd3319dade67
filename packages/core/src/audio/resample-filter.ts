// The low-pass filter between two sample rates: a windowed sinc, one row of weights for each phase between two input samples.
import { toSample } from './pcm.js';

/** What the ratio of two rates asks of their filter. */
export interface FilterSize {
  /** An output position moves by `step` / `phases` input samples. */
  readonly phases: number;
  readonly step: number;
  /** Input samples read on each side of an output position. */
  readonly reach: number;
}

/** Made once per ratio and shared by all streams between the same two rates. */
export interface Filter extends FilterSize {
  /** `phases` rows of 2 × `reach` weights. */
  readonly weights: Float64Array;
}

/** Everything from the lower of the two Nyquist frequencies up is damped by this much … */
const stopbandDb = 70;
/** … and everything up to this part of it passes: 3.4 kHz of a telephone's 4 kHz. */
const passband = 0.85;

/** Bounded, because a file may name any rate. */
const filters = new Map<string, Filter>();
const maxFilters = 32;

/** The size of the filter between two rates, without making it. */
export function filterSize(fromRate: number, toRate: number): FilterSize {
  const common = greatestCommonDivisor(fromRate, toRate);
  // Kaiser's estimate of the length for this damping and transition band, in input samples, rounded up to whole fours.
  const transition = ((1 - passband) / 2) * (Math.min(fromRate, toRate) / fromRate);
  const length = (stopbandDb - 8) / (2.285 * 2 * Math.PI * transition);
  return { phases: toRate / common, step: fromRate / common, reach: 2 * Math.ceil(length / 4) };
}

/** The filter between two rates, from the cache where it has one. */
export function filterFor(fromRate: number, toRate: number): Filter {
  const size = filterSize(fromRate, toRate);
  const key = `${size.phases}/${size.step}`;
  const known = filters.get(key);
  if (known) return known;
  const oldest = filters.keys().next();
  if (filters.size >= maxFilters && !oldest.done) filters.delete(oldest.value);
  const filter = { ...size, weights: designWeights(size) };
  filters.set(key, filter);
  return filter;
}

/**
 * Fills `output` with the samples from `position` on, which counts `phases` parts of an input sample from `input[0]`.
 * Which of two loops runs depends on the filter alone: they round differently, and the cut of a stream must not be heard.
 */
export function runFilter(filter: Filter, input: Float64Array, position: number, output: Int16Array): void {
  if (filter.phases <= 8) runByPhase(filter, input, position, output);
  else runInOrder(filter, input, position, output);
}

/** Few phases: outputs of the same phase go four at a time, so that one load of a weight serves four sums. */
function runByPhase(filter: Filter, input: Float64Array, position: number, output: Int16Array): void {
  const { phases, step, reach, weights } = filter;
  const width = 2 * reach;
  for (let offset = 0; offset < Math.min(phases, output.length); offset += 1) {
    const at = position + offset * step;
    const row = (at % phases) * width;
    let first = Math.floor(at / phases) - reach + 1;
    let index = offset;
    for (; index + 3 * phases < output.length; index += 4 * phases, first += 4 * step) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let tap = 0, from = first; tap < width; tap += 1, from += 1) {
        const weight = weights[row + tap] ?? 0;
        a += weight * (input[from] ?? 0);
        b += weight * (input[from + step] ?? 0);
        c += weight * (input[from + 2 * step] ?? 0);
        d += weight * (input[from + 3 * step] ?? 0);
      }
      output[index] = toSample(a);
      output[index + phases] = toSample(b);
      output[index + 2 * phases] = toSample(c);
      output[index + 3 * phases] = toSample(d);
    }
    for (; index < output.length; index += phases, first += step) {
      let sum = 0;
      for (let tap = 0; tap < width; tap += 1) sum += (weights[row + tap] ?? 0) * (input[first + tap] ?? 0);
      output[index] = toSample(sum);
    }
  }
}

/** Many phases: one output after the other, in four sums, because each addition would wait for the one before it. */
function runInOrder(filter: Filter, input: Float64Array, position: number, output: Int16Array): void {
  const { phases, step, reach, weights } = filter;
  const width = 2 * reach;
  for (let index = 0, at = position; index < output.length; index += 1, at += step) {
    const row = (at % phases) * width;
    const first = Math.floor(at / phases) - reach + 1;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let tap = 0; tap < width; tap += 4) {
      a += (weights[row + tap] ?? 0) * (input[first + tap] ?? 0);
      b += (weights[row + tap + 1] ?? 0) * (input[first + tap + 1] ?? 0);
      c += (weights[row + tap + 2] ?? 0) * (input[first + tap + 2] ?? 0);
      d += (weights[row + tap + 3] ?? 0) * (input[first + tap + 3] ?? 0);
    }
    output[index] = toSample(a + b + c + d);
  }
}

function designWeights({ phases, step, reach }: FilterSize): Float64Array {
  const width = 2 * reach;
  const weights = new Float64Array(phases * width);
  // The middle of the transition band as a part of the input rate.
  const cutoff = ((1 + passband) / 4) * Math.min(1, phases / step);
  const beta = 0.1102 * (stopbandDb - 8.7);
  for (let phase = 0; phase < phases; phase += 1) {
    const row = weights.subarray(phase * width, (phase + 1) * width);
    for (let tap = 0; tap < width; tap += 1) {
      const distance = phase / phases + reach - 1 - tap;
      row[tap] = sinc(2 * cutoff * distance) * kaiser(distance / reach, beta);
    }
    // Each phase passes a constant unchanged; else the differences between them would be heard as a tone.
    const sum = row.reduce((total, weight) => total + weight, 0);
    row.forEach((weight, tap) => (row[tap] = weight / sum));
  }
  return weights;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser's window at `x` from −1 to 1, up to a constant factor. */
function kaiser(x: number, beta: number): number {
  return besselI0(beta * Math.sqrt(Math.max(0, 1 - x * x)));
}

/** The modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
