import { expect, it } from 'vitest';
import type { AudioFormat } from '../spec/audio.js';
import {
  bytesFor,
  bytesPerMs,
  describeFormat,
  durationMs,
  formatProblem,
  sampleBytes,
  silence,
} from './format.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const odd: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 22_050, channels: 2 };

it('counts bytes and milliseconds', () => {
  expect(sampleBytes(odd)).toBe(4);
  expect(bytesPerMs(telephone)).toBe(8);
  expect(bytesPerMs(odd)).toBeCloseTo(88.2);
  expect(durationMs(160, telephone)).toBe(20);
  expect(durationMs(88_200, odd)).toBe(1_000);
});

it('gives whole samples for any time', () => {
  expect(bytesFor(20, telephone)).toBe(160);
  expect(bytesFor(5, odd)).toBe(110 * 4);
  expect(bytesFor(0.01, odd)).toBe(0);
});

it('makes silence of each encoding', () => {
  expect([...silence(0.25, telephone)]).toEqual([0xff, 0xff]);
  expect([...silence(0.125, { ...telephone, encoding: 'alaw' })]).toEqual([0xd5]);
  expect([...silence(0.125, { ...telephone, encoding: 'pcm_s16le' })]).toEqual([0, 0]);
});

it('says what is wrong with a format from outside', () => {
  expect(formatProblem(telephone)).toBeUndefined();
  expect(formatProblem({ ...odd, sampleRate: 192_000 })).toBeUndefined();
  const wrong = [
    { ...telephone, encoding: 'opus' },
    { ...telephone, encoding: 'toString' },
    { ...telephone, sampleRate: 0 },
    { ...telephone, sampleRate: 8_000.5 },
    { ...telephone, sampleRate: Number.NaN },
    { ...telephone, sampleRate: 1e9 },
    { ...telephone, channels: 6 },
  ];
  for (const format of wrong) {
    expect(formatProblem(format)).toMatchObject({
      code: 'config.audio_format',
      found: describeFormat(format),
    });
  }
  expect(describeFormat({ ...telephone, channels: 6 })).toBe('mulaw 8000 Hz 6 channels');
});
