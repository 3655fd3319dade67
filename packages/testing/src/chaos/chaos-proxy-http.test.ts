// What a proxy does to HTTP: requests and answers pass as they are, and each fault acts as it is named.
import { Agent, request as requestHttp } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../virtual-clock.js';
import type { ChaosFault, ChaosRule } from './chaos-fault.js';
import type { ChaosProxy } from './chaos-proxy.js';
import {
  ask,
  endAll,
  eventually,
  type Heard,
  settled,
  startHttpServer,
  startProxy,
  steady,
} from './test-peers.js';

afterEach(endAll);

const events = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', 'data: {"n":3}\n\n', 'data: [DONE]\n\n'];

/** A server that streams `pieces` at once, and a proxy with one rule. */
async function startStream(
  rule: ChaosRule,
  { contentType = 'text/event-stream', pieces = events }: { contentType?: string; pieces?: string[] } = {},
) {
  const server = await startHttpServer((response) => {
    response.writeHead(200, { 'content-type': contentType });
    response.end(pieces.join(''));
  });
  const proxy = await startProxy({ target: server.url });
  const { fault, ...rest } = rule;
  proxy.set(fault, rest);
  return { server, proxy, client: ask(proxy.url) };
}

function text({ received }: Heard): string {
  return received.join('');
}

function hasSwallowed(proxy: ChaosProxy, kind: string): boolean {
  const entries = proxy.record.connections.flatMap((connection) => connection.entries);
  return entries.some((entry) => entry.type === 'unit' && entry.fate === 'swallowed' && entry.kind === kind);
}

describe('a proxy without rules', () => {
  it('passes requests with their bodies, and answers with theirs', async () => {
    const server = await startHttpServer((response, request) => {
      response.writeHead(201, 'Made', { 'x-answer': 'kept', 'set-cookie': ['a=1', 'b=2'] });
      request.pipe(response);
    });
    const proxy = await startProxy({ target: `${server.url}/base` });
    expect(proxy.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/base$/);
    const response = await fetch(`${proxy.url}/path?key=1`, {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'accept-encoding': 'gzip' },
      body: 'y'.repeat(200_000),
    });
    expect(response.status).toBe(201);
    expect(response.statusText).toBe('Made');
    expect(response.headers.get('x-answer')).toBe('kept');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('y'.repeat(200_000));
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/base/path?key=1' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer key',
      host: new URL(server.url).host,
      'accept-encoding': 'identity',
    });
    expect(proxy.record.connections).toMatchObject([
      { transport: 'http', path: '/base/path', bytes: { up: 200_000, down: 200_000 } },
    ]);
  });

  it('passes events as they come, on connections that are kept', async () => {
    const server = await startHttpServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(events[0]);
    });
    const proxy = await startProxy({ target: server.url });
    const client = ask(proxy.url);
    await eventually(() => client.received.length === 1);
    expect(client.events).toEqual(['status 200']);
    client.leave();
    await eventually(() => server.abandoned.length === 1);

    const plain = await startHttpServer((response) => response.end('ok'));
    const second = await startProxy({ target: plain.url });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let round = 0; round < 3; round += 1) {
      await new Promise<void>((resolve) => {
        requestHttp(second.url, { agent }, (response) => response.resume().on('end', resolve)).end();
      });
    }
    expect(second.openSockets).toBe(1);
    expect(second.record.connections).toHaveLength(3);
    agent.destroy();
  });

  it('resets a client whose server is not there, and cuts an answer that the server cuts', async () => {
    const nowhere = await startProxy({ target: 'http://127.0.0.1:1' });
    const lost = ask(nowhere.url);
    await eventually(() => lost.events.length === 1);
    expect(lost.events).toEqual(['error ECONNRESET']);

    const server = await startHttpServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(events[0], () => response.destroy());
    });
    const proxy = await startProxy({ target: server.url });
    const client = ask(proxy.url);
    await eventually(() => client.events.length === 2);
    expect(client).toMatchObject({ received: [events[0]], events: ['status 200', 'aborted'] });
  });
});

