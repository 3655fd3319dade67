// What a proxy does to the messages of WebSockets: late, in small pieces, lost, doubled, swapped, unreadable.
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../virtual-clock.js';
import type { ChaosFault } from './chaos-fault.js';
import {
  endAll,
  eventually,
  joined,
  type Peer,
  settled,
  startCall,
  startProxy,
  startWebSocketServer,
} from './test-peers.js';

afterEach(endAll);

describe('late and narrow', () => {
  async function startTimedCall() {
    const clock = createVirtualClock();
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url, clock });
    return { clock, proxy, ...(await joined(proxy, server)) };
  }

  it('latency: everything is late by so much, in order', async () => {
    const { clock, proxy, client, served } = await startTimedCall();
    proxy.set({ kind: 'latency', ms: 200 });
    client.socket.send('one');
    await eventually(() => clock.pendingTimers === 1);
    await clock.advance(199);
    await settled();
    expect(served.received).toEqual([]);
    await clock.advance(1);
    await eventually(() => served.received.length === 1);
    served.socket.send('two');
    served.socket.send('three');
    await eventually(() => clock.pendingTimers === 1);
    await clock.advance(200);
    await eventually(() => client.received.length === 2);
    expect(client.received).toEqual(['two', 'three']);
  });

  it('latency: jitter makes a difference of up to so much, and overtakes nothing', async () => {
    const { clock, proxy, client, served } = await startTimedCall();
    proxy.set({ kind: 'latency', ms: 100, jitterMs: 100, direction: 'up' });
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) client.socket.send(text);
    await eventually(() => clock.pendingTimers === 1);
    await clock.advance(99);
    await settled();
    expect(served.received).toEqual([]);
    await clock.advance(101);
    await eventually(() => served.received.length === 6);
    expect(served.received.join('')).toBe('abcdef');
    const times = proxy.record.connections[0]?.entries.flatMap((entry) =>
      entry.type === 'unit' && entry.kind === 'message' ? [entry.atMs] : [],
    );
    expect(new Set(times).size).toBeGreaterThan(1);
  });

  it('bandwidth: as many bytes as the time allows, in pieces', async () => {
    const { clock, proxy, client, served } = await startTimedCall();
    proxy.set({ kind: 'bandwidth', bytesPerSecond: 1000, direction: 'up' });
    const isPartlyThere = (): Promise<void> => eventually(() => clock.pendingTimers === 1);
    client.socket.send('x'.repeat(120)); // and 6 bytes of head
    await isPartlyThere();
    await clock.advance(100);
    await settled();
    expect(served.received).toEqual([]);
    await clock.advance(20);
    await eventually(() => served.received.length === 1);
    expect(proxy.record.connections[0]).toMatchObject({ bytes: { up: 126, down: 0 } });
  });

  it('a close waits for the rest of a message that is half out', async () => {
    const { clock, proxy, client, served } = await startTimedCall();
    proxy.set({ kind: 'bandwidth', bytesPerSecond: 1000 });
    proxy.set({ kind: 'close', code: 1011 }, { when: { atMs: 50 } });
    served.socket.send('x'.repeat(98)); // and 2 bytes of head
    served.socket.send('lost');
    await eventually(() => clock.pendingTimers === 2);
    await clock.advance(1000);
    await eventually(() => client.events.includes('close 1011'));
    expect(client.received).toEqual(['x'.repeat(98)]);
  });

  it('slow-close: a close is answered late', async () => {
    const { clock, proxy, client, served } = await startTimedCall();
    proxy.set({ kind: 'slow-close', ms: 3000 });
    client.socket.close(1000);
    await eventually(() => served.events.includes('close 1000') && clock.pendingTimers === 1);
    await clock.advance(2999);
    await settled();
    expect(client.events).toEqual(['open']);
    await clock.advance(1);
    await eventually(() => client.events.includes('close 1000'));
  });
});

describe('messages', () => {
  const numbers = ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}'];

  async function send(fault: ChaosFault): Promise<Peer> {
    const { proxy, client, served } = await startCall();
    proxy.set(fault);
    for (const text of numbers) served.socket.send(text);
    served.socket.close(1000);
    await eventually(() => client.events.includes('close 1000'));
    return client;
  }

  it.each([
    [{ kind: 'drop' }, []],
    [{ kind: 'drop', times: 1 }, numbers.slice(1)],
    [{ kind: 'duplicate' }, numbers.flatMap((text) => [text, text])],
    [{ kind: 'reorder', times: 1 }, ['{"n":2}', '{"n":1}', '{"n":3}', '{"n":4}']],
    [{ kind: 'reorder' }, ['{"n":2}', '{"n":1}', '{"n":4}', '{"n":3}']],
    [{ kind: 'corrupt', times: 2 }, ['~"n":1}', '~"n":2}', '{"n":3}', '{"n":4}']],
    [{ kind: 'drop', direction: 'up' }, numbers],
  ] satisfies [ChaosFault, string[]][])('%o', async (fault, received) => {
    expect((await send(fault)).received).toEqual(received);
  });

  it('reorder: the last of all, with none to come after, is not lost', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'reorder' });
    served.socket.send('alone');
    served.socket.close(1000);
    await eventually(() => client.events.includes('close 1000'));
    expect(client.received).toEqual(['alone']);
  });

  it('corrupt: masked text and bytes on their way up', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'corrupt' });
    client.socket.send('a {"n":1}');
    client.socket.send(new Uint8Array([1, 2, 3]));
    await eventually(() => served.received.length === 2);
    expect(served.received).toEqual(['a ~"n":1}', '0x7e0203']);
  });

  it('garbage: as text, as bytes, and as no message at all', async () => {
    const { proxy, client, served } = await startCall();
    proxy.set({ kind: 'garbage' });
    proxy.set({ kind: 'garbage', as: 'binary', direction: 'up' });
    await eventually(() => client.received.length === 1 && served.received.length === 1);
    expect(() => JSON.parse(client.received[0] ?? '') as unknown).toThrow(SyntaxError);
    expect(served.received[0]).toMatch(/^0x/);
    proxy.set({ kind: 'garbage', as: 'bytes' });
    await eventually(() => client.events.includes('close 1006'));
    expect(client.events[1]).toMatch(/WS_ERR/);
  });

  it('huge: a hundred megabytes in one message', async () => {
    const { proxy, client } = await startCall();
    proxy.set({ kind: 'huge' });
    await eventually(() => client.received.length === 1);
    expect(client.received).toEqual(['100000000 bytes']);
    expect(proxy.record.connections[0]?.messages).toEqual({ up: 0, down: 1 });
  });

  it('huge: a server with a limit closes', async () => {
    const { proxy, served } = await startCall();
    proxy.set({ kind: 'huge', bytes: 200_000_000, direction: 'up' });
    await eventually(() => served.events.length > 0);
    expect(served.events[0]).toMatch(/WS_ERR_UNSUPPORTED_MESSAGE_LENGTH/);
  });
});
