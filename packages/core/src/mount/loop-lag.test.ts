// The loop's lag as it is: a loop that is late all the time says so.
import { afterEach, expect, it } from 'vitest';
import { watchLoopLag, type LoopLag } from './loop-lag.js';

let lag: LoopLag;
afterEach(() => {
  lag.close();
});

/** Holds the loop. */
function hold(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const turn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

it('is high while every turn of the loop is long', async () => {
  lag = watchLoopLag();
  for (let index = 0; index < 15; index += 1) {
    hold(120);
    await turn();
  }
  expect(lag.ms()).toBeGreaterThan(60);
});

it('is busy when two seconds on end were, and one long piece of work is not', async () => {
  lag = watchLoopLag();
  hold(1_100);
  await turn();
  expect(lag.utilization()).toBe(0);
  await new Promise((resolve) => void setTimeout(resolve, 1_100));
  expect(lag.utilization()).toBeLessThan(0.9);
  for (let index = 0; index < 35; index += 1) {
    hold(120);
    // Without a moment of waiting.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(lag.utilization()).toBeGreaterThan(0.9);
});
