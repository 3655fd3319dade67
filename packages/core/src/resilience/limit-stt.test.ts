// A recogniser that is mute behind an adapter that answers in its place, in virtual time.
import { createScriptedStt, createVirtualClock } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { collect } from '../../test/collect.js';
import { silence } from '../audio/format.js';
import type { SttAdapter, SttEvent } from '../spec/stt.js';
import { defaultBudgets } from './budgets.js';
import { limitStt } from './limit-stt.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

/** Says this, and a second later what a kit says for a provider that leaves a flush unanswered. */
async function endOf(said: readonly SttEvent[]): Promise<unknown> {
  const clock = createVirtualClock();
  const mute: SttAdapter = {
    ...createScriptedStt(),
    open: () => ({
      write: () => undefined,
      flush: () => undefined,
      end: () => undefined,
      async *[Symbol.asyncIterator](): AsyncGenerator<SttEvent> {
        yield { type: 'ready' };
        yield* said;
        await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 1_000));
        yield { type: 'flushed', settledMs: 0 };
        await new Promise(() => undefined);
      },
    }),
  };
  const { signal } = new AbortController();
  const stream = limitStt(mute, defaultBudgets.stt).open({ format, clock, signal, isSpeech: () => false });
  let failure: unknown;
  void (async () => {
    for await (const event of stream) expect(event).toBeDefined();
  })().catch((error: unknown) => (failure = error));
  await clock.advance(0);
  stream.flush();
  await clock.advance(defaultBudgets.stt.silenceMs);
  return failure;
}

it('has not answered a flush as long as words it has begun are undecided', async () => {
  const partial = { type: 'partial', text: 'hello', startMs: 0, endMs: 400 } as const;
  expect(await endOf([partial])).toMatchObject({ class: 'stalled' });
});

it('may leave a flush to its adapter where it has begun no words', async () => {
  expect(await endOf([])).toBeUndefined();
});

it.each([
  [200, 1_300],
  [1_000, 500],
  [1_400, 400],
])('that was mute for %d ms of speech has %d ms to answer a flush', async (speechMs, limitMs) => {
  const clock = createVirtualClock();
  const { signal } = new AbortController();
  const mute = createScriptedStt({ script: [], faults: [{ type: 'stall' }] });
  const stream = limitStt(mute, defaultBudgets.stt).open({ format, clock, signal, isSpeech: () => true });
  const { ended } = collect(stream);
  let failedAtMs: number | undefined;
  void ended.then(() => (failedAtMs = clock.now()));
  await clock.advance(0);
  for (let atMs = 0; atMs < speechMs; atMs += 20) {
    await clock.advance(20);
    stream.write(silence(20, format));
  }
  stream.flush();
  const flushedAtMs = clock.now();
  await clock.run();
  expect((failedAtMs ?? Infinity) - flushedAtMs).toBe(limitMs);
  expect(await ended).toMatchObject({ class: 'stalled' });
});
