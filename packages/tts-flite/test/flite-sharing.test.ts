// Many sessions, one thread: whose words are whose, stopping, closing, and a thread that dies.
import { getEventListeners, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFliteTts } from '../src/index.js';
import { begin, closeSessions, connect, failureOf, hear, listen, mulaw8k, open, pcm16k } from './speaking.js';

/** Every thread this process starts. */
let threads: Worker[] = [];
const noteThread = (worker: Worker): void => void threads.push(worker);

beforeEach(() => {
  threads = [];
  process.on('worker', noteThread);
});

afterEach(async () => {
  closeSessions();
  // A thread is announced in a later turn than it is started in.
  await setImmediate();
  await Promise.all(threads.map((thread) => thread.terminate()));
  process.off('worker', noteThread);
});

const format = mulaw8k;
const sentence = 'Your order is out for delivery today, and will be with you by nine.';

test('ten calls at once hear what each would hear alone', async () => {
  const texts = Array.from({ length: 10 }, (_, index) => `Caller ${index}, your number is ${index * 1_111}.`);
  const alone: Buffer[] = [];
  for (const text of texts) alone.push((await hear(begin(connect({ format }), text))).audio);
  const together = await Promise.all(texts.map((text) => hear(begin(connect({ format }), text))));
  expect(together.map(({ audio }) => audio.equals(alone.shift() ?? Buffer.alloc(0)))).not.toContain(false);
});

test('a short clause does not wait for another call’s long reply', async () => {
  const [talker, other] = [connect({ format }), connect({ format })];
  const order: string[] = [];
  const long = Array.from({ length: 6 }, () =>
    listen(begin(talker, sentence)).then(() => order.push('long')),
  );
  const short = listen(begin(other, 'Yes.')).then(() => order.push('short'));
  await Promise.all([...long, short]);
  expect(order.indexOf('short')).toBe(1);
});

test('an aborted utterance ends with the signal’s reason, whenever it is aborted, and the others go on', async () => {
  const session = connect({ format });
  const controller = new AbortController();
  const { signal } = controller;
  const [running, kept] = [begin(session, sentence, { signal }), begin(session, sentence)];
  const waiting = [begin(session, 'one', { signal }), open(session, { signal })];
  const reason = new Error('barge-in');
  await session.ready;
  controller.abort(reason);
  for (const utterance of [running, ...waiting]) expect(await failureOf(utterance)).toBe(reason);
  expect(await failureOf(begin(session, 'never', { signal }))).toBe(reason);
  expect(await listen(kept)).toHaveLength(2);
});

test('leaving the loop is stopping, and a second reader is refused', async () => {
  const session = connect({ format });
  const utterance = begin(session, sentence);
  for await (const event of utterance) {
    expect(event.type).toBe('words');
    break;
  }
  expect(() => utterance[Symbol.asyncIterator]()).toThrow();
});

test('a session has as many places as it declares, and an abort frees them', () => {
  const session = connect({ format });
  const { concurrentUtterances } = createFliteTts().capabilities;
  const controller = new AbortController();
  const fill = (): void => {
    for (let place = 0; place < concurrentUtterances; place += 1)
      begin(session, 'hello', { signal: controller.signal });
  };
  fill();
  expect(fill).toThrow(expect.objectContaining({ class: 'capacity', code: 'provider.capacity' }));
  controller.abort();
  expect(() => open(session)).not.toThrow();
});

test('all sessions share one thread, which goes with the last of them', async () => {
  const [a, b] = [connect(), connect()];
  await Promise.all([a.ready, b.ready]);
  expect(threads).toHaveLength(1);
  const [thread] = threads;
  const gone = thread && once(thread, 'exit');
  a.close();
  expect((await hear(begin(b, 'still here'))).words).toHaveLength(2);
  b.close();
  await gone;
  expect((await hear(begin(connect(), 'again'))).words).toHaveLength(1);
  expect(threads).toHaveLength(2);
});

test('closing a session ends its utterances unproved, and what comes later too', async () => {
  const { signal } = new AbortController();
  const [session, other] = [connect({ format, signal }), connect({ format })];
  const early = [begin(session, sentence), open(session)];
  session.close();
  session.close();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  for (const utterance of early) expect(await failureOf(utterance)).toMatchObject({ class: 'aborted' });
  expect(await failureOf(begin(session, 'late'))).toMatchObject({ class: 'aborted' });
  await expect(session.closed).resolves.toBeUndefined();
  expect(await listen(begin(other, 'fine'))).toHaveLength(2);
});

test('a session ends with its signal, aborted before or after it began', async () => {
  const controller = new AbortController();
  const session = connect({ signal: controller.signal });
  await session.ready;
  const utterance = begin(session, sentence);
  const reason = new Error('hung up');
  controller.abort(reason);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  const late = connect({ signal: controller.signal });
  expect(await failureOf(utterance)).toBe(reason);
  expect(await failureOf(begin(late, 'late'))).toBe(reason);
  await expect(session.closed).resolves.toBeUndefined();
  await expect(late.closed).resolves.toBeUndefined();
  await expect(late.ready).rejects.toBe(reason);
  expect(threads).toHaveLength(1);
});

test('when the thread dies, what is in flight fails, its sessions close, and a new session speaks', async () => {
  const [a, b] = [connect(), connect()];
  await Promise.all([a.ready, b.ready]);
  const inFlight = [begin(a, sentence), begin(b, sentence), open(b)];
  await threads[0]?.terminate();
  const failure = await a.closed;
  expect(failure).toMatchObject({ class: 'unavailable', provider: 'flite', stage: 'tts' });
  expect(await b.closed).toBe(failure);
  for (const utterance of inFlight) expect(await failureOf(utterance)).toBe(failure);
  expect(await failureOf(begin(a, 'late'))).toMatchObject({ class: 'unavailable' });
  expect((await hear(begin(connect({ format: pcm16k }), 'again'))).words).toHaveLength(1);
});
