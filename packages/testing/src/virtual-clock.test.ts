// The virtual clock: order, settling between timers, guards, cost.
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from './virtual-clock.js';

describe('createVirtualClock', () => {
  it('fires timers by due time, and by creation where due together', async () => {
    const clock = createVirtualClock({ startMs: 1000 });
    const fired: string[] = [];
    clock.setTimeout(() => fired.push(`late ${clock.now()}`), 30);
    clock.setTimeout(() => fired.push(`first ${clock.now()}`), 20);
    clock.setTimeout(() => fired.push(`second ${clock.now()}`), 20);
    await clock.advance(25);
    expect(fired).toEqual(['first 1020', 'second 1020']);
    expect(clock.now()).toBe(1025);
    await clock.advanceTo(1030);
    expect(fired.at(-1)).toBe('late 1030');
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets every promise settle between two timers of the same moment', async () => {
    const clock = createVirtualClock();
    const order: string[] = [];
    clock.setTimeout(() => {
      void (async () => {
        for (let hop = 0; hop < 20; hop += 1) await Promise.resolve();
        order.push('promises of the first');
      })();
    }, 5);
    clock.setTimeout(() => order.push('second'), 5);
    await clock.advance(5);
    expect(order).toEqual(['promises of the first', 'second']);
  });

  it('fires timers that timers make, on time', async () => {
    const clock = createVirtualClock();
    const times: number[] = [];
    function tick(): void {
      times.push(clock.now());
      if (times.length < 5) clock.setTimeout(tick, 20);
    }
    clock.setTimeout(tick, 20);
    await clock.run();
    expect(times).toEqual([20, 40, 60, 80, 100]);
  });

  it('forgets cleared timers, also when most are cleared', async () => {
    const clock = createVirtualClock();
    const fired: number[] = [];
    const handles = Array.from({ length: 5000 }, (_, index) =>
      clock.setTimeout(() => fired.push(index), 1 + (index % 7)),
    );
    for (const [index, handle] of handles.entries()) if (index % 100 !== 0) clock.clearTimeout(handle);
    clock.clearTimeout(undefined);
    expect(clock.pendingTimers).toBe(50);
    await clock.run();
    const expected = Array.from({ length: 50 }, (_, index) => index * 100).sort(
      (a, b) => (a % 7) - (b % 7) || a - b,
    );
    expect(fired).toEqual(expected);
    clock.clearTimeout(handles[0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops at the condition, without running what comes after', async () => {
    const clock = createVirtualClock();
    let count = 0;
    for (let index = 1; index <= 10; index += 1) clock.setTimeout(() => (count += 1), index * 10);
    await clock.run({ until: () => count === 3 });
    expect(clock.now()).toBe(30);
    expect(clock.pendingTimers).toBe(7);
  });

  it('says that it is stuck, and on what', async () => {
    const clock = createVirtualClock();
    await expect(clock.run({ until: () => false })).rejects.toMatchObject({ code: 'testing.clock_stuck' });
    clock.setTimeout(function farAway() {}, 10_000);
    await expect(clock.run({ until: () => false, untilMs: 500 })).rejects.toThrow(
      /at 500 ms.*farAway.*due at 10000 ms/,
    );
  });

  it('stops a runaway and names the timers', async () => {
    const clock = createVirtualClock({ maxTimersAtOnce: 1000 });
    clock.setTimeout(function respawn() {
      clock.setTimeout(respawn, 0);
    }, 0);
    clock.setTimeout(function patient() {}, 50);
    await expect(clock.run()).rejects.toThrow(/time did not move on.*patient/);
    const periodic = createVirtualClock({ maxTimersPerRun: 1000 });
    periodic.setTimeout(function beat() {
      periodic.setTimeout(beat, 20);
    }, 20);
    await expect(periodic.run()).rejects.toMatchObject({ code: 'testing.clock_runaway' });
  });

  it('passes on what a timer throws, and can be moved again', async () => {
    const clock = createVirtualClock();
    clock.setTimeout(() => {
      throw new RangeError('from the timer');
    }, 1);
    await expect(clock.advance(5)).rejects.toThrow(RangeError);
    await clock.advance(5);
    expect(clock.now()).toBe(6);
  });

  it('refuses to be moved twice at once', async () => {
    const clock = createVirtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toMatchObject({ code: 'testing.clock_busy' });
    await first;
    expect(clock.now()).toBe(10);
  });
});
