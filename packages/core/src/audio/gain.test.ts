import { describe, expect, it } from 'vitest';
import type { AudioFormat } from '../spec/audio.js';
import { silence } from './format.js';
import { applyGain, measureLevel } from './gain.js';
import { samplesOf } from './pcm.js';
import { audioOf, peakAt, sine } from './test-signals.js';

const pcm: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
const formats: readonly AudioFormat[] = [
  pcm,
  { ...pcm, encoding: 'mulaw' },
  { ...pcm, encoding: 'alaw', channels: 2 },
];

describe.each(formats)('$encoding', (format) => {
  const tone = audioOf(sine(500, 16_000, 1_600, peakAt(-20)), format);

  it('is measured in dB below full scale', () => {
    const level = measureLevel(tone, format);
    expect(level.peakDbfs).toBeCloseTo(-20, 0);
    expect(level.rmsDbfs).toBeCloseTo(-23, 0);
  });

  it('becomes as much louder or softer as asked, in new memory', () => {
    const before = tone.slice();
    expect(measureLevel(applyGain(tone, format, 12), format).rmsDbfs).toBeCloseTo(-11, 0);
    expect(measureLevel(applyGain(tone, format, -12), format).rmsDbfs).toBeCloseTo(-35, 0);
    expect(tone).toEqual(before);
  });

  it('is never below −100 dBFS', () => {
    // A-law has no zero: its silence is the smallest step.
    const floor = format.encoding === 'alaw' ? -72.2 : -100;
    expect(measureLevel(silence(20, format), format).rmsDbfs).toBeCloseTo(floor, 1);
    expect(measureLevel(new Uint8Array(0), format)).toEqual({ rmsDbfs: -100, peakDbfs: -100 });
  });
});

it('holds at the limits instead of wrapping', () => {
  const loud = samplesOf(applyGain(audioOf(Int16Array.of(20_000, -20_000, 1), pcm), pcm, 20));
  expect([...loud]).toEqual([32_767, -32_768, 10]);
});
