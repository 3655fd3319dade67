// The tones of a telephone keypad, for carriers that only take audio.
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { encodeSamples } from './convert.js';
import { bytesFor, sampleBytes, silence } from './format.js';
import { interleave, toSample } from './pcm.js';

export interface DtmfOptions {
  /** How long each key sounds. Default 100. */
  readonly toneMs?: number | undefined;
  /** Silence after each key. Default 100. */
  readonly gapMs?: number | undefined;
}

const rows = ['123A', '456B', '789C', '*0#D'];
const rowHz = [697, 770, 852, 941];
const columnHz = [1_209, 1_336, 1_477, 1_633];
/** Peaks in parts of full scale: about −10 and −8 dB, the higher tone 2 dB louder as telephone lines damp it more. */
const rowPeak = 0.32;
const columnPeak = 0.4;
/** Swells that avoid a click at each end. */
const fadeMs = 2;

/**
 * Keys (0–9, A–D, * and #) as audio, each followed by a gap. Throws `ConfigError` (`config.dtmf`) for any other key,
 * without naming it: keys may be somebody's secret. Source: ITU-T Q.23, Q.24.
 */
export function dtmfTones(
  keys: string,
  format: AudioFormat,
  { toneMs = 100, gapMs = 100 }: DtmfOptions = {},
): Uint8Array {
  const gap = silence(gapMs, format);
  return Buffer.concat(
    Array.from(keys).flatMap((key, index) => [tone(frequenciesOf(key, index), toneMs, format), gap]),
  );
}

function frequenciesOf(key: string, index: number): readonly [number, number] {
  const row = rows.findIndex((line) => line.includes(key.toUpperCase()));
  const low = rowHz[row];
  const high = columnHz[rows[row]?.indexOf(key.toUpperCase()) ?? -1];
  if (low !== undefined && high !== undefined) return [low, high];
  const message = `key ${index + 1} is not on a telephone keypad`;
  throw new ConfigError({ code: 'config.dtmf', message, allowed: '0 to 9, A to D, * and #' });
}

function tone([low, high]: readonly [number, number], ms: number, format: AudioFormat): Uint8Array {
  const { encoding, sampleRate, channels } = format;
  const fade = (fadeMs * sampleRate) / 1_000;
  const samples = new Int16Array(bytesFor(ms, format) / sampleBytes(format));
  for (let index = 0; index < samples.length; index += 1) {
    const angle = (2 * Math.PI * index) / sampleRate;
    const swell = Math.min(1, index / fade, (samples.length - 1 - index) / fade);
    const value = rowPeak * Math.sin(low * angle) + columnPeak * Math.sin(high * angle);
    samples[index] = toSample(32_767 * swell * value);
  }
  const mono = encodeSamples(samples, encoding);
  return channels === 1 ? mono : interleave(mono, mono, encoding);
}
