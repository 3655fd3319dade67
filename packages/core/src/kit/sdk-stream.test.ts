// The contract of a stream over a vendor's callbacks, with a vendor that does whatever a test wants.
import { getEventListeners } from 'node:events';
import { createVirtualClock } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { SttEvent } from '../spec/stt.js';
import {
  type CountedSttStream,
  openSdkStream,
  type SdkStreamOptions,
  type SttFeed,
  type SttTransport,
} from './sdk-stream.js';

interface Vendor {
  readonly stream: CountedSttStream;
  readonly feed: SttFeed;
  /** What the vendor's client was told. */
  readonly calls: string[];
  readonly controller: AbortController;
}

function open(options: Partial<SdkStreamOptions> = {}, transport: Partial<SttTransport> = {}): Vendor {
  const calls: string[] = [];
  const controller = new AbortController();
  let feed: SttFeed | undefined;
  const client: SttTransport = {
    write: (audio) => calls.push(`write ${audio.join()}`),
    flush: () => calls.push('flush'),
    end: () => calls.push('end'),
    close: () => void calls.push('close'),
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    ...transport,
  };
  const stream = openSdkStream({
    provider: 'acme',
    signal: controller.signal,
    start: (given) => {
      feed = given;
      return client;
    },
    ...options,
  });
  return {
    stream,
    get feed() {
      return feed as SttFeed;
    },
    calls,
    controller,
  };
}

const final = (settledMs: number): SttEvent => ({
  type: 'final',
  text: 'hello',
  startMs: 0,
  endMs: settledMs,
  settledMs,
  words: [],
});

async function readAll(stream: AsyncIterable<SttEvent>): Promise<{ types: string[]; error: unknown }> {
  const types: string[] = [];
  try {
    for await (const event of stream) types.push(event.type);
  } catch (error) {
    return { types, error };
  }
  return { types, error: undefined };
}

