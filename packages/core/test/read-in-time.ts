// For tests: streams read in virtual time, when each ended, and whether anything was left behind.
import { getEventListeners } from 'node:events';
import { createVirtualClock, type VirtualClock } from '@voicewire/testing';
import { expect } from 'vitest';
import { collect } from './collect.js';

export const never = new Promise<never>(() => undefined);

/** Heeds nothing: no result, no end, no signal. */
export const deaf = { [Symbol.asyncIterator]: () => ({ next: () => never }) };

export interface Read<Event> {
  readonly events: Event[];
  /** When it ended, and with what. */
  ended?: { readonly atMs: number; readonly error: unknown };
}

export interface Reader {
  readonly clock: VirtualClock;
  readonly controller: AbortController;
  readonly read: <Event>(stream: AsyncIterable<Event>) => Read<Event>;
  readonly expectNothingLeft: () => void;
}

export function createReader(): Reader {
  const clock = createVirtualClock();
  const controller = new AbortController();
  return {
    clock,
    controller,
    read(stream) {
      const { events, ended } = collect(stream);
      const reading: Read<(typeof events)[number]> = { events };
      void ended.then((error) => (reading.ended = { atMs: clock.now(), error }));
      return reading;
    },
    expectNothingLeft() {
      expect(clock.pendingTimers).toBe(0);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    },
  };
}
