import { describe, expect, it } from 'vitest';
import { createLazyStream } from './lazy-stream.js';

const never = new AbortController().signal;

describe('createLazyStream', () => {
  it('begins when it is first read', async () => {
    let hasBegun = false;
    async function* count(): AsyncGenerator<number> {
      hasBegun = true;
      yield 1;
    }
    const iterator = createLazyStream(never, count)[Symbol.asyncIterator]();
    expect(hasBegun).toBe(false);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
  });

  it('has one reader', async () => {
    const stream = createLazyStream(never, async function* () {
      yield 1;
    });
    for await (const _ of stream) break;
    expect(() => stream[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: 'stream.already_read' }),
    );
  });

  it('gives nothing after an abort, not even what was ready, and lets go of the source', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    let wasLeft = false;
    const given: number[] = [];
    const reading = (async () => {
      const stream = createLazyStream(stop.signal, async function* () {
        try {
          yield* [1, 2, 3];
        } finally {
          wasLeft = true;
        }
      });
      for await (const item of stream) {
        given.push(item);
        stop.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect([given, wasLeft]).toEqual([[1], true]);
  });

  it('throws the reason when aborted before it began or at its very end', async () => {
    const reason = new Error('enough');
    const early = createLazyStream(AbortSignal.abort(reason), async function* () {
      expect.unreachable();
    });
    await expect(early[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    const stop = new AbortController();
    const late = createLazyStream(stop.signal, async function* () {
      yield 1;
      stop.abort(reason);
    });
    const iterator = late[Symbol.asyncIterator]();
    await iterator.next();
    await expect(iterator.next()).rejects.toBe(reason);
  });
});
