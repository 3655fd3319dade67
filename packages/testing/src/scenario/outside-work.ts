// Work of an agent that no virtual clock can wait for: tools that ask a database, models behind a network.
import { systemClock, type LlmAdapter, type LlmPart } from '@voicewire/core/adapter';
import type { VirtualClock } from '../virtual-clock.js';

/** While something outside is waited for, the call's clock runs at the pace of the real one; otherwise it jumps. */
export interface OutsideWork {
  watch<Value>(work: () => Value | Promise<Value>): Promise<Value>;
  /** Moves the clock until `isOver`. Rejects with `testing.clock_stuck` when nothing more can happen before that. */
  run(clock: VirtualClock, isOver: () => boolean): Promise<void>;
}

const lookEveryMs = 5;

/** What takes longer than `givenUpMs` is not waited for any more: the call has deadlines of its own for everything. */
export function createOutsideWork({ givenUpMs = 15_000 } = {}): OutsideWork {
  const beganAt = new Map<object, number>();
  const isPending = (): boolean =>
    [...beganAt.values()].some((beganMs) => systemClock.now() - beganMs < givenUpMs);
  return {
    async watch(work) {
      const key = {};
      beganAt.set(key, systemClock.now());
      try {
        return await work();
      } finally {
        beganAt.delete(key);
      }
    },
    async run(clock, isOver) {
      // What settles without leaving the process has settled whenever the clock asks.
      while (!isOver()) {
        await clock.run({ until: () => isOver() || isPending() });
        while (!isOver() && isPending()) await keepPace(clock);
      }
    },
  };
}

async function keepPace(clock: VirtualClock): Promise<void> {
  const beganMs = systemClock.now();
  await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, lookEveryMs));
  await clock.advance(systemClock.now() - beganMs);
}

/** The same model; each of its parts is waited for. Scripted ones live on the call's own clock. */
export function withWatchedParts(adapter: LlmAdapter, outside: OutsideWork): LlmAdapter {
  if (adapter.healthKey.endsWith('@script')) return adapter;
  return {
    ...adapter,
    async *generate(request): AsyncGenerator<LlmPart> {
      const parts = adapter.generate(request)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await outside.watch(() => parts.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        await parts.return?.();
      }
    },
  };
}
