// The ends of a link over real sockets on loopback: whatever the peer does, it has a name, and nothing is left behind.
import { createHash } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { ConfigError } from '../errors/config-error.js';
import {
  connect,
  endPeers,
  startHttpPeer,
  startPeer,
  startRawPeer,
  until,
  urlOf,
  withResolver,
} from './test-peers.js';
import type { PeerVerdict } from './websocket-failure.js';
import type { WebSocketLinkOptions } from './websocket-link.js';

afterEach(endPeers);

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

  it('looks the name up anew after a failure', async () => {
    const { port } = new URL((await startPeer()).url);
    const lookup = vi.spyOn(dns, 'lookup');
    lookup.mockImplementation(((_: string, __: object, done: (...args: unknown[]) => void) =>
      lookup.mock.calls.length === 1
        ? done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
        : done(null, [{ address: '127.0.0.1', family: 4 }])) as never);
    const url = `ws://acme.invalid:${port}/`;
    expect(await connect(url).closed).toMatchObject({ class: 'unavailable' });
    await connect(url).opened;
    expect(lookup).toHaveBeenCalledTimes(2);
    lookup.mockRestore();
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
    expect(link.droppedBytes()).toBe(202);
    expect(peer.received).toEqual([]);
  });
});
