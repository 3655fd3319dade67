// What every stream promises its reader: order, one consumer, an end that cannot be missed, and nothing left behind.
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isVoiceError } from '../errors/voice-error.js';
import { createEventQueue, type EventQueue } from './event-queue.js';

async function readAll<T>(queue: AsyncIterable<T>): Promise<{ events: T[]; error: unknown }> {
  const events: T[] = [];
  try {
    for await (const event of queue) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

function filled(count: number, options: Parameters<typeof createEventQueue>[0] = {}): EventQueue<number> {
  const queue = createEventQueue<number>(options);
  for (let event = 0; event < count; event += 1) queue.push(event);
  return queue;
}

describe('createEventQueue', () => {
  it('gives events in the order they were pushed, before and while somebody reads', async () => {
    const queue = filled(3);
    const reading = readAll(queue);
    await Promise.resolve();
    queue.push(3);
    queue.push(4);
    queue.finish();
    expect(await reading).toEqual({ events: [0, 1, 2, 3, 4], error: undefined });
  });

  it('gives what came before a failure, then throws it once', async () => {
    const queue = filled(2);
    const failure = new Error('peer closed');
    queue.fail(failure);
    queue.push(99);
    const iterator = queue[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toBe(failure);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('keeps the first end: a failure after finishing, or finishing after a failure, changes nothing', async () => {
    const finished = filled(0);
    finished.finish();
    finished.fail(new Error('late'));
    expect((await readAll(finished)).error).toBeUndefined();

    const failed = filled(0);
    const failure = new Error('first');
    failed.fail(failure);
    failed.finish();
    expect((await readAll(failed)).error).toBe(failure);
  });

  it('wakes every reader that waits when it ends', async () => {
    const queue = filled(0);
    const iterator = queue[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()];
    queue.push(7);
    queue.finish();
    expect(await Promise.all(waiting)).toEqual([
      { done: false, value: 7 },
      { done: true, value: undefined },
    ]);
  });

  it('refuses a second reader with a typed error', () => {
    const queue = filled(1);
    queue[Symbol.asyncIterator]();
    let thrown: unknown;
    try {
      queue[Symbol.asyncIterator]();
    } catch (error) {
      thrown = error;
    }
    expect(isVoiceError(thrown) && thrown.code).toBe('stream.already_read');
  });

  it('cancels when the reader leaves its loop, once, and ignores what comes later', async () => {
    let cancelled = 0;
    const queue = filled(3, { onCancel: () => (cancelled += 1) });
    for await (const event of queue) if (event === 1) break;
    queue.push(4);
    queue.fail(new Error('late'));
    expect(cancelled).toBe(1);
    expect(queue.isOver).toBe(true);
  });

  it('does not cancel when the reader reached the end', async () => {
    let cancelled = 0;
    const queue = filled(1, { onCancel: () => (cancelled += 1) });
    queue.finish();
    await readAll(queue);
    expect(cancelled).toBe(0);
  });

  it('does not cancel when the reader leaves after the producer was done', async () => {
    let cancelled = 0;
    const queue = filled(3, { onCancel: () => (cancelled += 1) });
    queue.finish();
    for await (const event of queue) if (event === 1) break;
    expect(cancelled).toBe(0);
  });

  it('ends a read that waits when the reader returns', async () => {
    const iterator = filled(0)[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe('an aborted queue', () => {
  it('drops what is queued and throws the reason', async () => {
    const controller = new AbortController();
    let cancelled = 0;
    const queue = filled(3, { signal: controller.signal, onCancel: () => (cancelled += 1) });
    controller.abort('hung up');
    expect(await readAll(queue)).toEqual({ events: [], error: 'hung up' });
    expect(cancelled).toBe(1);
  });

  it('wakes the reader that waits', async () => {
    const controller = new AbortController();
    const reading = readAll(filled(0, { signal: controller.signal }));
    controller.abort('hung up');
    expect((await reading).error).toBe('hung up');
  });

  it('is over from the start when the signal was', async () => {
    const queue = filled(1, { signal: AbortSignal.abort('too late') });
    expect(queue.isOver).toBe(true);
    expect(await readAll(queue)).toEqual({ events: [], error: 'too late' });
  });

  it('throws the reason also when the producer had finished but the reader had not', async () => {
    const controller = new AbortController();
    const queue = filled(3, { signal: controller.signal });
    queue.finish();
    const iterator = queue[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort('hung up');
    await expect(iterator.next()).rejects.toBe('hung up');
  });

  it.each(['finish', 'fail', 'leave', 'abort'])('leaves no listener on the signal after %s', async (how) => {
    const controller = new AbortController();
    const queue = filled(1, { signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    if (how === 'finish') queue.finish();
    if (how === 'fail') queue.fail(new Error('broken'));
    if (how === 'leave') await queue[Symbol.asyncIterator]().return?.();
    if (how === 'abort') controller.abort();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});

describe('a bounded queue', () => {
  it('says once that it is full, and once that it has drained', async () => {
    const calls: string[] = [];
    const queue = filled(6, {
      highWater: 4,
      lowWater: 2,
      onFull: () => calls.push('full'),
      onDrained: () => calls.push('drained'),
    });
    expect(calls).toEqual(['full']);
    const iterator = queue[Symbol.asyncIterator]();
    for (let read = 0; read < 3; read += 1) await iterator.next();
    expect(calls).toEqual(['full']);
    await iterator.next();
    expect(calls).toEqual(['full', 'drained']);
    queue.push(6);
    queue.push(7);
    expect(calls).toEqual(['full', 'drained', 'full']);
  });
});

describe('a failure nobody reads', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));

  it('is no unhandled rejection, nor is a read that was given up on', async () => {
    filled(0).fail(new Error('unread'));
    const abandoned = filled(0);
    void abandoned[Symbol.asyncIterator]().next();
    abandoned.fail(new Error('given up on'));
    // Node reports unhandled rejections after the microtasks of a turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