describe('openSdkStream', () => {
  it('keeps audio, flush and end in order until the client is ready, and copies what it keeps', () => {
    const { stream, feed, calls } = open();
    const pooled = new Uint8Array([1, 2]);
    stream.write(pooled);
    pooled.fill(9);
    stream.flush();
    stream.write(new Uint8Array([3]));
    stream.end();
    expect(calls).toEqual([]);
    feed.push({ type: 'ready' });
    expect(calls).toEqual(['write 1,2', 'flush', 'write 3', 'end']);
  });

  it('never passes on empty audio', () => {
    const { stream, feed, calls } = open();
    stream.write(new Uint8Array(0));
    feed.push({ type: 'ready' });
    stream.write(new Uint8Array(0));
    expect(calls).toEqual([]);
  });

  it('gives events in order, says ready once, returns when finished and closes the client once', async () => {
    const { stream, feed, calls } = open();
    const reading = readAll(stream);
    for (const event of [{ type: 'ready' } as const, { type: 'ready' } as const, final(20)]) feed.push(event);
    stream.end();
    feed.finish();
    feed.finish();
    feed.push(final(40));
    expect(await reading).toEqual({ types: ['ready', 'final'], error: undefined });
    expect(calls).toEqual(['end', 'close']);
  });

  it('counts what is written in vain and tells the client nothing after the end', () => {
    const { stream, feed, calls } = open();
    feed.push({ type: 'ready' });
    stream.end();
    stream.end();
    stream.flush();
    stream.write(new Uint8Array(160));
    expect(stream.droppedBytes()).toBe(160);
    feed.fail(new Error('gone'));
    stream.write(new Uint8Array(40));
    expect(stream.droppedBytes()).toBe(200);
    expect(calls).toEqual(['end', 'close']);
  });

  it('fails as capacity when more is written before ready than it may keep', async () => {
    const { stream, calls } = open({ maxHeldBytes: 100 });
    stream.write(new Uint8Array(60));
    stream.write(new Uint8Array(60));
    expect((await readAll(stream)).error).toMatchObject({
      class: 'capacity',
      provider: 'acme',
      stage: 'stt',
    });
    expect(stream.droppedBytes()).toBe(120);
    expect(calls).toEqual(['close']);
  });

  it('passes on typed failures and hides the text of others', async () => {
    const quota = new ProviderError({ class: 'quota', provider: 'acme', stage: 'stt', message: 'no money' });
    const typed = open();
    typed.feed.fail(quota);
    expect((await readAll(typed.stream)).error).toBe(quota);
    const untyped = open();
    untyped.feed.fail(new Error('bad key secret-key'));
    const { error } = await readAll(untyped.stream);
    expect(error).toMatchObject({ class: 'unavailable' });
    expect((error as Error).cause).toBeUndefined();
    expect(String(error)).not.toContain('secret');
  });

  it.each(['write', 'flush', 'end'] as const)(
    'turns what the client throws in %s into a failure of the stream',
    async (what) => {
      const { stream, feed } = open(
        {},
        {
          [what]: () => {
            throw new TypeError('client bug');
          },
        },
      );
      feed.push({ type: 'ready' });
      stream.write(new Uint8Array(1));
      stream.flush();
      stream.end();
      expect(await readAll(stream)).toMatchObject({ types: ['ready'], error: { class: 'unavailable' } });
    },
  );

  it('turns a client that cannot start into a failure, now or later', async () => {
    const now = open({
      start: () => {
        throw new TypeError('no such module');
      },
    });
    expect((await readAll(now.stream)).error).toMatchObject({ class: 'unavailable' });
    const later = open({ start: () => Promise.reject(new TypeError('no such module')) });
    expect((await readAll(later.stream)).error).toMatchObject({ class: 'unavailable' });
  });

  it('closes a client that arrives after the abort, and one whose close fails harms nobody', async () => {
    let closed = 0;
    let arrive: (transport: SttTransport) => void = () => undefined;
    const { stream, controller } = open({ start: () => new Promise((resolve) => (arrive = resolve)) });
    controller.abort('hung up');
    expect((await readAll(stream)).error).toBe('hung up');
    arrive({
      write: () => undefined,
      end: () => undefined,
      close: () => {
        closed += 1;
        return Promise.reject(new Error('already closed'));
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
  });

  it('starts nothing when the signal was aborted before', async () => {
    let started = 0;
    const { stream } = open({
      signal: AbortSignal.abort('too late'),
      start: () => {
        started += 1;
        return { write: () => undefined, end: () => undefined, close: () => undefined };
      },
    });
    expect((await readAll(stream)).error).toBe('too late');
    expect(started).toBe(0);
  });

  it('closes the client and leaves no listener and no timer when the reader leaves', async () => {
    const clock = createVirtualClock();
    const { stream, feed, calls, controller } = open({ clock, flushAnswerMs: 1000 });
    feed.push({ type: 'ready' });
    stream.flush();
    expect(clock.pendingTimers).toBe(1);
    for await (const event of stream) if (event.type === 'ready') break;
    expect(calls).toEqual(['flush', 'close']);
    expect(clock.pendingTimers).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('slows the client down while the reader is behind', async () => {
    const { stream, feed, calls } = open();
    feed.push({ type: 'ready' });
    for (let index = 0; index < 255; index += 1) feed.push(final(index));
    expect(calls).toEqual(['pause']);
    let read = 0;
    for await (const event of stream) {
      expect(event).toBeDefined();
      if ((read += 1) === 128) break;
    }
    expect(calls).toEqual(['pause', 'resume', 'close']);
  });
});

describe('a flush', () => {
  it('that the provider answers is answered once', async () => {
    const clock = createVirtualClock();
    const { stream, feed } = open({ clock, flushAnswerMs: 1000 });
    feed.push({ type: 'ready' });
    stream.flush();
    feed.push(final(80));
    feed.push({ type: 'flushed', settledMs: 80 });
    await clock.advance(5000);
    feed.finish();
    expect((await readAll(stream)).types).toEqual(['ready', 'final', 'flushed']);
  });

  it('is answered once, also when the provider answers several at once', async () => {
    const clock = createVirtualClock();
    const { stream, feed } = open({ clock, flushAnswerMs: 1000 });
    feed.push({ type: 'ready' });
    for (let flush = 0; flush < 3; flush += 1) stream.flush();
    feed.push({ type: 'flushed', settledMs: 80 });
    await clock.advance(5000);
    feed.finish();
    expect((await readAll(stream)).types).toEqual(['ready', 'flushed', 'flushed', 'flushed']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that the provider leaves unanswered is answered with what is settled', async () => {
    const clock = createVirtualClock();
    const { stream, feed } = open({ clock, flushAnswerMs: 1000 });
    feed.push({ type: 'ready' });
    feed.push(final(80));
    stream.flush();
    await clock.advance(999);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    const answer = iterator.next();
    await clock.advance(1);
    expect(await answer).toEqual({ done: false, value: { type: 'flushed', settledMs: 80 } });
  });

  it('of a provider that cannot is nothing', async () => {
    const clock = createVirtualClock();
    const { stream, feed } = open({
      clock,
      flushAnswerMs: 1000,
      start: (given) => ((feedOf = given), { write() {}, end() {}, close() {} }),
    });
    let feedOf: SttFeed | undefined;
    expect(feed).toBeUndefined();
    feedOf?.push({ type: 'ready' });
    stream.flush();
    expect(clock.pendingTimers).toBe(0);
  });
});
