// What a proxy does to WebSockets: nothing when it is told nothing, and each fault as it is named.
import { afterEach, describe, expect, it } from 'vitest';
import type { ChaosFault } from './chaos-fault.js';
import type { ChaosConnection } from './connection-record.js';
import {
  connectWebSocket,
  endAll,
  eventually,
  joined,
  settled,
  startCall,
  startProxy,
  startWebSocketServer,
  steady,
} from './test-peers.js';

afterEach(endAll);

/** Of which the system's buffers between two sockets take up to ten. */
const megabytes = (count: number): number => count * 1024 * 1024;

function swallowed(connection: ChaosConnection | undefined): readonly string[] {
  const entries = connection?.entries ?? [];
  return entries.flatMap((entry) =>
    entry.type === 'unit' && entry.fate === 'swallowed' ? [`${entry.direction} ${entry.kind}`] : [],
  );
}

describe('a proxy without rules', () => {
  it('passes messages of both kinds and any size, pings, pongs and closes', async () => {
    const { proxy, client, served } = await startCall();
    client.socket.send('hello');
    client.socket.send(new Uint8Array([1, 2, 3]));
    client.socket.send('x'.repeat(300));
    client.socket.send('y'.repeat(70_000));
    client.socket.send('in ', { fin: false });
    client.socket.send('parts', { fin: true });
    client.socket.ping();
    served.socket.send('welcome');
    await eventually(() => served.received.length === 5 && client.events.includes('pong'));
    expect(served.received).toEqual(['hello', '0x010203', '300 bytes', '70000 bytes', 'in parts']);
    expect(client.received).toEqual(['welcome']);
    served.socket.close(4001, 'enough');
    await eventually(() => served.events.length === 2 && client.events.length === 3);
    expect(client.events).toEqual(['open', 'pong', 'close 4001 enough']);
    expect(served.events).toEqual(['ping', 'close 4001 enough']);
    await proxy.until(() => proxy.record.connections[0]?.endedMs !== undefined);
    expect(proxy.record.connections[0]).toMatchObject({ messages: { up: 5, down: 1 }, faults: [] });
  });

  it('passes path, query, headers and sub-protocols, and no compression', async () => {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: `${server.url}/v1` });
    const headers = { authorization: 'Bearer key', 'x-custom': 'kept' };
    const client = connectWebSocket(`${proxy.wsUrl}/listen?a=1&b=2`, { protocols: ['one', 'two'], headers });
    await eventually(() => client.events.includes('open'));
    const [request] = server.requests;
    expect(request?.url).toBe('/v1/listen?a=1&b=2');
    expect(request?.headers).toMatchObject({ ...headers, host: new URL(server.url).host });
    expect(request?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(client.socket.protocol).toBe('one');
    expect(proxy.record.connections[0]?.path).toBe('/v1/listen');
  });

  it('passes a refusal whole', async () => {
    const server = await startWebSocketServer();
    const second = await startProxy({ target: server.url });
    second.set({ kind: 'status', status: 401, headers: { 'x-why': 'wrong key' }, body: '{"error":"key"}' });
    const proxy = await startProxy({ target: second.wsUrl });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.received.length === 2);
    expect(client.events).toEqual(['status 401']);
    expect(JSON.parse(client.received[0] ?? '')).toMatchObject({ 'x-why': 'wrong key' });
    expect(client.received[1]).toBe('{"error":"key"}');
  });

  it('resets a client whose server is not there', async () => {
    const proxy = await startProxy({ target: 'ws://127.0.0.1:1' });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.events.length > 1);
    expect(client.events).toEqual(['error ECONNRESET', 'close 1006']);
  });

  it('hands on a reset by either end', async () => {
    const { server, proxy, client, served } = await startCall();
    served.tcp?.resetAndDestroy();
    await eventually(() => client.events.includes('close 1006'));
    expect(client.events).toContain('tcp ECONNRESET');
    const second = await joined(proxy, server);
    second.client.tcp?.resetAndDestroy();
    await eventually(() => second.served.events.includes('close 1006'));
    expect(second.served.events).toContain('tcp ECONNRESET');
  });
});

