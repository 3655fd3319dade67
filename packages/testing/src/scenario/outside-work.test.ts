import { expect, it } from 'vitest';
import { createVirtualClock } from '../virtual-clock.js';
import { createOutsideWork } from './outside-work.js';

it('time stands still for nobody: what is inside the process takes none', async () => {
  const outside = createOutsideWork();
  const clock = createVirtualClock();
  let at: number | undefined;
  clock.setTimeout(() => {
    void outside.watch(async () => Promise.resolve('done')).then(() => (at = clock.now()));
  }, 5_000);
  await outside.run(clock, () => at !== undefined);
  expect(at).toBe(5_000);
});

it('while something outside is waited for, the clock goes on, and what is due happens', async () => {
  const outside = createOutsideWork();
  const clock = createVirtualClock();
  const order: string[] = [];
  let isDone = false;
  clock.setTimeout(() => void order.push('due meanwhile'), 10);
  clock.setTimeout(() => void order.push('due in an hour'), 3_600_000);
  void outside
    .watch(() => new Promise((resolve) => void setTimeout(resolve, 60)))
    .then(() => {
      order.push('done');
      isDone = true;
    });
  await outside.run(clock, () => isDone);
  expect(order).toEqual(['due meanwhile', 'done']);
});

it('what never settles is not waited for for ever', async () => {
  const outside = createOutsideWork({ givenUpMs: 20 });
  const clock = createVirtualClock();
  let isOver = false;
  void outside.watch(() => new Promise(() => undefined));
  clock.setTimeout(() => void (isOver = true), 3_600_000);
  await outside.run(clock, () => isOver);
  expect(clock.now()).toBeGreaterThanOrEqual(3_600_000);
});

it('what fails, fails where it was asked for', async () => {
  const outside = createOutsideWork();
  await expect(outside.watch(() => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
  const clock = createVirtualClock();
  await expect(outside.run(clock, () => false)).rejects.toMatchObject({ code: 'testing.clock_stuck' });
});
