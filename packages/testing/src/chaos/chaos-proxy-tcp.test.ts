// What a proxy does to bare TCP, for protocols of their own and for TLS.
import { afterEach, expect, it } from 'vitest';
import {
  connectTcp,
  endAll,
  eventually,
  settled,
  startProxy,
  startTcpServer,
  type TcpPeer,
} from './test-peers.js';

afterEach(endAll);

async function startCall() {
  const server = await startTcpServer();
  const proxy = await startProxy({ target: server.url });
  const client = connectTcp(proxy.url);
  await eventually(() => server.peers.length === 1);
  const [served] = server.peers as [TcpPeer];
  return { proxy, client, served };
}

it('passes bytes, and the end of each direction by itself', async () => {
  const { proxy, client, served } = await startCall();
  client.socket.end('question');
  await eventually(() => served.events.includes('end'));
  served.socket.end('answer');
  await eventually(() => client.events.includes('close') && served.events.includes('close'));
  expect(served).toMatchObject({ received: ['question'], events: ['end', 'close'] });
  expect(client).toMatchObject({ received: ['answer'], events: ['connect', 'end', 'close'] });
  await proxy.until(() => proxy.openSockets === 0);
  expect(proxy.record.connections).toMatchObject([{ transport: 'tcp', bytes: { up: 8, down: 6 } }]);
});

it('hands on a reset', async () => {
  const { client, served } = await startCall();
  served.socket.resetAndDestroy();
  await eventually(() => client.events.includes('close'));
  expect(client.events).toEqual(['connect', 'error ECONNRESET', 'close']);
});

it('reset', async () => {
  const { proxy, client, served } = await startCall();
  proxy.set({ kind: 'reset' });
  await eventually(() => client.events.includes('close') && served.events.includes('close'));
  expect(client.events).toEqual(['connect', 'error ECONNRESET', 'close']);
  expect(served.events).toEqual(['error ECONNRESET', 'close']);
});

it('cut, and close, which to TCP is the same: an end', async () => {
  for (const kind of ['cut', 'close'] as const) {
    const { proxy, client, served } = await startCall();
    served.socket.write('half');
    await eventually(() => client.received.length === 1);
    proxy.set({ kind });
    await eventually(() => client.events.includes('end') && served.events.includes('end'));
    expect(client.events).toEqual(['connect', 'end']);
    client.socket.end();
    await proxy.until(() => proxy.openSockets === 0);
  }
});

it('corrupt, garbage and mute', async () => {
  const { proxy, client, served } = await startCall();
  proxy.set({ kind: 'corrupt', direction: 'up' });
  client.socket.write('abc');
  await eventually(() => served.received.length === 1);
  expect(served.received).toEqual(['~bc']);
  proxy.set({ kind: 'garbage' });
  await eventually(() => client.received.length === 1);
  expect(client.received).toEqual(['{"type": "cut']);
  proxy.set({ kind: 'mute' });
  served.socket.end('unheard');
  const seen = proxy.record.connections[0]?.entries ?? [];
  await proxy.until(() => seen.some((entry) => entry.type === 'unit' && entry.kind === 'end'));
  await settled();
  expect(client).toMatchObject({ received: ['{"type": "cut'], events: ['connect'] });
});