describe('answers', () => {
  it('status: with its headers and body, and the server never asked', async () => {
    const headers = { 'retry-after': '2', 'content-type': 'text/plain' };
    const { server, client } = await startStream({
      fault: { kind: 'status', status: 429, headers, body: 'slower' },
    });
    await eventually(() => client.events.includes('end'));
    expect(client).toMatchObject({ received: ['slower'], events: ['status 429', 'end'] });
    expect(client.headers()).toMatchObject(headers);
    expect(server.requests).toEqual([]);
  });

  it("empty-200: the server's headers, and nothing", async () => {
    const { client } = await startStream({ fault: { kind: 'empty-200' } });
    await eventually(() => client.events.includes('end'));
    expect(client).toMatchObject({ received: [], events: ['status 200', 'end'] });
    expect(client.headers()).toMatchObject({ 'content-type': 'text/event-stream' });
  });

  it('reset, cut and black-hole before there is an answer', async () => {
    const reset = await startStream({ fault: { kind: 'reset' } });
    await eventually(() => reset.client.events.length === 1);
    expect(reset.client.events).toEqual(['error ECONNRESET']);
    expect(reset.server.requests).toEqual([]);

    const cut = await startStream({ fault: { kind: 'cut' } });
    await eventually(() => cut.client.events.length === 1);
    expect(cut.client.events).toEqual(['error ECONNRESET']);

    const hole = await startStream({ fault: { kind: 'black-hole' } });
    await eventually(() => hasSwallowed(hole.proxy, 'request'));
    await settled();
    expect(hole.client.events).toEqual([]);
    expect(hole.server.requests).toEqual([]);
    hole.client.leave();
    await hole.proxy.until(() => hole.proxy.record.connections[0]?.endedMs !== undefined);
  });
});

