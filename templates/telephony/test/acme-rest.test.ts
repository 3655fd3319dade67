// Commands over a real socket: what Acme is asked, and what its answers mean.
import { type FakeServer, startFakeServer } from '@voicewire/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAcmeTelephony } from '../src/index.js';

const { signal } = new AbortController();
const order = {
  to: '+15550100',
  from: '+15550101',
  answerUrl: 'https://calls.example.com/acme/voice',
  signal,
};

let server: FakeServer;
let asked: { readonly path: string; readonly body: unknown }[];
let answer: { readonly status: number; readonly body: string };

beforeEach(async () => {
  asked = [];
  server = await startFakeServer({
    onRequest: ({ url, body }, response) => {
      asked.push({ path: url.pathname, body: JSON.parse(Buffer.from(body).toString()) });
      response.writeHead(answer.status).end(answer.body);
    },
    onUpgrade: (_, { socket }) => socket.destroy(),
  });
});

afterEach(() => server.close());

function control() {
  return createAcmeTelephony({ apiKey: 'key', signingKey: 'signing-key', baseUrl: server.url }).control;
}

test('dials, and tells whom', async () => {
  answer = { status: 201, body: '{"call":"c-1"}' };
  expect(await control().dial?.({ ...order, ringTimeoutMs: 20_000 })).toEqual({ callId: 'c-1' });
  const { to, from, answerUrl } = order;
  expect(asked).toEqual([{ path: '/v1/calls', body: { to, from, answer_url: answerUrl, ring_timeout: 20 } }]);
});

test('an answer that is not clear is said to be so, and dialling is not repeated', async () => {
  answer = { status: 502, body: '' };
  const error = { code: 'telephony.dial_unclear', retryable: false };
  await expect(control().dial?.(order)).rejects.toMatchObject(error);
  answer = { status: 200, body: '{}' };
  await expect(control().dial?.(order)).rejects.toMatchObject(error);
  expect(asked).toHaveLength(2);
});

test('a refusal is clear', async () => {
  answer = { status: 402, body: '' };
  await expect(control().dial?.(order)).rejects.toMatchObject({ code: 'provider.quota' });
});

test('hanging up a call that is over succeeds', async () => {
  answer = { status: 404, body: '' };
  await control().hangup?.('c-1', signal);
  expect(asked).toEqual([{ path: '/v1/calls/c-1/hangup', body: {} }]);
});
