// Streaming conversion between any two formats core knows: encoding, rate and channels. Same format in and out: same bytes.
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { AudioEncoding, AudioFormat } from '../spec/audio.js';
import { describeFormat, formatProblem, isSameFormat, sampleBytes } from './format.js';
import { decodeG711, encodeG711 } from './g711.js';
import { bytesOf, createAligner, interleave, mixChannels, pickChannel, samplesOf } from './pcm.js';
import { canResample, createResampler } from './resample.js';

/** Converts one stream piece by piece; what comes out does not depend on how the input was cut. */
export interface Converter {
  /** How far the input must be ahead of the output. Positions are not shifted. */
  readonly delayMs: number;
  /** Pieces may have any length; a sample cut in two is completed by the next piece. May return the same bytes it was given. */
  push(audio: Uint8Array): Uint8Array;
  /** What is still held back; a last half sample is dropped. Afterwards a new stream may begin. */
  flush(): Uint8Array;
}

/** Whether core can convert between two formats, without preparing it. */
export function canConvert(from: AudioFormat, to: AudioFormat): boolean {
  return conversionProblem(from, to) === undefined;
}

/** Makes a converter for one stream. Throws `ConfigError` (`config.audio_format`) where `canConvert` says no. */
export function createConverter(from: AudioFormat, to: AudioFormat): Converter {
  const problem = conversionProblem(from, to);
  if (problem) throw new ConfigError(problem);
  const aligner = createAligner(sampleBytes(from));
  const inner = isSameFormat(from, to) ? untouched : createSampleConverter(from, to);
  return {
    delayMs: inner.delayMs,
    push: (audio) => inner.push(aligner.push(audio)),
    flush() {
      aligner.reset();
      return inner.flush();
    },
  };
}

const untouched: Converter = { delayMs: 0, push: (audio) => audio, flush: () => new Uint8Array(0) };

/** The conversion of whole samples. Channels are mixed before resampling and doubled after it, so that it runs once. */
function createSampleConverter(from: AudioFormat, to: AudioFormat): Converter {
  const rates = { fromRate: from.sampleRate, toRate: to.sampleRate };
  const first = createResampler(rates);
  const second = from.channels === 2 && to.channels === 2 ? createResampler(rates) : undefined;

  function encode(left: Int16Array, right: Int16Array): Uint8Array {
    const bytes = encodeSamples(left, to.encoding);
    if (to.channels === 1) return bytes;
    return interleave(bytes, left === right ? bytes : encodeSamples(right, to.encoding), to.encoding);
  }

  return {
    delayMs: first.delayMs,
    push(audio) {
      const samples = decodeSamples(audio, from.encoding);
      if (second) return encode(first.push(pickChannel(samples, 0)), second.push(pickChannel(samples, 1)));
      const mono = first.push(from.channels === 2 ? mixChannels(samples) : samples);
      return encode(mono, mono);
    },
    flush() {
      const mono = first.flush();
      return encode(mono, second?.flush() ?? mono);
    },
  };
}

/** Bytes of any encoding as 16-bit samples; may share memory with `audio`. */
export function decodeSamples(audio: Uint8Array, encoding: AudioEncoding): Int16Array {
  return encoding === 'pcm_s16le' ? samplesOf(audio) : decodeG711(audio, encoding);
}

/** 16-bit samples as bytes of any encoding; may share memory with `samples`. */
export function encodeSamples(samples: Int16Array, encoding: AudioEncoding): Uint8Array {
  return encoding === 'pcm_s16le' ? bytesOf(samples) : encodeG711(samples, encoding);
}

function conversionProblem(from: AudioFormat, to: AudioFormat): ConfigProblem | undefined {
  const problem = formatProblem(from) ?? formatProblem(to);
  if (problem || canResample({ fromRate: from.sampleRate, toRate: to.sampleRate })) return problem;
  return {
    code: 'config.audio_format',
    message: 'these sample rates have too little in common to be converted; use a usual rate on one side',
    found: `${describeFormat(from)} to ${describeFormat(to)}`,
    allowed: '8000, 16000, 22050, 24000, 32000, 44100, 48000 Hz among each other',
  };
}
