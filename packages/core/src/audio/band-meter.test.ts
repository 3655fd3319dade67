import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AudioFormat } from '../spec/audio.js';
import { createBandMeter } from './band-meter.js';
import { audioOf, noise, peakAt, pieces, sine } from './test-signals.js';

const formats: readonly AudioFormat[] = [
  { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 48_000, channels: 2 },
];

/** The power of each block, low and high. */
function measured(
  samples: Int16Array,
  format: AudioFormat,
  sizes: readonly number[] = [320],
): [number, number][] {
  const blocks: [number, number][] = [];
  const meter = createBandMeter(format, (low, high) => blocks.push([low, high]));
  for (const piece of pieces(audioOf(samples, format), sizes)) meter.push(piece);
  return blocks;
}

describe.each(formats)('$encoding $sampleRate/$channels', (format) => {
  const count = format.sampleRate / 10;
  const power = peakAt(-10) ** 2 / 2;

  /** The mean of all blocks but the first, in parts of the tone's own power. */
  function parts(hz: number): readonly [number, number] {
    const blocks = measured(sine(hz, format.sampleRate, count, peakAt(-10)), format);
    expect(blocks).toHaveLength(10);
    const mean = (band: 0 | 1): number =>
      blocks.slice(1).reduce((sum, block) => sum + block[band], 0) / 9 / power;
    return [mean(0), mean(1)];
  }

  it('puts tones into their band, and those below a voice into none', () => {
    expect(parts(400)[0]).toBeGreaterThan(0.75);
    expect(parts(400)[1]).toBeLessThan(0.15);
    expect(parts(3_000)[0]).toBeLessThan(0.15);
    expect(parts(3_000)[1]).toBeGreaterThan(0.85);
    expect(parts(40)[0] + parts(40)[1]).toBeLessThan(0.2);
  });

  it('finds no power in a constant', () => {
    for (const [low, high] of measured(new Int16Array(count).fill(-12_000), format).slice(2)) {
      expect(low + high).toBeLessThan(1);
    }
  });

  it('measures the same however the audio is cut', () => {
    const samples = noise(-12, count);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (sizes) => {
        expect(measured(samples, format, sizes)).toEqual(measured(samples, format));
      }),
      { numRuns: 30 },
    );
  });
});

it('measures ten milliseconds at a time, or whole samples where they do not fit', () => {
  const blockMs = (format: AudioFormat): number => createBandMeter(format, () => undefined).blockMs;
  for (const format of formats) expect(blockMs(format)).toBe(10);
  expect(blockMs({ encoding: 'pcm_s16le', sampleRate: 22_050, channels: 1 })).toBeCloseTo(
    (220 / 22_050) * 1_000,
  );
});
