// Code of the application that holds the loop is named, once; what it gives and throws passes.
import { createScriptedLlm, createVirtualClock } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { playCall } from '../../test/play-call.js';
import { systemClock } from '../clock/system-clock.js';
import type { Clock } from '../spec/clock.js';
import { createHookWatch } from './hook-watch.js';

function watched() {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    setTimeout: () => ({ timer: undefined }),
    clearTimeout: () => undefined,
  };
  const told: [string, number][] = [];
  const hook = createHookWatch(clock, (name, ms) => told.push([name, ms]));
  return { hook, told, takes: (ms: number) => (nowMs += ms) };
}

it('names what held the loop, once', () => {
  const { hook, told, takes } = watched();
  hook('quick', () => takes(49));
  expect(hook('slow', () => takes(80))).toBe(129);
  hook('slow', () => takes(90));
  expect(told).toEqual([['slow', 80]]);
});

it('lets through what a hook throws, and counts that too', () => {
  const { hook, told, takes } = watched();
  expect(() =>
    hook('angry', () => {
      takes(60);
      throw new TypeError('no');
    }),
  ).toThrow(TypeError);
  expect(told).toEqual([['angry', 60]]);
});

it('does not count what a hook waits for', async () => {
  const { hook, told, takes } = watched();
  await hook('patient', async () => {
    await Promise.resolve();
    takes(500);
  });
  expect(told).toEqual([]);
});

it.each(['listener', 'tap', 'instructions'] as const)('a call names its %s', async (which) => {
  let hasHeld = false;
  const hold = (): void => {
    if (hasHeld) return;
    hasHeld = true;
    const until = performance.now() + 60;
    while (performance.now() < until);
  };
  const virtual = createVirtualClock();
  // Virtual time with the real one on top of it: what holds the loop shows in `now`.
  const startMs = systemClock.now();
  const mixed = { ...virtual, run: virtual.run, now: () => virtual.now() + (systemClock.now() - startMs) };
  Object.defineProperty(mixed, 'pendingTimers', { get: () => virtual.pendingTimers });
  const { of } = await playCall({
    virtualClock: mixed,
    agent: {
      name: 'test',
      greeting: 'Hello.',
      instructions: () => {
        if (which === 'instructions') hold();
        return 'Answer.';
      },
      turn: { silenceMs: 60_000 },
    },
    providers: { llm: createScriptedLlm({ responses: () => 'Yes.' }) },
    onCall: (call) => {
      if (which === 'listener') call.on('agent-heard', hold);
      if (which === 'tap') call.onAudio(hold);
    },
    script: async (hands) => {
      await hands.agentFinishes();
      await hands.say('hello there');
      await hands.wait(3_000);
    },
  });
  const names = {
    listener: 'The listener of "agent-heard"',
    tap: 'An audio tap',
    instructions: 'The instructions',
  };
  const told = of('error').filter(({ code }) => code === 'call.hook_held_loop');
  expect(told.some(({ message }) => message.startsWith(names[which]))).toBe(true);
});
