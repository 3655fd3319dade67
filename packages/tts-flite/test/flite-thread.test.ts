// The shared thread, with a small program in flite's place: turns, forgetting, dying, hanging, and not keeping a process alive.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { ProviderError } from '@voicewire/core/adapter';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Seat, type SeatStatus, startThread } from '../src/flite-thread.js';

/** Says the text back, and does as told: hangs, throws, exits, or fails one text. */
const program = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ text }) => {
    if (text === 'hang') return;
    if (text === 'throw') throw new Error('thrown');
    if (text === 'exit') process.exit(0);
    if (text === 'fail') parentPort.postMessage({ type: 'failure', reason: 'unreachable' });
    else parentPort.postMessage({ type: 'speech', speech: { wav: new Uint8Array(), phones: text, wordPhones: [] } });
  });
  parentPort.postMessage({ type: 'ready' });
`;

interface TestSeat extends Seat {
  readonly ready: Promise<void>;
  /** What the thread died of. */
  readonly closed: Promise<ProviderError>;
}

const seats: Seat[] = [];
const threads: Worker[] = [];
const noteThread = (worker: Worker): void => void threads.push(worker);
process.on('worker', noteThread);
afterAll(() => void process.off('worker', noteThread));

afterEach(async () => {
  for (const seat of seats.splice(0)) seat.leave();
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});

function start(source = program) {
  let now = 0;
  let overs = 0;
  const takeSeat = startThread({
    url: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    clock: { now: () => now, setTimeout: () => ({ timer: undefined }), clearTimeout: () => undefined },
    onOver: () => (overs += 1),
  });
  return {
    takeSeat(): TestSeat {
      let status: SeatStatus = { ready: () => undefined, closed: () => undefined };
      const ready = new Promise<void>((resolve) => (status = { ...status, ready: resolve }));
      const closed = new Promise<ProviderError>((resolve) => (status = { ...status, closed: resolve }));
      const seat = takeSeat(status);
      seats.push(seat);
      return { ...seat, ready, closed };
    },
    advance: (ms: number) => (now += ms),
    overs: () => overs,
  };
}

function speak(seat: Seat, text: string): { spoken: Promise<string>; forget: () => void } {
  let forget = (): void => undefined;
  const spoken = new Promise<string>((resolve, reject) => {
    forget = seat.speak({
      voice: 'kal',
      text,
      words: [text],
      onSpeech: (speech) => resolve(speech.phones),
      onFailure: (error) => reject(error),
    });
  });
  spoken.catch(() => undefined);
  return { spoken, forget };
}

test('seats take turns, whatever one of them has waiting', async () => {
  const { takeSeat } = start();
  const order: string[] = [];
  const [a, b, c] = [takeSeat(), takeSeat(), takeSeat()];
  const texts: [Seat, string][] = [
    ...['a1', 'a2', 'a3', 'a4'].map((text): [Seat, string] => [a, text]),
    [b, 'b1'],
    [c, 'c1'],
    [b, 'b2'],
  ];
  await Promise.all(texts.map(([seat, text]) => speak(seat, text).spoken.then((said) => order.push(said))));
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

test('what was forgotten in time is never spoken', async () => {
  const { takeSeat } = start();
  const seat = takeSeat();
  const said: string[] = [];
  const first = speak(seat, 'first');
  const second = speak(seat, 'second');
  void second.spoken.then((text) => said.push(text));
  second.forget();
  const third = speak(seat, 'third');
  await Promise.all([first, third].map(({ spoken }) => spoken.then((text) => said.push(text))));
  expect(said).toEqual(['first', 'third']);
});

test('a text that fails harms no other', async () => {
  const seat = start().takeSeat();
  const failed = speak(seat, 'fail').spoken;
  await expect(failed).rejects.toMatchObject({ class: 'unavailable', code: 'provider.unavailable' });
  await expect(speak(seat, 'next').spoken).resolves.toBe('next');
});

test.each(['throw', 'exit'])('when the thread dies (%s), every seat is told the same', async (how) => {
  const { takeSeat, overs } = start();
  const [a, b] = [takeSeat(), takeSeat()];
  await a.ready;
  speak(a, how);
  const failure = await b.closed;
  expect(failure).toMatchObject({ class: 'unavailable', provider: 'flite', stage: 'tts' });
  expect(await a.closed).toBe(failure);
  expect(overs()).toBe(1);
});

test.each(['import "./no-such-file.js";', 'process.exit(0);'])(
  'a thread that never is ready says so: %s',
  async (source) => {
    const seat = start(source).takeSeat();
    expect(await seat.closed).toMatchObject({ class: 'unavailable' });
  },
);

test('a thread that hangs is given up when the next clause comes a minute later', async () => {
  const { takeSeat, advance, overs } = start();
  const seat = takeSeat();
  await seat.ready;
  speak(seat, 'hang');
  advance(60_000);
  speak(seat, 'patient');
  expect(overs()).toBe(0);
  advance(1);
  speak(seat, 'last');
  expect(overs()).toBe(1);
  expect(await seat.closed).toMatchObject({ class: 'stalled' });
});

test('a seat taken later is ready at once', async () => {
  const { takeSeat } = start();
  await takeSeat().ready;
  await takeSeat().ready;
});

test('the last seat left stops the thread; one left before it does not', async () => {
  const { takeSeat, overs } = start();
  const [a, b] = [takeSeat(), takeSeat()];
  a.leave();
  await expect(speak(b, 'still here').spoken).resolves.toBe('still here');
  expect(overs()).toBe(0);
  const [thread] = threads;
  const gone = thread && once(thread, 'exit');
  b.leave();
  b.leave();
  expect(overs()).toBe(1);
  await gone;
  expect(overs()).toBe(1);
});

test('an idle thread does not keep the process alive, a speaking one does', async () => {
  // A thread that keeps the process alive does so by the port its messages come through.
  const ports = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = ports();
  const seat = start().takeSeat();
  await seat.ready;
  expect(ports()).toBe(before);
  const { spoken } = speak(seat, 'something');
  expect(ports()).toBe(before + 1);
  await spoken;
  expect(ports()).toBe(before);
});
