// The proxy as a whole: many connections, what it remembers, and what it leaves behind.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { realClock } from '../real-clock.js';
import { createVirtualClock } from '../virtual-clock.js';
import { startChaosProxy } from './chaos-proxy.js';
import {
  ask,
  connectTcp,
  connectWebSocket,
  endAll,
  eventually,
  joined,
  startHttpServer,
  startProxy,
  startWebSocketServer,
} from './test-peers.js';

afterEach(endAll);

function openTcp(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

it('leaves no socket and no timer, in whatever state its connections are', async () => {
  const server = await startWebSocketServer();
  const http = await startHttpServer((response) => response.flushHeaders());
  const clock = createVirtualClock();
  const before = openTcp();
  const proxies = await Promise.all([
    startChaosProxy({ target: server.url, clock }),
    startChaosProxy({ target: http.url, clock }),
    startChaosProxy({ target: 'ws://127.0.0.1:1', clock }),
  ]);
  const [sockets, requests] = proxies;
  sockets.plan([
    { fault: { kind: 'stop-reading' }, when: { connection: 1 } },
    { fault: { kind: 'half-open' }, when: { connection: 2 } },
    { fault: { kind: 'half-open', direction: 'up' }, when: { connection: 3 } },
    { fault: { kind: 'bandwidth', bytesPerSecond: 1 }, when: { connection: 4 } },
    { fault: { kind: 'close' }, when: { connection: 4 }, forMs: 5000 },
    { fault: { kind: 'mute' }, when: { afterMs: 1000 } },
    { fault: { kind: 'black-hole' }, when: { connection: 6 } },
    { fault: { kind: 'mute' }, when: { atMs: 1000 } },
  ]);
  for (let call = 1; call <= 5; call += 1) await joined(sockets, server);
  const holed = connectWebSocket(sockets.wsUrl);
  requests.set({ kind: 'latency', ms: 1000, direction: 'down' });
  const asked = ask(requests.url);
  await eventually(() => http.requests.length === 1 && sockets.record.connections.length === 6);
  const mute = connectTcp(requests.url);
  await requests.until(() => requests.openSockets === 2);
  expect(clock.pendingTimers).toBeGreaterThan(0);
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await eventually(() => [asked, holed].every(({ events }) => events.length > 0));
  await eventually(() => mute.events.includes('end'));
  mute.socket.destroy();
  await eventually(() => openTcp() === before);
  expect(clock.pendingTimers).toBe(0);
  expect(proxies.map(({ openSockets }) => openSockets)).toEqual([0, 0, 0]);
  expect(sockets.record.connections.map(({ endedMs }) => endedMs)).not.toContain(undefined);
});

it('carries a hundred calls of 50 frames a second each way, and remembers how many there were', async () => {
  const server = await startWebSocketServer(({ socket }) => {
    socket.on('message', (data: Buffer) => socket.send(data));
  });
  const proxy = await startProxy({ target: server.url, record: false });
  const calls = await Promise.all(Array.from({ length: 100 }, () => joinedAlone(proxy.wsUrl)));
  const frame = new Uint8Array(160);
  for (let count = 0; count < 50; count += 1) for (const { socket } of calls) socket.send(frame);
  await eventually(() => calls.every(({ received }) => received.length === 50));
  expect(proxy.record.connections).toHaveLength(100);
  expect(new Set(proxy.record.connections.map(({ messages }) => `${messages.up}/${messages.down}`))).toEqual(
    new Set(['50/50']),
  );
  expect(proxy.record.connections.flatMap(({ entries }) => entries)).toEqual([]);
  expect(proxy.openSockets).toBe(100);
});

async function joinedAlone(url: string) {
  const client = connectWebSocket(url);
  await eventually(() => client.events.includes('open'));
  return client;
}

it('remembers everything in order, as plain data without keys', async () => {
  const server = await startWebSocketServer(({ socket }) => {
    socket.on('message', () => socket.send('answer'));
  });
  const proxy = await startProxy({ target: server.url, seed: 42 });
  proxy.set({ kind: 'close', code: 1011 }, { when: { afterMessages: 1 } });
  const client = connectWebSocket(`${proxy.wsUrl}/listen?token=secret`);
  await eventually(() => client.events.includes('open'));
  client.socket.send('question');
  await eventually(() => client.events.includes('close 1011'));
  await proxy.until(() => proxy.record.connections[0]?.endedMs !== undefined);
  const record = JSON.parse(JSON.stringify(proxy.record)) as typeof proxy.record;
  expect(record).toMatchObject({
    seed: 42,
    connections: [{ id: 1, transport: 'websocket', path: '/listen' }],
  });
  expect(JSON.stringify(record)).not.toContain('secret');
  const lines = record.connections[0]?.entries.map((entry) =>
    entry.type === 'fault'
      ? `! ${entry.fault.kind}`
      : `${entry.direction} ${entry.kind} ${entry.bytes} ${entry.fate}`,
  );
  expect(lines).toEqual([
    'up request 0 passed',
    'down response 0 passed',
    'up message 14 passed',
    'down message 8 passed',
    '! close',
    'down close 4 added',
    'down end 0 added',
  ]);
});

it('says so when it is waited for in vain', async () => {
  const proxy = await startProxy({ target: 'ws://127.0.0.1:1' });
  const waited = proxy.until(() => false, { timeoutMs: 1, what: 'a miracle' });
  await expect(waited).rejects.toThrow(/1 ms in vain for a miracle/);
});

it.each(['nonsense', 'https://127.0.0.1:1', 'tcp://127.0.0.1', ''])(
  'refuses %j as a target',
  async (target) => {
    await expect(startChaosProxy({ target, clock: realClock })).rejects.toThrow(/^target: chaos/);
  },
);

it('stands before a server that comes and goes', async () => {
  const server = createServer((_, response) => response.end('there'));
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const proxy = await startProxy({ target: `http://127.0.0.1:${port}` });
  await new Promise((resolve) => server.close(resolve));
  const lost = ask(proxy.url);
  await eventually(() => lost.events.length === 1);
  expect(lost.events).toEqual(['error ECONNRESET']);
  await listen(port);
  const found = ask(proxy.url);
  await eventually(() => found.events.includes('end'));
  expect(found.received).toEqual(['there']);
  await new Promise((resolve) => server.close(resolve));
});