describe('streams of events', () => {
  const after2 = { when: { afterMessages: 2 } };

  it('SSE cut after event k', async () => {
    const { client } = await startStream({ fault: { kind: 'cut' }, ...after2 });
    await eventually(() => client.events.length === 2);
    expect(client.events).toEqual(['status 200', 'aborted']);
    expect(text(client)).toBe(events.slice(0, 2).join(''));
  });

  it('SSE ended as if whole after event k', async () => {
    const { client } = await startStream({ fault: { kind: 'close' }, ...after2 });
    await eventually(() => client.events.length === 2);
    expect(client.events).toEqual(['status 200', 'end']);
    expect(text(client)).toBe(events.slice(0, 2).join(''));
  });

  it('SSE reset after event k', async () => {
    const { client } = await startStream({ fault: { kind: 'reset' }, ...after2 });
    await eventually(() => client.events.length === 2);
    expect(client.events).toEqual(['status 200', 'aborted']);
  });

  it('SSE silence after event k', async () => {
    const { proxy, client } = await startStream({ fault: { kind: 'mute' }, ...after2 });
    await eventually(() => hasSwallowed(proxy, 'end'));
    await settled();
    expect(text(client)).toBe(events.slice(0, 2).join(''));
    expect(client.events).toEqual(['status 200']);
  });

  it('SSE half-open after event k', async () => {
    const { proxy, client } = await startStream({ fault: { kind: 'half-open' }, ...after2 });
    await proxy.until(() => proxy.record.connections[0]?.faults.length === 1);
    await settled();
    expect(text(client)).toBe(events.slice(0, 2).join(''));
    expect(client.events).toEqual(['status 200']);
    client.leave();
    await proxy.until(() => proxy.openSockets === 0);
  });

  it('SSE dribble after event k', async () => {
    const clock = createVirtualClock();
    const server = await startHttpServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(events.join(''));
    });
    const proxy = await startProxy({ target: server.url, clock });
    proxy.set({ kind: 'bandwidth', bytesPerSecond: 10, direction: 'down' }, after2);
    const client = ask(proxy.url);
    const sent = events.slice(0, 2).join('').length;
    await eventually(() => text(client).length === sent + 1);
    for (let byte = 2; byte <= 6; byte += 1) {
      await clock.advance(100);
      await eventually(() => text(client).length === sent + byte);
    }
    await clock.advance(60_000);
    await eventually(() => client.events.includes('end'));
    expect(text(client)).toBe(events.join(''));
  });

  it('latency: head and events are late', async () => {
    const clock = createVirtualClock();
    const server = await startHttpServer((response) => response.end('late'));
    const proxy = await startProxy({ target: server.url, clock });
    proxy.set({ kind: 'latency', ms: 500 });
    const client = ask(proxy.url);
    await eventually(() => clock.pendingTimers === 1);
    await settled();
    expect(server.requests).toHaveLength(0);
    await clock.advance(500);
    await eventually(() => server.requests.length === 1 && clock.pendingTimers === 1);
    await settled();
    expect(client.events).toEqual([]);
    await clock.advance(500);
    await eventually(() => client.events.includes('end'));
    expect(text(client)).toBe('late');
  });

  it('slow-close: the end is late, what was said is not', async () => {
    const clock = createVirtualClock();
    const server = await startHttpServer((response) => {
      response.write('said');
      response.end();
    });
    const proxy = await startProxy({ target: server.url, clock });
    proxy.set({ kind: 'slow-close', ms: 1000 });
    const client = ask(proxy.url);
    await eventually(() => client.received.length === 1 && clock.pendingTimers === 1);
    await settled();
    expect(client.events).toEqual(['status 200']);
    await clock.advance(1000);
    await eventually(() => client.events.includes('end'));
  });

  it.each([
    [{ kind: 'drop', times: 1 }, events.slice(1)],
    [{ kind: 'duplicate', times: 1 }, [events[0] ?? '', ...events]],
    [{ kind: 'reorder', times: 1 }, [events[1], events[0], events[2], events[3]]],
    [{ kind: 'corrupt', times: 1 }, ['data: ~"n":1}\n\n', ...events.slice(1)]],
    [{ kind: 'garbage' }, ['data: {"type": "cut\n\n', ...events]],
    [{ kind: 'huge', bytes: 100_000 }, [`data: ${'x'.repeat(100_000)}\n\n`, ...events]],
  ] satisfies [ChaosFault, (string | undefined)[]][])('%o', async (fault, received) => {
    const { client } = await startStream({ fault: { ...fault, direction: 'down' } });
    await eventually(() => client.events.includes('end'));
    expect(text(client)).toBe(received.join(''));
  });

  it('stop-reading: the rest of a large body is not taken from the client', async () => {
    const server = await startHttpServer((response, request) => request.pipe(response));
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'stop-reading' });
    const request = requestHttp(proxy.url, { method: 'POST', agent: false });
    request.on('error', () => {});
    request.end(Buffer.alloc(24 * 1024 * 1024));
    await eventually(() => server.requests.length === 1);
    const unsent = await steady(() => request.socket?.writableLength ?? 0);
    expect(unsent).toBeGreaterThan(8 * 1024 * 1024);
    const whole = new Promise<number>((resolve) => {
      request.on('response', (response) => {
        let length = 0;
        response.on('data', (bytes: Buffer) => (length += bytes.length));
        response.on('end', () => resolve(length));
      });
    });
    proxy.heal();
    expect(await whole).toBe(24 * 1024 * 1024);
  });

  it('counts lines of NDJSON, and events that end in any of the three ways', async () => {
    const lines = await startStream(
      { fault: { kind: 'close' }, ...after2 },
      { contentType: 'application/x-ndjson', pieces: ['{"n":1}\n', '{"n":2}\n', '{"n":3}\n'] },
    );
    await eventually(() => lines.client.events.includes('end'));
    expect(text(lines.client)).toBe('{"n":1}\n{"n":2}\n');
    const mixed = await startStream(
      { fault: { kind: 'close' }, ...after2 },
      { pieces: ['data: 1\r\n\r\n', 'data: 2\r\r', 'data: 3\n\n'] },
    );
    await eventually(() => mixed.client.events.includes('end'));
    expect(text(mixed.client)).toBe('data: 1\r\n\r\ndata: 2\r\r');
  });

  it('passes a last event without its end', async () => {
    const { client } = await startStream(
      { fault: { kind: 'drop', direction: 'up' } },
      { pieces: ['data: 1\n\n', 'data: 2'] },
    );
    await eventually(() => client.events.includes('end'));
    expect(text(client)).toBe('data: 1\n\ndata: 2');
  });
});
