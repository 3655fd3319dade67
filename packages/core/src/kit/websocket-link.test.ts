// The link over real sockets on loopback: what reaches the peer, what reaches the adapter, and that every end has a name.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ConfigError } from '../errors/config-error.js';
import { ProviderError } from '../errors/provider-error.js';
import type { VoiceError } from '../spec/error.js';
import type { PeerVerdict } from './websocket-failure.js';
import { connectWebSocket, type WebSocketLink, type WebSocketLinkOptions } from './websocket-link.js';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

interface Peer {
  readonly url: string;
  readonly connections: WebSocket[];
  /** What came, `binary:` or `text:` in front. */
  readonly received: string[];
  readonly requests: IncomingMessage[];
}

async function startPeer(
  onConnection: (socket: WebSocket) => void = () => undefined,
  options: { autoPong?: boolean } = {},
): Promise<Peer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  const peer: Peer = { url: '', connections: [], received: [], requests: [] };
  server.on('connection', (socket, request) => {
    peer.connections.push(socket);
    peer.requests.push(request);
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => {
      peer.received.push(`${isBinary ? 'binary' : 'text'}:${(data as Buffer).toString('latin1')}`);
    });
    onConnection(socket);
  });
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of peer.connections) socket.terminate();
    server.close();
  });
  return { ...peer, url: urlOf(server.address()) };
}

function urlOf(address: unknown): string {
  return `ws://127.0.0.1:${(address as AddressInfo).port}/listen?token=secret-token`;
}

/** A TCP peer in whose hands every byte is. */
async function startRawPeer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return urlOf(server.address());
}

