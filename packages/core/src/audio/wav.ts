// Whole WAV files: reading what others wrote, also badly, and writing our own.
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { isAudioEncoding, sampleBytes } from './format.js';
import { bytesOf, interleave, toSample } from './pcm.js';
import { readWavHeader, type WavHeader, type ForeignEncoding } from './wav-header.js';

export interface WavAudio {
  readonly format: AudioFormat;
  /** Whole samples in `format`; a view of the file where nothing had to be converted. */
  readonly audio: Uint8Array;
  /** Bytes of audio the header promises and the file does not have: more than 0 when it was cut short. */
  readonly missingBytes: number;
}

export interface ReadWavOptions {
  /** Longer files are refused. Default 128 MiB, more than an hour of a stereo call. */
  readonly maxBytes?: number | undefined;
}

const defaultMaxBytes = 128 * 1024 * 1024;
const unknownLength = 0xffff_ffff;

interface SampleReader {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** One sample of each, as 16 bits. */
const readers: Readonly<Record<ForeignEncoding, SampleReader>> = {
  pcm_u8: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) << 8 },
  pcm_s24le: { bytes: 3, read: (view, at) => view.getInt16(at + 1, true) },
  pcm_s32le: { bytes: 4, read: (view, at) => view.getInt16(at + 2, true) },
  float_32le: { bytes: 4, read: (view, at) => toSample(view.getFloat32(at, true) * 32_768) },
  float_64le: { bytes: 8, read: (view, at) => toSample(view.getFloat64(at, true) * 32_768) },
};

/**
 * Reads a WAV file: PCM of 8 to 32 bits, floats, µ-law and A-law, mono or stereo. What is not one of our encodings becomes
 * `pcm_s16le`. A file cut short gives what it has; lengths from writers that did not know them are ignored.
 * Throws `ConfigError` (`config.wav`) for everything else, and for a file without audio.
 */
export function readWav(file: Uint8Array, { maxBytes = defaultMaxBytes }: ReadWavOptions = {}): WavAudio {
  if (file.length > maxBytes) {
    throw wavError('this WAV file is too long; cut it', `${file.length} bytes`, `${maxBytes} bytes`);
  }
  const result = readWavHeader(file);
  if (result.state !== 'found') throw new ConfigError(result.problem);
  const { header } = result;
  const rest = file.subarray(header.dataStart);
  // An empty data chunk is one only if the size of the file agrees; else its writer did not come back to fill it in.
  const isEndless =
    header.dataBytes === undefined || (header.dataBytes === 0 && header.fileBytes !== file.length);
  const claimed = isEndless ? rest.length : header.dataBytes;
  const audio = toAudio(rest.subarray(0, claimed), header);
  if (audio.audio.length === 0) {
    throw wavError(
      'this WAV file has no audio; record it again',
      `a data chunk of ${claimed} bytes, ${rest.length} bytes after it`,
    );
  }
  return { ...audio, missingBytes: Math.max(0, claimed - rest.length) };
}

function toAudio(data: Uint8Array, header: WavHeader): Omit<WavAudio, 'missingBytes'> {
  const { encoding, sampleRate, channels } = header;
  if (isAudioEncoding(encoding)) {
    const format = { encoding, sampleRate, channels };
    return { format, audio: data.subarray(0, data.length - (data.length % sampleBytes(format))) };
  }
  const reader = readers[encoding];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const samples = new Int16Array(Math.floor(data.length / (reader.bytes * channels)) * channels);
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = reader.read(view, index * reader.bytes);
  }
  return { format: { encoding: 'pcm_s16le', sampleRate, channels }, audio: bytesOf(samples) };
}

/** The audio as a WAV file; a last sample that is not whole is left out. */
export function writeWav(audio: Uint8Array, format: AudioFormat): Uint8Array {
  const audioBytes = audio.length - (audio.length % sampleBytes(format));
  const header = wavHeader(format, audioBytes);
  const file = new Uint8Array(header.length + audioBytes + (audioBytes % 2));
  file.set(header);
  file.set(audio.subarray(0, audioBytes), header.length);
  return file;
}

/** Two mono tracks as one stereo WAV file, the shorter one filled up with silence. */
export function writeStereoWav(left: Uint8Array, right: Uint8Array, format: AudioFormat): Uint8Array {
  return writeWav(interleave(left, right, format.encoding), { ...format, channels: 2 });
}

/** The header in front of `audioBytes` bytes of audio; without them, of a stream whose length is not known yet. */
export function wavHeader(format: AudioFormat, audioBytes = unknownLength): Uint8Array {
  const { encoding, sampleRate, channels } = format;
  const isPcm = encoding === 'pcm_s16le';
  const blockBytes = sampleBytes(format);
  const dataBytes = Math.min(audioBytes, unknownLength);
  // What is not PCM has an empty extension of its fmt chunk, and a fact chunk that says how many samples there are.
  const header = new Uint8Array(isPcm ? 44 : 58);
  const view = new DataView(header.buffer);
  const dataAt = header.length - 8;
  putText(header, 0, 'RIFF');
  view.setUint32(4, Math.min(dataAt + dataBytes + (dataBytes % 2), unknownLength), true);
  putText(header, 8, 'WAVEfmt ');
  view.setUint32(16, isPcm ? 16 : 18, true);
  view.setUint16(20, isPcm ? 1 : encoding === 'alaw' ? 6 : 7, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, (blockBytes / channels) * 8, true);
  if (!isPcm) {
    putText(header, 38, 'fact');
    view.setUint32(42, 4, true);
    view.setUint32(46, Math.floor(dataBytes / blockBytes), true);
  }
  putText(header, dataAt, 'data');
  view.setUint32(dataAt + 4, dataBytes, true);
  return header;
}

function putText(bytes: Uint8Array, at: number, ascii: string): void {
  for (let index = 0; index < ascii.length; index += 1) bytes[at + index] = ascii.charCodeAt(index);
}

function wavError(message: string, found: string, allowed?: string): ConfigError {
  return new ConfigError({ code: 'config.wav', message, found, allowed });
}
