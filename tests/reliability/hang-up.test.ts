// A part of `npm run hang-up`, from sources: callers leave at moments by seed, and nothing of their calls goes on at any provider.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../prove/lib/faulty-port.mjs';
import { openSweep, type Sweep, type SweptCall } from '../../prove/lib/hang-up-sweep.mjs';

const random = createRandom(Number(process.env['VOICEWIRE_SEED'] ?? 1));
/** One of every stretch of the first five seconds: greeting, question, answer, and what is between them. */
const stretchMs = 400;
const moments = [0, ...Array.from({ length: 12 }, (_, index) => Math.round((index + random()) * stretchMs))];
/** Whoever is not closed then never will be. */
const closedMs = 10_000;

let sweep: Sweep;
beforeAll(async () => {
  sweep = await openSweep();
});
afterAll(() => {
  sweep.close();
});

/** What is wrong with a call whose caller has left, in words. */
async function remains({ connections, done }: SweptCall, when: string): Promise<readonly string[]> {
  const reason = await done;
  const limit = new AbortController();
  const closed = Promise.all(connections.map((connection) => connection.closed));
  await Promise.race([closed, pause(closedMs, undefined, { signal: limit.signal })]);
  limit.abort();
  return [
    ...(reason === 'caller-hung-up' ? [] : [`${when}: ended as ${reason}`]),
    ...connections.filter(({ isOpen }) => isOpen).map(({ path }) => `${when}: ${path} is still open`),
    // A socket that is closed can not be written to: what came too late is known now.
    ...connections
      .filter(({ late }) => late > 0)
      .map(({ path }) => `${when}: ${path} was used after its end`),
  ];
}

it.concurrent('a caller who leaves leaves nothing behind, whenever that is', async () => {
  const seen = new Set<string>();
  const left = moments.map(async (atMs) => {
    const call = await sweep.startCall(`c${atMs}`);
    await pause(atMs);
    call.leave();
    const found = await remains(call, `after ${atMs} ms`);
    for (const { path } of call.connections) seen.add(path);
    return found;
  });
  expect((await Promise.all(left)).flat()).toEqual([]);
  // Of ears, a voice and a model.
  expect(seen.size).toBe(3);
});

it.concurrent.each([
  ['the ears are opened', '/v1/listen'],
  ['the voice is opened', '/v1/text-to-speech'],
  ['the model is asked', '/v1/chat'],
])('not even one who leaves as %s', async (_, begin) => {
  let isAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const call = await sweep.startCall(begin.slice(4), (path) => {
    if (path.startsWith(begin)) isAsked();
  });
  await asked;
  call.leave();
  expect(await remains(call, 'at once')).toEqual([]);
});
