// Surface 7: the REST API, with bodies, paths and headers that are none, or not quite.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { damageJson, damageText } from './fuzz-mutate.mjs';
import { numbers } from './fuzz-house.mjs';

const requestsPerSession = 5;
const answerMs = 5_000;
const right = {
  to_number: numbers.to,
  from_number: numbers.from,
  context: { tenant: 'one', order: { id: 7, items: ['a', 'b'] }, isKnown: true },
};
const paths = [
  '/api/v1/calls',
  '/api/v1/calls?limit=5',
  '/api/v1/calls/none',
  '/api/v1/calls/none/transcript',
  '/api/v1/calls/none/events',
  '/health',
  '/health/ready',
  '/openapi.json',
  '/docs',
];
const headers = [
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'text/plain'],
  ['content-type', 'multipart/form-data; boundary='],
  ['content-type', ''],
  ['content-length', '5'],
  ['content-length', '-1'],
  ['content-length', '999999999'],
  ['content-encoding', 'gzip'],
  ['transfer-encoding', 'chunked'],
  ['host', 'elsewhere.example'],
  ['host', 'LOCALHOST:1'],
  ['last-event-id', '-1'],
  ['last-event-id', '1e9'],
  ['last-event-id', '99999999999999999999'],
  ['accept', '*/*;q=nan'],
  ['cookie', 'a'.repeat(6_000)],
  ['authorization', 'Bearer \u00e9'],
  ['x-forwarded-for', "'; drop table calls; --"],
];

export const apiSurfaces = (house, witnesses) => [
  {
    name: 'api',
    async open() {
      return {
        async session(chance, notes) {
          for (let number = 0; number < requestsPerSession; number += 1) {
            // What is refused at once would otherwise keep the loop from everybody else.
            await nextTurn();
            await ask(house, witnesses, chance, notes);
          }
          return requestsPerSession;
        },
        close: () => [],
      };
    },
  },
];

async function ask({ api }, witnesses, chance, notes) {
  const controller = new AbortController();
  const request = makeRequest(witnesses, chance, controller.signal);
  if (request === undefined) return;
  const limit = setTimeout(() => {
    notes.problem(`no answer in ${answerMs} ms: ${request.method} ${request.url}`);
    controller.abort();
  }, answerMs);
  try {
    const response = await api.fetch(request);
    notes.outcome(`${request.method} ${response.status}`);
    // The carrier may fail us (502) or have no room (503); nothing else is our fault.
    if (response.status === 500 || response.status > 503)
      notes.problem(`${request.method} ${request.url} was answered ${response.status}`);
    await readSome(response, chance);
  } finally {
    clearTimeout(limit);
    controller.abort();
  }
}

/** The live log does not end: one piece of it is enough. */
async function readSome(response, chance) {
  const reader = response.body?.getReader();
  if (reader === undefined || chance.is(0.1)) return;
  await reader.read();
  await reader.cancel();
}

/** Undefined where no request can be made of it: the platform refused it first. */
function makeRequest(witnesses, chance, signal) {
  const isDial = chance.is(0.6);
  const path = chance.pick([
    () => chance.pick(paths),
    () => damageText(chance.pick(paths), chance),
    () =>
      `/api/v1/calls/${chance.pick(witnesses.sids()) ?? 'none'}${chance.pick(['', '/transcript', '/events'])}`,
    () => `/api/v1/calls/${encodeURIComponent(chance.bytes(6).toString('latin1'))}`,
    () => `/api/v1/calls?limit=${chance.pick(['0', '-1', '1e3', 'NaN', '', '201', '5&limit=6', '%00'])}`,
  ])();
  const url = `http://localhost:8080${isDial ? '/api/v1/calls' : path}`;
  const method = isDial ? 'POST' : chance.pick(['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH']);
  const body = method === 'POST' || method === 'PUT' ? oddBody(chance) : undefined;
  try {
    const all = new Headers([
      ['content-type', 'application/json'],
      ...(chance.is(0.4) ? [chance.pick(headers)] : []),
    ]);
    return new Request(url, { method, headers: all, body, signal, duplex: 'half' });
  } catch {
    return undefined;
  }
}

function oddBody(chance) {
  const text = chance.is(0.05) ? JSON.stringify(right) : damageJson(JSON.stringify(right), chance);
  return chance.pick([
    () => text,
    () => text,
    () => text,
    () => Buffer.from(text, 'utf16le'),
    () => Buffer.concat([Buffer.from(text), chance.bytes(8)]),
    () => pieces(text, chance),
  ])();
}

/** In pieces, and perhaps broken off. */
function pieces(text, chance) {
  const bytes = Buffer.from(text);
  const breaksOff = chance.is(0.5);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return breaksOff ? controller.error(new TypeError('gone')) : controller.close();
      const end = at + 1 + chance.below(40);
      controller.enqueue(bytes.subarray(at, end));
      at = end;
    },
  });
}