async function startHttpPeer(handler: (server: Server) => void): Promise<string> {
  const server = createServer();
  handler(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return urlOf(server.address());
}

interface Opened {
  readonly link: WebSocketLink;
  readonly opened: Promise<undefined>;
  readonly closed: Promise<VoiceError | undefined>;
  readonly messages: string[];
}

function connect(url: string, options: Partial<WebSocketLinkOptions> = {}): Opened {
  const messages: string[] = [];
  const open = withResolver<undefined>();
  const close = withResolver<VoiceError | undefined>();
  const link = connectWebSocket({
    provider: 'acme',
    stage: 'stt',
    url,
    headers: { Authorization: 'Bearer secret-key' },
    onOpen: () => open.resolve(undefined),
    onMessage: (data) => messages.push(data.toString()),
    onClose: (error) => close.resolve(error),
    ...options,
  });
  cleanUps.push(link.close);
  return { link, opened: open.promise, closed: close.promise, messages };
}

function withResolver<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Waits for something only the peer can see. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('an open link', () => {
  it('keeps what is sent before opening, in order, and sends text as text and bytes as binary', async () => {
    const peer = await startPeer();
    const { link } = connect(peer.url, { onOpen: () => link.send('hello') });
    link.send(new Uint8Array([65, 66]));
    link.send('{"type":"Flush"}');
    link.send(new Uint8Array([67]));
    await until(() => peer.received.length === 4);
    expect(peer.received).toEqual(['text:hello', 'binary:AB', 'text:{"type":"Flush"}', 'binary:C']);
    expect(peer.requests[0]?.headers.authorization).toBe('Bearer secret-key');
  });

  it('copies what it keeps: the giver may reuse its pool', async () => {
    const peer = await startPeer();
    const { link } = connect(peer.url);
    const pooled = new Uint8Array([65]);
    link.send(pooled);
    pooled[0] = 90;
    await until(() => peer.received.length === 1);
    expect(peer.received).toEqual(['binary:A']);
  });

  it('offers no compression', async () => {
    const peer = await startPeer();
    await connect(peer.url).opened;
    expect(peer.requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('gives every message before the close that followed it', async () => {
    const peer = await startPeer((socket) => {
      for (const text of ['one', 'two', 'three']) socket.send(text);
      socket.close(1011);
    });
    let seenAtClose = 0;
    const messages: string[] = [];
    const closed = withResolver<VoiceError | undefined>();
    connect(peer.url, {
      onMessage: (data) => messages.push(data.toString()),
      onClose: (error) => {
        seenAtClose = messages.length;
        closed.resolve(error);
      },
    });
    expect(await closed.promise).toMatchObject({ class: 'unavailable', status: 1011 });
    expect(seenAtClose).toBe(3);
  });

  it('stops reading while paused and loses nothing', async () => {
    const peer = await startPeer();
    const { link, opened, messages } = connect(peer.url);
    await opened;
    await until(() => peer.connections.length === 1);
    link.pause();
    const socket = peer.connections[0];
    for (let index = 0; index < 2000; index += 1) socket?.send('x'.repeat(10_000));
    await until(() => (socket?.bufferedAmount ?? 0) > 0);
    expect(messages).toHaveLength(0);
    link.resume();
    await until(() => messages.length === 2000);
  });

  it('ends as protocol when the adapter cannot read a message, and as what the adapter throws when that is typed', async () => {
    const peer = await startPeer((socket) => socket.send('?'));
    const bug = new TypeError('undefined is not an object');
    const untyped = connect(peer.url, {
      onMessage: () => {
        throw bug;
      },
    });
    expect(await untyped.closed).toMatchObject({ class: 'protocol', provider: 'acme', cause: bug });
    const quota = new ProviderError({ class: 'quota', provider: 'acme', stage: 'stt', message: 'no money' });
    const typed = connect(peer.url, {
      onMessage: () => {
        throw quota;
      },
    });
    expect(await typed.closed).toBe(quota);
  });

  it('takes its socket with it when it fails', async () => {
    const peer = await startPeer((socket) => socket.send('?'));
    const { closed } = connect(peer.url, {
      onMessage: () => {
        throw new TypeError('unreadable');
      },
    });
    await closed;
    await until(() => peer.connections[0]?.readyState === peer.connections[0]?.CLOSED);
  });

  it('ends as protocol at a message beyond the limit', async () => {
    const peer = await startPeer((socket) => socket.send('x'.repeat(1001)));
    const { closed, messages } = connect(peer.url, { maxMessageBytes: 1000 });
    expect(await closed).toMatchObject({ class: 'protocol' });
    expect(messages).toEqual([]);
  });
});

describe('a link that cannot open', () => {
  it.each([
    [401, {}, { class: 'auth', status: 401, retryAfterMs: undefined }],
    [402, {}, { class: 'quota', status: 402 }],
    [429, { 'retry-after': '7' }, { class: 'rate_limit', status: 429, retryAfterMs: 7000 }],
    [
      503,
      { 'retry-after': 'Fri, 20 Nov 2026 10:00:09 GMT', date: 'Fri, 20 Nov 2026 10:00:00 GMT' },
      { class: 'unavailable', status: 503, retryAfterMs: 9000 },
    ],
    [302, { location: 'http://127.0.0.1:1/' }, { class: 'protocol', status: 302 }],
  ])('names a refusal with HTTP %i', async (status, headers, expected) => {
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}content-length: 2\r\n\r\n{}`);
      });
    });
    expect(await connect(url).closed).toMatchObject(expected);
  });

  it('lets the adapter read the body, and takes its class and code', async () => {
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.end(
          'HTTP/1.1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"code":"\r\n5\r\nBUSY"\r\n1\r\n}\r\n0\r\n\r\n',
        );
      });
    });
    const seen: unknown[] = [];
    const { closed } = connect(url, {
      readVerdict: (verdict) => {
        seen.push(verdict);
        return { class: 'rate_limit', detail: 'BUSY' };
      },
    });
    const error = await closed;
    expect(error).toMatchObject({ class: 'rate_limit', status: 400 });
    expect(error?.message).toContain('BUSY');
    expect(seen).toEqual([{ kind: 'refused', status: 400, body: '{"code":"BUSY"}' }]);
  });

  it('tells by the status what the adapter stumbles over', async () => {
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.end('HTTP/1.1 402 Pay\r\ncontent-length: 4\r\n\r\nhtml');
      });
    });
    const readVerdict = (verdict: PeerVerdict) =>
      JSON.parse('body' in verdict ? verdict.body : '') as undefined;
    expect(await connect(url, { readVerdict }).closed).toMatchObject({ class: 'quota', status: 402 });
  });

  it('does not wait for a refusal whose body never ends', async () => {
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 10000000\r\n\r\nsorry');
      });
    });
    expect(await connect(url).closed).toMatchObject({ class: 'unavailable', status: 500 });
  });

  it('does not read on in a refusal whose body never stops', async () => {
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 10000000\r\n\r\n');
        socket.write('x'.repeat(5_000_000));
      });
    });
    // Time stands still: only the length can end it.
    const clock = createVirtualClock();
    expect(await connect(url, { clock }).closed).toMatchObject({ class: 'unavailable', status: 500 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves nothing behind when closed while it reads a refusal', async () => {
    const clock = createVirtualClock();
    const url = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 10000000\r\n\r\nsorry');
      });
    });
    const { link, closed } = connect(url, { clock });
    await until(() => clock.pendingTimers === 1);
    link.close();
    expect(await closed).toBeUndefined();
    await until(() => clock.pendingTimers === 0);
  });

  it('names a port where nobody listens', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = urlOf(server.address());
    server.close();
    await once(server, 'close');
    const error = await connect(url).closed;
    expect(error).toMatchObject({ class: 'unavailable', code: 'provider.unavailable' });
    expect(error?.message).toContain('ECONNREFUSED');
  });

  it('names a host that does not exist', async () => {
    expect(await connect('ws://no-such-host.invalid/').closed).toMatchObject({ class: 'unavailable' });
  });

  it('names a TLS handshake that fails', async () => {
    const url = await startRawPeer((socket) => socket.end('this is not TLS'));
    const error = await connect(url.replace('ws:', 'wss:')).closed;
    expect(error).toMatchObject({ class: 'unavailable' });
    expect(error?.message).toContain('EPROTO');
  });

  it.each([
    ['hangs up', (socket: Socket) => void socket.destroy(), 'unavailable'],
    ['does not speak HTTP', (socket: Socket) => void socket.end('SSH-2.0-OpenSSH\r\n\r\n'), 'protocol'],
    [
      'gets the handshake wrong',
      (socket: Socket) =>
        void socket.write(
          'HTTP/1.1 101 OK\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: wrong\r\n\r\n',
        ),
      'protocol',
    ],
  ])('names a peer that %s', async (_what, behave, expected) => {
    const url = await startRawPeer((socket) => socket.once('data', () => behave(socket)));
    expect(await connect(url).closed).toMatchObject({ class: expected, status: undefined });
  });

  it('throws a ConfigError for what no request can be made of', () => {
    for (const options of [{ url: 'not a url?token=secret-token' }, { headers: { 'x-key': 'a\nb' } }]) {
      let thrown: unknown;
      try {
        connect('ws://127.0.0.1:1/', options);
      } catch (error) {
        thrown = error;
      }
      expect(ConfigError.is(thrown)).toBe(true);
      expect(String(thrown)).not.toContain('secret');
    }
  });

  it('never tells the URL, its token or a header', async () => {
    const refusing = await startHttpPeer((server) => {
      server.on('upgrade', (_request, socket) => {
        socket.end('HTTP/1.1 401 No\r\ncontent-length: 10\r\n\r\nsecret-key');
      });
    });
    const closing = (await startPeer((socket) => socket.close(1008, 'bad secret-key'))).url;
    const failing = [
      refusing,
      closing,
      'ws://no-such-host.invalid/?token=secret-token',
      'ws://127.0.0.1:1/?token=secret-token',
    ];
    for (const url of failing) {
      const error = await connect(url).closed;
      const { inspect } = await import('node:util');
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret/);
    }
  });
});

describe('closing', () => {
  it.each([
    [1000, 'unavailable'],
    [1008, 'auth'],
    [4001, 'unavailable'],
  ])('by the peer before we asked is a failure: %i', async (code, expected) => {
    const peer = await startPeer((socket) => socket.close(code));
    expect(await connect(peer.url).closed).toMatchObject({ class: expected, status: code });
  });

  it('by the peer with nothing in flight is idle, unless its code says more', async () => {
    const idle = await startPeer((socket) => socket.close(1000));
    expect(await connect(idle.url, { isIdle: () => true }).closed).toMatchObject({ class: 'idle' });
    const refused = await startPeer((socket) => socket.close(1008));
    expect(await connect(refused.url, { isIdle: () => true }).closed).toMatchObject({ class: 'auth' });
  });

  it('without a close frame is a failure', async () => {
    const peer = await startPeer((socket) => socket.terminate());
    expect(await connect(peer.url).closed).toMatchObject({ class: 'unavailable', status: 1006 });
  });

  it('as the protocol wants it is none', async () => {
    const peer = await startPeer((socket) => socket.close(1000));
    expect(await connect(peer.url, { isProperEnd: (code) => code === 1000 }).closed).toBeUndefined();
  });

  it('reads what the adapter knows of close reasons', async () => {
    const peer = await startPeer((socket) => socket.close(1011, 'NET-0001'));
    const readVerdict: WebSocketLinkOptions['readVerdict'] = (verdict) =>
      verdict.kind === 'closed' && verdict.reason === 'NET-0001'
        ? { class: 'idle', detail: 'NET-0001' }
        : undefined;
    const error = await connect(peer.url, { readVerdict }).closed;
    expect(error).toMatchObject({ class: 'idle', status: 1011 });
    expect(error?.message).toContain('NET-0001');
  });

  it('by a peer that keeps the TCP connection is noticed all the same', async () => {
    const url = await startRawPeer((socket) => {
      socket.once('data', (head: Buffer) => {
        const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? '';
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        const headers = `upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}`;
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n\r\n`);
        // A close frame with code 1001, and nothing after it.
        socket.write(Buffer.from([0x88, 0x02, 0x03, 0xe9]));
      });
    });
    expect(await connect(url).closed).toMatchObject({ class: 'unavailable', status: 1001 });
  });

  it('by us tells the peer 1000 and is no failure', async () => {
    const peer = await startPeer();
    const { link, opened, closed } = connect(peer.url);
    await opened;
    await until(() => peer.connections.length === 1);
    const peerClosed = once(peer.connections[0] as WebSocket, 'close');
    link.close();
    link.close();
    expect(await closed).toBeUndefined();
    expect((await peerClosed)[0]).toBe(1000);
  });

  it('while still connecting leaves neither a socket nor an uncaught error', async () => {
    const url = await startRawPeer((socket) => {
      gone = once(socket.resume(), 'end');
      connected.resolve(undefined);
    });
    let gone: Promise<unknown> = Promise.resolve();
    const connected = withResolver<undefined>();
    const mute = connect(url);
    await connected.promise;
    mute.link.close();
    expect(await mute.closed).toBeUndefined();
    await gone;
    const atOnce = connect(url);
    atOnce.link.close();
    expect(await atOnce.closed).toBeUndefined();
  });

  it('does not wait for a peer that ignores our close frame', async () => {
    const peer = await startPeer((socket) => socket.pause());
    const { link, opened, closed } = connect(peer.url);
    await opened;
    link.close();
    expect(await closed).toBeUndefined();
  });

  it('is final: what is sent afterwards is counted and goes nowhere', async () => {
    const peer = await startPeer();
    const { link, opened, closed } = connect(peer.url);
    await opened;
    link.close();
    link.send(new Uint8Array(160));
    link.send('é');
    await closed;
    link.send(new Uint8Array(40));
    expect(link.droppedBytes).toBe(202);
    expect(peer.received).toEqual([]);
  });
});