describe('silence', () => {
  it('mute: no message and no end in one direction; pings are answered', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'mute' });
    client.socket.send('question');
    await eventually(() => served.received.length === 1);
    served.socket.send('answer');
    client.socket.ping();
    await eventually(() => client.events.includes('pong'));
    served.socket.close(1000);
    await proxy.until(() => swallowed(proxy.record.connections[0]).includes('down close'));
    await settled();
    expect(client).toMatchObject({ received: [], events: ['open', 'pong'] });
  });

  it('black-hole: nothing at all passes, and the server learns when the client has left', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'black-hole' });
    client.socket.send('question');
    client.socket.ping();
    served.socket.send('unasked');
    await proxy.until(() => swallowed(proxy.record.connections[0]).length === 3);
    await settled();
    expect(client).toMatchObject({ received: [], events: ['open'] });
    expect(served).toMatchObject({ received: [], events: [] });
    client.socket.terminate();
    await eventually(() => served.events.includes('close 1006'));
  });

  it('black-hole: a client that connects is not answered', async () => {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'black-hole' });
    const client = connectWebSocket(proxy.wsUrl);
    await proxy.until(() => swallowed(proxy.record.connections[0]).includes('up request'));
    await settled();
    expect(client.events).toEqual([]);
    expect(server.peers).toEqual([]);
    client.socket.terminate();
    await proxy.until(() => proxy.openSockets === 0);
    expect(proxy.record.connections[0]?.endedMs).toBeDefined();
  });

  it('black-hole: once healed, what comes passes; a server that left in it is told by a reset', async () => {
    const { proxy, client, served } = await startCall();
    const hole = proxy.set({ kind: 'black-hole' });
    served.socket.send('lost');
    await proxy.until(() => swallowed(proxy.record.connections[0]).length === 1);
    hole.stop();
    served.socket.send('found');
    await eventually(() => client.received.length === 1);
    expect(client.received).toEqual(['found']);

    proxy.set({ kind: 'black-hole' });
    served.socket.terminate();
    await proxy.until(() => swallowed(proxy.record.connections[0]).includes('down end'));
    await settled();
    expect(client.events).toEqual(['open']);
    proxy.heal();
    await eventually(() => client.events.includes('close 1006'));
    expect(client.events).toContain('tcp ECONNRESET');
  });

  it('half-open: the server is gone, the client is not told', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'half-open' });
    await eventually(() => served.events.includes('close 1006'));
    client.socket.send('anybody there?');
    client.socket.ping();
    await settled();
    expect(client.events).toEqual(['open']);
    client.socket.terminate();
    await proxy.until(() => proxy.openSockets === 0);
  });

  it('half-open: the client is gone, the server is not told', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'half-open', direction: 'up' });
    await eventually(() => client.events.includes('close 1006'));
    served.socket.send('anybody there?');
    await settled();
    expect(served.events).toEqual([]);
    expect(served.socket.readyState).toBe(served.socket.OPEN);
  });

  it('no-pong: pings arrive and stay unanswered, messages pass', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'no-pong' });
    client.socket.ping();
    await eventually(() => served.events.includes('ping'));
    served.socket.send('here');
    await eventually(() => client.received.length === 1);
    expect(client.events).toEqual(['open']);
    proxy.heal();
    client.socket.ping();
    await eventually(() => client.events.includes('pong'));
    expect(client.events).toEqual(['open', 'pong']);
  });

  it('stop-reading: what is sent piles up at the sender; the other direction passes', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'stop-reading' });
    client.socket.send('unread');
    served.socket.send('still here');
    await eventually(() => client.received.length === 1);
    client.socket.send(Buffer.alloc(megabytes(24)));
    expect(await steady(() => client.socket.bufferedAmount)).toBeGreaterThan(megabytes(8));
    expect(served.received).toEqual([]);
    proxy.heal();
    await eventually(() => served.received.length === 2);
    expect(client.socket.bufferedAmount).toBe(0);
  });

  it('hands on the back-pressure of a server that does not read', async () => {
    const { client, served } = await startCall();
    served.socket.pause();
    for (let count = 0; count < 48; count += 1) client.socket.send(Buffer.alloc(megabytes(1)));
    expect(await steady(() => client.socket.bufferedAmount)).toBeGreaterThan(megabytes(8));
    served.socket.resume();
    await eventually(() => served.received.length === 48);
  });
});

describe('ends', () => {
  it('reset: both ends get one', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'reset' });
    await eventually(() => client.events.length === 3 && served.events.length === 2);
    expect(client.events).toEqual(['open', 'tcp ECONNRESET', 'close 1006']);
    expect(served.events).toEqual(['tcp ECONNRESET', 'close 1006']);
    expect(proxy.openSockets).toBe(0);
  });

  it('reset: a client that connects is never answered', async () => {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'reset' });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.events.length === 2);
    expect(client.events).toEqual(['error ECONNRESET', 'close 1006']);
    expect(server.peers).toEqual([]);
  });

  it('cut: the connection ends without a close frame', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'cut' });
    await eventually(() => client.events.length === 2 && served.events.length === 1);
    expect(client.events).toEqual(['open', 'close 1006']);
    expect(served.events).toEqual(['close 1006']);
  });

  it.each([
    [{ kind: 'close' }, 'close 1000'],
    [{ kind: 'close', code: 1011, reason: 'overloaded' }, 'close 1011 overloaded'],
    [{ kind: 'close', code: 1005 }, 'close 1005'],
  ] satisfies [ChaosFault, string][])('close: %o', async (fault, seen) => {
    const { proxy, client, served } = await startCall();
    served.socket.send('one');
    proxy.set(fault, { when: { afterMessages: 1 } });
    await eventually(() => client.events.length === 2);
    expect(client).toMatchObject({ received: ['one'], events: ['open', seen] });
    await eventually(() => served.events.includes('close 1006'));
  });

  it('close: a close frame to the server, whose client is gone', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'close', code: 4000, reason: 'bye', direction: 'up' });
    await eventually(() => served.events.length === 1 && client.events.length === 2);
    expect(served.events).toEqual(['close 4000 bye']);
    expect(client.events).toEqual(['open', 'close 1006']);
  });

  it('close after accept: the upgrade succeeds, the close frame follows', async () => {
    const server = await startWebSocketServer((peer) => peer.socket.send('greeting'));
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'close', code: 1013 });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.events.length === 2);
    expect(client).toMatchObject({ received: [], events: ['open', 'close 1013'] });
  });

  it('status: the upgrade is refused, and the server never asked', async () => {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: 'slower' });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.received.length === 2);
    expect(client.events).toEqual(['status 429']);
    expect(JSON.parse(client.received[0] ?? '')).toMatchObject({ 'retry-after': '2' });
    expect(server.peers).toEqual([]);
  });

  it('empty-200: the upgrade is refused by a success', async () => {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url });
    proxy.set({ kind: 'empty-200' });
    const client = connectWebSocket(proxy.wsUrl);
    await eventually(() => client.events.length === 1);
    expect(client.events).toEqual(['status 200']);
  });
});
