import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpFetch } from './http-fetch.js';
import { sendHttpRequest } from './http-request.js';

const target = { provider: 'acme', stage: 'stt' } as const;
const never = new AbortController().signal;

let server: Server;
let url: string;
let answer: (outgoing: ServerResponse, received: { method: string; headers: string; body: string }) => void;

beforeEach(async () => {
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const headers = JSON.stringify(incoming.headers);
      answer(outgoing, { method: incoming.method ?? '', headers, body: Buffer.concat(chunks).toString() });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

describe('sendHttpRequest', () => {
  it('gives the whole answer as bytes, text and JSON', async () => {
    answer = (outgoing) => outgoing.writeHead(201, { 'x-id': '7' }).end('{"text":"Grüße"}');
    const response = await sendHttpRequest({ ...target, url, signal: never });
    expect([response.status, response.headers['x-id']]).toEqual([201, '7']);
    expect(Buffer.from(response.body).toString()).toBe('{"text":"Grüße"}');
    expect(response.text()).toBe('{"text":"Grüße"}');
    expect(response.json()).toEqual({ text: 'Grüße' });
  });

  it('does not quote an answer that is no JSON', async () => {
    answer = (outgoing) => outgoing.end('{"text": hidden');
    const response = await sendHttpRequest({ ...target, url, signal: never });
    expect(() => response.json()).toThrow(
      expect.objectContaining({ class: 'protocol', message: expect.not.stringContaining('hidden') }),
    );
  });

  it('rejects a refusal by its class', async () => {
    answer = (outgoing) => outgoing.writeHead(403).end();
    await expect(sendHttpRequest({ ...target, url, signal: never })).rejects.toMatchObject({
      class: 'auth',
      stage: 'stt',
    });
  });
});

describe('createHttpFetch', () => {
  it('sends what a library gives to fetch, form data too, and answers with a Response', async () => {
    answer = (outgoing, received) => {
      outgoing.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end(JSON.stringify(received));
    };
    const form = new FormData();
    form.set('file', new Blob(['audio']), 'a.wav');
    const fetch = createHttpFetch(target);
    const response = await fetch(url, { method: 'POST', body: form, headers: { 'x-asked': 'yes' } });
    const received = (await response.json()) as { method: string; headers: string; body: string };
    expect(received.method).toBe('POST');
    expect(received.headers).toContain('"x-asked":"yes"');
    expect(received.headers).toContain('multipart/form-data; boundary=');
    expect(received.body).toContain('filename="a.wav"');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('gives the body as it comes, and an empty answer none', async () => {
    let finish: () => void = () => undefined;
    answer = (outgoing) => {
      outgoing.write('first');
      finish = () => outgoing.end('last');
    };
    const fetch = createHttpFetch(target);
    const parts: string[] = [];
    for await (const chunk of (await fetch(url)).body as unknown as AsyncIterable<Uint8Array>) {
      parts.push(Buffer.from(chunk).toString());
      finish();
    }
    expect(parts).toEqual(['first', 'last']);
    answer = (outgoing) => outgoing.writeHead(204).end();
    expect((await fetch(url)).body).toBeNull();
  });

  it('rejects with the failure itself, and heeds the abort of either signal', async () => {
    answer = (outgoing) => outgoing.writeHead(429, { 'retry-after': '3' }).end();
    const limited = createHttpFetch(target)(url);
    await expect(limited).rejects.toMatchObject({ class: 'rate_limit', retryAfterMs: 3_000 });

    const reason = new Error('enough');
    for (const place of ['library', 'adapter'] as const) {
      const stop = new AbortController();
      answer = (outgoing) => void outgoing.write('first');
      const fetch = createHttpFetch(place === 'adapter' ? { ...target, signal: stop.signal } : target);
      const response = await fetch(url, place === 'library' ? { signal: stop.signal } : {});
      const reading = response.text();
      stop.abort(reason);
      await expect(reading).rejects.toBe(reason);
    }
  });
});
