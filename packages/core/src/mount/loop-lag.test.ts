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
