// Streaming sample-rate conversion of one channel by a polyphase windowed-sinc filter.
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import { toSample } from './pcm.js';

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

interface Filter {
  /** Output position moves by `step` / `phases` input samples. */
  readonly phases: number;
  readonly step: number;
  /** Input samples read on each side of an output position. */
  readonly reach: number;
  /** `phases` rows of 2 × `reach` weights. */
  readonly weights: Float64Array;
}

/** Everything from the lower of the two Nyquist frequencies up is damped by this much … */
const stopbandDb = 70;
/** … and everything up to this part of it passes: 3.4 kHz of a telephone's 4 kHz. */
const passband = 0.85;
const minRate = 4_000;
const maxRate = 192_000;
/** Rates without a common factor would need a filter of megabytes. */
const maxWeights = 262_144;
/** Input samples taken in at a time, which bounds the memory of a stream. */
const blockSamples = 1_024;

/** Says why two rates can't be converted into each other; nothing when they can. */
export function resampleProblem({ fromRate, toRate }: ResamplerOptions): ConfigProblem | undefined {
  const code = 'config.audio_format';
  const wrong = [fromRate, toRate].find((rate) => !Number.isInteger(rate) || rate < minRate || rate > maxRate);
  if (wrong !== undefined) {
    const allowed = `whole numbers of Hz from ${minRate} to ${maxRate}`;
    return { code, message: 'this sample rate is not supported', found: `${wrong} Hz`, allowed };
  }
  const { phases, reach } = filterSize(fromRate, toRate);
  if (phases * reach * 2 <= maxWeights) return undefined;
  return {
    code,
    message: 'these two sample rates have too little in common to be converted; use a usual rate on one side',
    found: `${fromRate} Hz to ${toRate} Hz`,
    allowed: '8000, 16000, 22050, 24000, 32000, 44100, 48000 Hz among each other',
  };
}

/** Makes a resampler for one stream. Equal rates pass through. Throws `ConfigError` where `resampleProblem` finds one. */
export function createResampler(options: ResamplerOptions): Resampler {
  const problem = resampleProblem(options);
  if (problem) throw new ConfigError(problem);
  const { fromRate, toRate } = options;
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

/** Fills `output` with the samples from `position` on, phase by phase, because outputs of one phase share their weights. */
function runFilter(filter: Filter, input: Float64Array, position: number, output: Int16Array): void {
  const { phases, step, reach, weights } = filter;
  const width = 2 * reach;
  for (let offset = 0; offset < Math.min(phases, output.length); offset += 1) {
    const at = position + offset * step;
    const row = (at % phases) * width;
    let first = Math.floor(at / phases) - reach + 1;
    let index = offset;
    for (; index + 3 * phases < output.length; index += 4 * phases, first += 4 * step) {
      // Four at a time: one load of a weight serves four sums, and no addition waits for the one before it.
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

function filterSize(fromRate: number, toRate: number): Pick<Filter, 'phases' | 'step' | 'reach'> {
  const common = greatestCommonDivisor(fromRate, toRate);
  // Kaiser's estimate of the length for this damping and transition band, in input samples, rounded up to whole fours.
  const transition = ((1 - passband) / 2) * (Math.min(fromRate, toRate) / fromRate);
  const length = (stopbandDb - 8) / (2.285 * 2 * Math.PI * transition);
  return { phases: toRate / common, step: fromRate / common, reach: 2 * Math.ceil(length / 4) };
}

/** Filters by reduced ratio: all calls between the same two rates share one. Bounded, because a file may name any rate. */
const filters = new Map<string, Filter>();
const maxFilters = 32;

function filterFor(fromRate: number, toRate: number): Filter {
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

function designWeights({ phases, step, reach }: Omit<Filter, 'weights'>): Float64Array {
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
