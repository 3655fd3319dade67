// The cases of the heartbeat that sockets can't show: our own event loop stood still, or we had stopped reading.
import { expect, it } from 'vitest';
import type { Clock } from '../spec/clock.js';
import { startHeartbeat } from './websocket-heartbeat.js';

/** A clock without timers of its own: the test says when one fires, and how late. */
function start(isPaused: () => boolean) {
  let nowMs = 0;
  let due: (() => void) | undefined;
  const clock: Clock = {
    now: () => nowMs,
    setTimeout: (callback) => {
      due = callback;
      return { timer: undefined };
    },
    clearTimeout: () => (due = undefined),
  };
  const events: string[] = [];
  startHeartbeat({
    clock,
    pingEveryMs: 1000,
    ping: () => events.push('ping'),
    sendKeepAlive: () => undefined,
    isPaused,
    onDead: () => events.push('dead'),
  });
  const fireAt = (ms: number): void => {
    nowMs = ms;
    due?.();
  };
  return { events, fireAt };
}

it('does not blame the peer for a stall of our own', () => {
  const { events, fireAt } = start(() => false);
  fireAt(1000);
  fireAt(9000);
  expect(events).toEqual(['ping', 'ping']);
  fireAt(10_000);
  expect(events).toEqual(['ping', 'ping', 'dead']);
});

it('does not blame the peer for an answer we do not read', () => {
  let isPaused = true;
  const { events, fireAt } = start(() => isPaused);
  fireAt(1000);
  fireAt(2000);
  expect(events).toEqual(['ping', 'ping']);
  isPaused = false;
  fireAt(3000);
  expect(events).toEqual(['ping', 'ping', 'dead']);
});
