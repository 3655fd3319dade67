// ITU-T G.711 both ways by table: µ-law and A-law codes to 16-bit samples and back.
import type { AudioEncoding } from '../spec/audio.js';

/** The two encodings of G.711. */
export type G711Encoding = Exclude<AudioEncoding, 'pcm_s16le'>;

/** One of the 128 steps of a law: samples from `edge` up to the next step's edge are heard as `level`. */
interface Step {
  readonly edge: number;
  readonly level: number;
  readonly positiveCode: number;
  readonly negativeCode: number;
}

interface Law {
  /** Sample for each code. */
  readonly levels: Int16Array;
  /** Code for each sample, at `(sample >> shift) + codes.length / 2`: the law ignores the bits below. */
  readonly codes: Uint8Array;
  readonly shift: number;
}

function mulawStep(index: number): Step {
  const size = 8 << (index >> 4);
  const edge = (128 << (index >> 4)) + size * (index & 15) - 132;
  // The first step is cut in half by zero, so its edge would lie below.
  return {
    edge: Math.max(edge, 0),
    level: edge + size / 2,
    positiveCode: index ^ 0xff,
    negativeCode: index ^ 0x7f,
  };
}

function alawStep(index: number): Step {
  const segment = index >> 4;
  const size = segment === 0 ? 16 : 8 << segment;
  const edge = size * ((index & 15) + (segment === 0 ? 0 : 16));
  return { edge, level: edge + size / 2, positiveCode: index ^ 0xd5, negativeCode: index ^ 0x55 };
}

/** Negative samples mirror by one's complement, so a sample on an edge falls as it does in the ITU's own software. */
function buildLaw(stepAt: (index: number) => Step, shift: number): Law {
  const levels = new Int16Array(256);
  const codes = new Uint8Array(65_536 >> shift);
  const zero = codes.length / 2;
  for (let index = 0; index < 128; index += 1) {
    const { edge, level, positiveCode, negativeCode } = stepAt(index);
    levels[positiveCode] = level;
    levels[negativeCode] = -level;
    // Filled to the end of the range: the next step overwrites what is its own.
    codes.fill(positiveCode, zero + (edge >> shift));
    codes.fill(negativeCode, 0, zero - (edge >> shift));
  }
  return { levels, codes, shift };
}

const laws: Readonly<Record<G711Encoding, Law>> = {
  mulaw: buildLaw(mulawStep, 2),
  alaw: buildLaw(alawStep, 4),
};

/** The sample each of the 256 codes stands for; read only. */
export function g711Levels(encoding: G711Encoding): Int16Array {
  return laws[encoding].levels;
}

/** Codes to 16-bit samples. Source: ITU-T G.711, tables 1 and 2. */
export function decodeG711(codes: Uint8Array, encoding: G711Encoding): Int16Array {
  const { levels } = laws[encoding];
  const samples = new Int16Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) samples[index] = levels[codes[index] ?? 0] ?? 0;
  return samples;
}

/** 16-bit samples to codes, bit-exact to the reference software of ITU-T G.191. */
export function encodeG711(samples: Int16Array, encoding: G711Encoding): Uint8Array {
  const { codes: table, shift } = laws[encoding];
  const zero = table.length / 2;
  const codes = new Uint8Array(samples.length);
  for (let index = 0; index < samples.length; index += 1) {
    codes[index] = table[((samples[index] ?? 0) >> shift) + zero] ?? 0;
  }
  return codes;
}
