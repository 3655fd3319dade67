import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canResample, createResampler, type ResamplerOptions } from './resample.js';
import { joined, noise, peakAt, ratioDb, rms, sine } from './test-signals.js';

const usualRates = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const usualPairs = usualRates.flatMap((fromRate) =>
  usualRates.filter((toRate) => toRate !== fromRate).map((toRate) => ({ fromRate, toRate })),
);

function resampled(samples: Int16Array, rates: ResamplerOptions): Int16Array {
  const resampler = createResampler(rates);
  return joined(resampler.push(samples), resampler.flush());
}

/** The middle half, away from where the tone begins and ends. */
const middle = (samples: Int16Array): Int16Array =>
  samples.subarray(samples.length >> 2, (samples.length >> 2) * 3);

describe.each(usualPairs)('$fromRate to $toRate Hz', (rates) => {
  const { fromRate, toRate } = rates;
  const lowNyquist = Math.min(fromRate, toRate) / 2;
  const count = fromRate / 10;

  it('gives as many samples as the time they last', () => {
    for (const length of [0, 1, 441, count]) {
      expect(resampled(noise(-20, length), rates)).toHaveLength(Math.ceil((length * toRate) / fromRate));
    }
  });

  it('passes what a voice needs, in time and unchanged', () => {
    for (const part of [0.05, 0.4, 0.85]) {
      const hz = part * lowNyquist;
      const output = resampled(sine(hz, fromRate, count), rates);
      const ideal = sine(hz, toRate, output.length);
      const error = output.map((sample, index) => sample - (ideal[index] ?? 0));
      // A shift of a hundredth of a sample, a ripple of a hundredth of a dB or an image would show here.
      expect(ratioDb(rms(middle(error)), rms(middle(output)))).toBeLessThan(-60);
    }
  });
});

const downward = usualPairs.filter(({ fromRate, toRate }) => fromRate > toRate);

it.each(downward)('keeps out what the lower rate can not carry: $fromRate to $toRate Hz', (rates) => {
  const { fromRate, toRate } = rates;
  for (const hz of [1.01, 1.3, 1.9].map((part) => (part * toRate) / 2)) {
    if (hz >= fromRate / 2) continue;
    const tone = sine(hz, fromRate, fromRate / 10);
    expect(ratioDb(rms(middle(resampled(tone, rates))), rms(tone))).toBeLessThan(-65);
  }
});

it('gives the same samples however the input is cut', () => {
  const input = noise(-10, 4_000);
  const rates = fc.constantFrom<ResamplerOptions>(
    { fromRate: 24_000, toRate: 8_000 },
    { fromRate: 8_000, toRate: 16_000 },
    { fromRate: 22_050, toRate: 8_000 },
    { fromRate: 44_100, toRate: 48_000 },
  );
  fc.assert(
    fc.property(rates, fc.array(fc.nat(3_000), { maxLength: 12 }), (options, cuts) => {
      const resampler = createResampler(options);
      const borders = [0, ...cuts.sort((a, b) => a - b), input.length];
      const output = borders
        .slice(1)
        .map((end, index) => resampler.push(input.subarray(borders[index], end)));
      expect(joined(...output, resampler.flush())).toEqual(resampled(input, options));
    }),
    { numRuns: 60 },
  );
});

it('holds back exactly the delay it names', () => {
  const resampler = createResampler({ fromRate: 24_000, toRate: 8_000 });
  const given = resampler.push(new Int16Array(24_000)).length;
  expect(resampler.delayMs).toBeGreaterThan(1);
  expect(resampler.delayMs).toBeLessThan(5);
  expect(8_000 - given).toBe(Math.floor(resampler.delayMs * 8));
});

it('begins anew after flush', () => {
  const rates = { fromRate: 16_000, toRate: 8_000 };
  const resampler = createResampler(rates);
  resampler.push(noise(-5, 1_234));
  resampler.flush();
  const tone = sine(440, 16_000, 1_600);
  expect(joined(resampler.push(tone), resampler.flush())).toEqual(resampled(tone, rates));
});

it('passes a constant unchanged and holds at the limits instead of wrapping', () => {
  const constant = resampled(new Int16Array(4_410).fill(12_345), { fromRate: 44_100, toRate: 16_000 });
  expect([...new Set(middle(constant))]).toEqual([12_345]);
  const square = Int16Array.from({ length: 4_800 }, (_, index) => (index % 96 < 48 ? 32_767 : -32_768));
  const output = resampled(square, { fromRate: 48_000, toRate: 16_000 });
  // The overshoot at each edge would wrap to the other sign.
  for (let index = 64; index < output.length - 64; index += 1) {
    if (index % 32 > 2 && index % 32 < 14) expect(output[index]).toBeGreaterThan(peakAt(-3));
  }
});

it('passes equal rates through', () => {
  const resampler = createResampler({ fromRate: 8_000, toRate: 8_000 });
  const samples = noise(-20, 160);
  expect(resampler.push(samples)).toBe(samples);
  expect(resampler.flush()).toHaveLength(0);
  expect(resampler.delayMs).toBe(0);
});

it('takes odd rates, but none that would need an endless filter', () => {
  expect(canResample({ fromRate: 11_025, toRate: 8_000 })).toBe(true);
  expect(canResample({ fromRate: 12_000, toRate: 44_100 })).toBe(true);
  expect(canResample({ fromRate: 48_000, toRate: 47_999 })).toBe(false);
});
