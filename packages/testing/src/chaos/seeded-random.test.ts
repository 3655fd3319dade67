// Chance is the same for the same seeds, different for others, and fair.
import { expect, it } from 'vitest';
import { seededRandom } from './seeded-random.js';

function draw(count: number, ...seeds: number[]): number[] {
  const random = seededRandom(...seeds);
  return Array.from({ length: count }, random);
}

it('repeats for the same seeds, in this order', () => {
  expect(draw(5, 1, 2)).toEqual(draw(5, 1, 2));
  const firsts = [draw(1, 1, 2), draw(1, 2, 1), draw(1, 1), draw(1, 1, 3), draw(1, 0, 0, 3)].flat();
  expect(new Set(firsts).size).toBe(5);
});

it('lies evenly between 0 and 1', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const value of draw(100_000, 7))
    tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? 0) + 1;
  expect(Math.min(...tenths)).toBeGreaterThan(9_600);
  expect(Math.max(...tenths)).toBeLessThan(10_400);
});

it('differs from one neighbouring seed to the next', () => {
  const firsts = Array.from({ length: 10_000 }, (_, seed) => draw(1, 1, seed, 0)[0] ?? 0);
  const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
  expect(mean).toBeGreaterThan(0.48);
  expect(mean).toBeLessThan(0.52);
});
