import { describe, expect, it } from 'vitest';
import { createSampleConverter } from './resampler.js';

function convert(samples: Float32Array, fromRate: number, toRate: number): number[] {
  const converter = createSampleConverter(fromRate, toRate);
  const output: number[] = [];
  for (const sample of samples) {
    converter.push(sample);
    while (converter.isReady()) output.push(converter.pull());
  }
  return output;
}

function sine(hertz: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / rate));
}

function decibels(samples: readonly number[]): number {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length + 1e-12);
}

describe('sample converter', () => {
  it.each([
    [48_000, 16_000],
    [44_100, 16_000],
    [16_000, 48_000],
    [16_000, 44_100],
    [48_000, 8_000],
  ])('keeps a 1 kHz tone in its place from %i to %i Hz', (fromRate, toRate) => {
    const output = convert(sine(1_000, fromRate, fromRate), fromRate, toRate);
    const wanted = sine(1_000, toRate, output.length);
    const middle = output.slice(200, -200);
    const difference = middle.map((sample, index) => sample - (wanted[index + 200] ?? 0));
    expect(decibels(difference) - decibels(middle)).toBeLessThan(-60);
  });

  it.each([48_000, 44_100])('lets nothing through from above the new band (%i Hz)', (fromRate) => {
    const output = convert(sine(9_500, fromRate, fromRate), fromRate, 16_000);
    expect(decibels(output.slice(200, -200))).toBeLessThan(-60);
  });

  it('gives the samples back at equal rates', () => {
    const input = sine(440, 16_000, 320);
    expect(convert(input, 16_000, 16_000)).toEqual([...input]);
  });

  it('makes as many samples as the time is long', () => {
    expect(convert(new Float32Array(441_000), 44_100, 16_000).length).toBeGreaterThan(159_900);
    expect(convert(new Float32Array(441_000), 44_100, 16_000).length).toBeLessThanOrEqual(160_000);
  });
});