describe('bounds', () => {
  it('gives up on a peer that does not open in time for what is written, and counts it', async () => {
    const url = await startRawPeer(() => undefined);
    const { link, closed } = connect(url, { maxUnsentBytes: 1000 });
    for (let frame = 0; frame < 10; frame += 1) link.send(new Uint8Array(160));
    expect(await closed).toMatchObject({ class: 'capacity', code: 'provider.capacity' });
    expect(link.droppedBytes).toBe(1600);
  });

  it('gives up on a peer that stops reading', async () => {
    const peer = await startPeer((socket) => socket.pause());
    const { link, opened, closed } = connect(peer.url);
    await opened;
    let isOpen = true as boolean;
    void closed.then(() => (isOpen = false));
    while (isOpen) {
      link.send(new Uint8Array(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await closed).toMatchObject({ class: 'capacity' });
    expect(link.droppedBytes).toBeGreaterThan(1_000_000);
  });
});

describe('heartbeats', () => {
  it('declares a peer dead that leaves a ping unanswered', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer(undefined, { autoPong: false });
    const { opened, closed } = connect(peer.url, { clock, pingEveryMs: 5000 });
    await opened;
    await clock.advance(4999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(5001);
    expect(await closed).toMatchObject({ class: 'stalled' });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(['pong', 'message'])('lets a peer live that gives a sign of life: %s', async (sign) => {
    const clock = createVirtualClock();
    const peer = await startPeer(undefined, { autoPong: sign === 'pong' });
    const { opened, closed, link } = connect(peer.url, { clock });
    await opened;
    await until(() => peer.connections.length === 1);
    const socket = peer.connections[0]!;
    for (let round = 1; round <= 4; round += 1) {
      const pinged = once(socket, 'ping');
      await clock.advance(5000);
      await pinged;
      if (sign === 'message') socket.send('alive');
      // Nothing tells a test that a pong was read; on loopback it is there after a turn or two.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    link.close();
    expect(await closed).toBeUndefined();
  });

  it('sends no ping when told so', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    await connect(peer.url, { clock, pingEveryMs: 0 }).opened;
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends the keep-alive only after nothing else was sent for so long', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    const { link, opened } = connect(peer.url, {
      clock,
      pingEveryMs: 0,
      keepAlive: { everyMs: 4000, frame: () => 'alive' },
    });
    await opened;
    await clock.advance(3000);
    link.send('audio');
    await clock.advance(3999);
    link.send('last');
    await until(() => peer.received.length === 2);
    expect(peer.received).toEqual(['text:audio', 'text:last']);
    await clock.advance(4000);
    await until(() => peer.received.length === 3);
    expect(peer.received.at(-1)).toBe('text:alive');
    await clock.advance(4000);
    await until(() => peer.received.length === 4);
  });

  it('sends nothing when the protocol has nothing to keep alive', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    const asked: number[] = [];
    const { link, opened } = connect(peer.url, {
      clock,
      pingEveryMs: 0,
      keepAlive: { everyMs: 4000, frame: () => void asked.push(clock.now()) },
    });
    await opened;
    await clock.advance(8000);
    link.send('mark');
    await until(() => peer.received.length > 0);
    expect(peer.received).toEqual(['text:mark']);
    expect(asked).toEqual([4000, 8000]);
  });
});
