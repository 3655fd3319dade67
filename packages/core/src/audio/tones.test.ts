import { expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { decodeSamples } from './convert.js';
import { bytesFor } from './format.js';
import { dtmfTones } from './tones.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const lowHz = [697, 770, 852, 941];
const highHz = [1_209, 1_336, 1_477, 1_633];

/** Power of one frequency (Goertzel). */
function powerAt(hz: number, samples: Int16Array, sampleRate: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  let last = 0;
  let before = 0;
  for (const sample of samples) [last, before] = [sample + turn * last - before, last];
  return last * last + before * before - turn * last * before;
}

function strongest(candidates: readonly number[], samples: Int16Array): number {
  return candidates.reduce((best, hz) =>
    powerAt(hz, samples, 8_000) > powerAt(best, samples, 8_000) ? hz : best,
  );
}

it('sounds each key of the keypad with its two frequencies, then a gap', () => {
  const keypad = ['123A', '456B', '789C', '*0#D'];
  const keys = keypad.join('');
  const audio = dtmfTones(keys, telephone);
  expect(audio).toHaveLength(bytesFor(200 * 16, telephone));
  for (let index = 0; index < keys.length; index += 1) {
    const samples = decodeSamples(audio.subarray(index * 1_600, (index + 1) * 1_600), 'mulaw');
    const sounding = samples.subarray(0, 800);
    expect([strongest(lowHz, sounding), strongest(highHz, sounding)]).toEqual([
      lowHz[index >> 2],
      highHz[index & 3],
    ]);
    // As loud as asked at exactly its frequencies.
    const peak = (hz: number): number =>
      (2 * Math.sqrt(powerAt(hz, sounding, 8_000))) / sounding.length / 32_767;
    expect(peak(lowHz[index >> 2] ?? 0)).toBeCloseTo(0.32, 1);
    expect(peak(highHz[index & 3] ?? 0)).toBeCloseTo(0.4, 1);
    expect(samples.subarray(800).every((sample) => sample === 0)).toBe(true);
  }
});

it('keeps to the lengths asked for and fills both channels', () => {
  const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 2 };
  const audio = dtmfTones('5', format, { toneMs: 60, gapMs: 40 });
  expect(audio).toHaveLength(bytesFor(100, format));
  const samples = decodeSamples(audio, 'pcm_s16le');
  expect(samples.every((sample, index) => index % 2 === 1 || sample === samples[index + 1])).toBe(true);
});

it('refuses other keys without repeating them', () => {
  const secret = '12e4';
  try {
    dtmfTones(secret, telephone);
    expect.unreachable();
  } catch (error) {
    expect(ConfigError.is(error) && error.code).toBe('config.dtmf');
    expect(String(error)).toContain('key 3');
    expect(String(error)).not.toContain('e4');
  }
  expect(dtmfTones('', telephone)).toHaveLength(0);
});
