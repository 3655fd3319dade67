// The transport against real servers on loopback: what a peer can do to us, and what we do to it.
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { getEventListeners, once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import { openHttpStream, type HttpStreamRequest } from './http-stream.js';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A listening server; `sockets` are the connections made to it, in order. */
async function listen(server: Server): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?token=hidden`, sockets };
}

const serve = (listener: RequestListener) => listen(createHttpServer(listener));

/** `answer` is called for each request, with its number on its connection. */
function serveRaw(answer: (socket: Socket, requestNumber: number) => void) {
  return listen(
    createTcpServer((socket) => {
      let requestNumber = 0;
      socket.on('data', () => answer(socket, requestNumber++));
    }),
  );
}

function request(url: string, more: Partial<HttpStreamRequest> = {}): HttpStreamRequest {
  return { provider: 'acme', stage: 'llm', url, signal: new AbortController().signal, ...more };
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function failureOf(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(ProviderError.is(error)).toBe(true);
  expect(JSON.stringify(error) + String(error)).not.toContain('hidden');
  return error as ProviderError;
}

/** Not `once`, which takes a reset for a failure: here it is one of the ways to be closed. */
const closed = (socket: Socket | undefined) =>
  new Promise<void>((resolve) => {
    if (socket === undefined || socket.destroyed) resolve();
    else socket.on('close', () => resolve());
  });

describe('openHttpStream: what is sent and what comes back', () => {
  it('sends method, headers and body, and gives status, headers and chunks as they come', async () => {
    let release: () => void = () => undefined;
    const { url } = await serve((incoming, outgoing) => {
      incoming.setEncoding('utf8').on('data', (body: string) => {
        outgoing.writeHead(201, { 'x-model': 'nova' });
        outgoing.write(`${incoming.method} ${String(incoming.headers['x-asked'])} ${body} `);
        release = () => outgoing.end('end');
      });
    });
    const stream = await openHttpStream(request(url, { body: 'grüße', headers: { 'x-asked': 'yes' } }));
    expect([stream.status, stream.headers['x-model']]).toEqual([201, 'nova']);
    const parts: string[] = [];
    for await (const chunk of stream.body) {
      parts.push(Buffer.from(chunk).toString());
      release();
    }
    expect(parts).toEqual(['POST yes grüße ', 'end']);
  });

  it('keeps a connection for the next request', async () => {
    const { url, sockets } = await serve((_, outgoing) => outgoing.end('ok'));
    for (let round = 0; round < 3; round++) await readAll((await openHttpStream(request(url))).body);
    expect(sockets).toHaveLength(1);
  });

  it('keeps it too when the reader leaves after the last byte, without reading the end', async () => {
    const { url, sockets } = await serve((_, outgoing) => outgoing.end('only'));
    for (let round = 0; round < 3; round++) {
      for await (const chunk of (await openHttpStream(request(url))).body) {
        expect(Buffer.from(chunk).toString()).toBe('only');
        break;
      }
    }
    expect(sockets).toHaveLength(1);
  });

  it('pauses a peer that is faster than the reader, and loses nothing', async () => {
    const total = 48 * 1024 * 1024;
    const { url, sockets } = await serve((_, outgoing) => outgoing.end(Buffer.alloc(total, 1)));
    const { body } = await openHttpStream(request(url));
    const [peer] = sockets;
    let received = 0;
    let furthestAhead = 0;
    for await (const chunk of body) {
      received += chunk.length;
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      const sent = (peer?.bytesWritten ?? 0) - (peer?.writableLength ?? 0);
      furthestAhead = Math.max(furthestAhead, sent - received);
    }
    expect(received).toBe(total);
    // What the operating system holds on both ends is at most about 10 MiB, the queue one.
    expect(furthestAhead).toBeLessThan(total / 2);
  });
});

describe('openHttpStream: refusals', () => {
  it.each([
    [401, 'auth'],
    [404, 'invalid_request'],
    [429, 'rate_limit'],
    [500, 'unavailable'],
    [302, 'protocol'],
  ])('status %d is of class %s', async (status, errorClass) => {
    const { url } = await serve((_, outgoing) => {
      outgoing.writeHead(status, { location: '/elsewhere' }).end('you sent hidden things');
    });
    const error = await failureOf(openHttpStream(request(url)));
    expect(error).toMatchObject({ class: errorClass, status, provider: 'acme', stage: 'llm' });
  });

  it('tells how long to stay away, by seconds or by a date against the provider’s own clock', async () => {
    let retryAfter = '7';
    const { url } = await serve((_, outgoing) => {
      outgoing.writeHead(429, { 'retry-after': retryAfter, date: 'Sat, 21 Nov 2015 09:00:00 GMT' }).end();
    });
    expect((await failureOf(openHttpStream(request(url)))).retryAfterMs).toBe(7_000);
    retryAfter = 'Sat, 21 Nov 2015 09:00:12 GMT';
    expect((await failureOf(openHttpStream(request(url)))).retryAfterMs).toBe(12_000);
  });

  it('lets the adapter read the provider’s own code out of the body', async () => {
    const { url } = await serve((_, outgoing) => {
      outgoing.writeHead(429).end(JSON.stringify({ error: { code: 'no_money' } }));
    });
    const readRefusal: HttpStreamRequest['readRefusal'] = ({ body }) =>
      body.includes('no_money') ? { class: 'quota' } : {};
    const error = await failureOf(openHttpStream(request(url, { readRefusal })));
    expect(error).toMatchObject({ class: 'quota', code: 'provider.quota', status: 429, retryable: false });
  });

  it('does not wait for more than it wants of an endless explanation', async () => {
    const { url, sockets } = await serve((_, outgoing) => {
      outgoing.writeHead(500);
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(Buffer.alloc(16 * 1024, 'x')));
      };
      outgoing.on('drain', more);
      more();
    });
    expect(await failureOf(openHttpStream(request(url)))).toMatchObject({
      class: 'unavailable',
      status: 500,
    });
    await closed(sockets[0]);
  });
});

describe('openHttpStream: broken connections', () => {
  it('nobody listens', async () => {
    const { url } = await serve(() => undefined);
    for (const cleanup of cleanups.splice(0)) cleanup();
    expect(await failureOf(openHttpStream(request(url)))).toMatchObject({
      class: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('a new connection that dies before the answer is a failure, and is not tried again', async () => {
    const { url, sockets } = await serveRaw((socket) => socket.resetAndDestroy());
    expect(await failureOf(openHttpStream(request(url)))).toMatchObject({ class: 'unavailable' });
    expect(sockets).toHaveLength(1);
  });

  it('an answer that is not HTTP is a protocol failure that does not quote it', async () => {
    const { url } = await serveRaw((socket) => socket.end('hidden nonsense\r\n\r\n'));
    expect(await failureOf(openHttpStream(request(url)))).toMatchObject({ class: 'protocol' });
  });

  it('a body cut in the middle gives what came, then fails', async () => {
    const { url } = await serve((_, outgoing) => {
      outgoing.write('half', () => outgoing.destroy());
    });
    const { body } = await openHttpStream(request(url));
    const parts: string[] = [];
    const reading = (async () => {
      for await (const chunk of body) parts.push(Buffer.from(chunk).toString());
    })();
    expect(await failureOf(reading)).toMatchObject({ class: 'unavailable' });
    expect(parts).toEqual(['half']);
  });

  it('a body that breaks in the same packet as its head fails too, rather than never ending', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    for (const rest of ['hidden nonsense\r\n', '']) {
      const { url } = await serveRaw((socket) => socket.end(head + rest));
      const reading = openHttpStream(request(url)).then(({ body }) => readAll(body));
      expect(['protocol', 'unavailable']).toContain((await failureOf(reading)).class);
    }
  });

  it('a body beyond the limit is a protocol failure and closes the connection', async () => {
    const { url, sockets } = await serve((_, outgoing) => outgoing.end(Buffer.alloc(2_000)));
    const { body } = await openHttpStream(request(url, { maxResponseBytes: 1_000 }));
    expect(await failureOf(readAll(body))).toMatchObject({ class: 'protocol' });
    await closed(sockets[0]);
  });

  it('a compressed body is a protocol failure: nobody asked for it', async () => {
    const { url } = await serve((_, outgoing) => {
      outgoing.writeHead(200, { 'content-encoding': 'gzip' }).end('?');
    });
    const { body } = await openHttpStream(request(url));
    expect(await failureOf(readAll(body))).toMatchObject({ class: 'protocol' });
  });

  it('what can’t be sent at all is named without being shown', async () => {
    const bad = [
      request('http://[hidden'),
      request('http://127.0.0.1:1', { headers: { 'x-key': 'hidden\n' } }),
    ];
    for (const each of bad) {
      expect(await failureOf(openHttpStream(each))).toMatchObject({ class: 'invalid_request' });
    }
  });
});

describe('openHttpStream: a kept-alive connection the peer had already given up', () => {
  const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

  /** Answers the first request, and resets the connection when the second one comes over it. */
  const serveStale = () =>
    serveRaw((socket, requestNumber) => {
      if (requestNumber === 1) socket.resetAndDestroy();
      else socket.write(ok);
    });

  it('is replaced once, unseen, where sending twice does no harm, and not by another old one', async () => {
    const { url, sockets } = await serveStale();
    const repeatable = request(url, { body: 'x', isIdempotent: true });
    const streams = await Promise.all([openHttpStream(repeatable), openHttpStream(repeatable)]);
    for (const { body } of streams) await readAll(body);
    expect(sockets).toHaveLength(2);
    expect(await readAll((await openHttpStream(repeatable)).body)).toBe('ok');
    expect(sockets).toHaveLength(3);
  });

  it('is a failure where it might: a POST may have been carried out', async () => {
    const { url, sockets } = await serveStale();
    await readAll((await openHttpStream(request(url, { body: 'x' }))).body);
    expect(await failureOf(openHttpStream(request(url, { body: 'x' })))).toMatchObject({
      class: 'unavailable',
    });
    expect(sockets).toHaveLength(1);
  });

  it('is a failure once a single byte of the answer has come', async () => {
    const { url, sockets } = await serveRaw((socket, requestNumber) => {
      if (requestNumber === 0) socket.write(ok);
      else socket.write('H', () => socket.end());
    });
    await readAll((await openHttpStream(request(url))).body);
    await failureOf(openHttpStream(request(url)));
    expect(sockets).toHaveLength(1);
  });

  it('is a failure when the new connection dies as well', async () => {
    const { url, sockets } = await serveRaw((socket, requestNumber) => {
      if (requestNumber === 0 && sockets.length === 1) socket.write(ok);
      else socket.resetAndDestroy();
    });
    await readAll((await openHttpStream(request(url))).body);
    await failureOf(openHttpStream(request(url)));
    expect(sockets).toHaveLength(2);
  });
});

describe('openHttpStream: stopping', () => {
  const reason = new Error('caller hung up');

  it('rejects with the reason when aborted before it began, and connects nowhere', async () => {
    const { url, sockets } = await serve((_, outgoing) => outgoing.end());
    await expect(openHttpStream(request(url, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(sockets).toHaveLength(0);
  });

  it('rejects with the reason while waiting for headers, and closes the connection', async () => {
    const stop = new AbortController();
    const { url, sockets } = await serve(() => stop.abort(reason));
    await expect(openHttpStream(request(url, { signal: stop.signal }))).rejects.toBe(reason);
    await closed(sockets[0]);
  });

  it('throws the reason in mid-body, drops what was not read, and closes the connection', async () => {
    const stop = new AbortController();
    const { url, sockets } = await serve((_, outgoing) => void outgoing.write('first'));
    const { body } = await openHttpStream(request(url, { signal: stop.signal }));
    const reading = (async () => {
      for await (const chunk of body) {
        expect(Buffer.from(chunk).toString()).toBe('first');
        stop.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await closed(sockets[0]);
  });

  it('closes the connection when nobody reads the body', async () => {
    const stop = new AbortController();
    const { url, sockets } = await serve((_, outgoing) => void outgoing.write('first'));
    await openHttpStream(request(url, { signal: stop.signal }));
    stop.abort(reason);
    await closed(sockets[0]);
  });

  it('closes the connection when the reader leaves in the middle', async () => {
    const { url, sockets } = await serve((_, outgoing) => void outgoing.write('first'));
    for await (const _ of (await openHttpStream(request(url))).body) break;
    await closed(sockets[0]);
  });

  it('leaves no listener on the signal, however it ended', async () => {
    const { url } = await serve((incoming, outgoing) => {
      if (incoming.headers['x-how'] === 'cut') outgoing.destroy();
      else outgoing.writeHead(incoming.headers['x-how'] === 'refused' ? 500 : 200).end('ok');
    });
    const stop = new AbortController();
    const send = (how: string) =>
      openHttpStream(request(url, { signal: stop.signal, headers: { 'x-how': how } }));
    await readAll((await send('whole')).body);
    for await (const _ of (await send('left')).body) break;
    await failureOf(send('refused'));
    await failureOf(send('cut'));
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });
});
