// What an AudioFormat means in bytes and milliseconds, and which formats core knows.
import type { ConfigProblem } from '../errors/config-error.js';
import type { AudioEncoding, AudioFormat } from '../spec/audio.js';

interface EncodingFacts {
  readonly bytes: 1 | 2;
  /** The byte silence is made of. */
  readonly silence: number;
}

const encodings: Readonly<Record<AudioEncoding, EncodingFacts>> = {
  pcm_s16le: { bytes: 2, silence: 0 },
  mulaw: { bytes: 1, silence: 0xff },
  alaw: { bytes: 1, silence: 0xd5 },
};

/** Bytes of one sample of every channel: audio is only ever cut at multiples of it. */
export function sampleBytes(format: AudioFormat): number {
  return encodings[format.encoding].bytes * format.channels;
}

/** Bytes of one millisecond; a fraction where the rate is none of whole kilohertz. */
export function bytesPerMs(format: AudioFormat): number {
  return (sampleBytes(format) * format.sampleRate) / 1_000;
}

/** How long `byteLength` bytes sound. */
export function durationMs(byteLength: number, format: AudioFormat): number {
  return byteLength / bytesPerMs(format);
}

/** The bytes of `ms` milliseconds, to the nearest whole sample. */
export function bytesFor(ms: number, format: AudioFormat): number {
  return Math.round((ms * format.sampleRate) / 1_000) * sampleBytes(format);
}

/** Bytes of one sample of one channel. */
export function encodingBytes(encoding: AudioEncoding): 1 | 2 {
  return encodings[encoding].bytes;
}

/** The byte that silence is made of in this encoding. */
export function silenceByte(encoding: AudioEncoding): number {
  return encodings[encoding].silence;
}

/** `ms` milliseconds of digital silence. */
export function silence(ms: number, format: AudioFormat): Uint8Array {
  return new Uint8Array(bytesFor(ms, format)).fill(silenceByte(format.encoding));
}

/** Whether a word from outside names an encoding of ours. */
export function isAudioEncoding(value: string): value is AudioEncoding {
  return Object.hasOwn(encodings, value);
}

export function isSameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.encoding === b.encoding && a.sampleRate === b.sampleRate && a.channels === b.channels;
}

/** A format as it comes from outside, before anybody has looked at it. */
interface ClaimedFormat {
  readonly encoding: string;
  readonly sampleRate: number;
  readonly channels: number;
}

/** `mulaw 8000 Hz mono`, for messages. */
export function describeFormat({ encoding, sampleRate, channels }: ClaimedFormat): string {
  return `${encoding} ${sampleRate} Hz ${channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`}`;
}

const minRate = 4_000;
const maxRate = 192_000;

/** Says what is wrong with a format that came from outside; nothing when core can work with it. */
export function formatProblem(format: ClaimedFormat): ConfigProblem | undefined {
  const { encoding, sampleRate, channels } = format;
  const isRate = Number.isInteger(sampleRate) && sampleRate >= minRate && sampleRate <= maxRate;
  if (isAudioEncoding(encoding) && isRate && (channels === 1 || channels === 2)) return undefined;
  return {
    code: 'config.audio_format',
    message: 'this audio format is not supported; have it delivered in one that is',
    found: describeFormat(format),
    allowed: `${Object.keys(encodings).join(', ')} at ${minRate} to ${maxRate} Hz, mono or stereo`,
  };
}
