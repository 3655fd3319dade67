// When faults strike and when they end: by time, by message, by word, by connection; and chance that can be repeated.
import type { AudioFormat } from '@voicewire/core/adapter';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../virtual-clock.js';
import { createWordReader } from '../oracle/word-reader.js';
import { speechSound } from '../word-sound.js';
import type { ChaosRule } from './chaos-fault.js';
import type { ChaosConnection, ChaosWordReader } from './connection-record.js';
import {
  connectWebSocket,
  endAll,
  eventually,
  joined,
  settled,
  startProxy,
  startWebSocketServer,
} from './test-peers.js';

afterEach(endAll);

async function startTimed() {
  const clock = createVirtualClock();
  const server = await startWebSocketServer();
  const proxy = await startProxy({ target: server.url, clock });
  return { clock, server, proxy };
}

function kindsOf(connection: ChaosConnection | undefined): readonly string[] {
  return (connection?.faults ?? []).map(({ kind }) => kind);
}

describe('by time', () => {
  it('atMs and forMs: an outage of 600 ms for all connections, open and to come', async () => {
    const { clock, server, proxy } = await startTimed();
    const early = await joined(proxy, server);
    const outage = proxy.set({ kind: 'reset' }, { when: { atMs: 1000 }, forMs: 600 });
    await clock.advance(999);
    const alsoEarly = await joined(proxy, server);
    expect(outage.count).toBe(0);
    await clock.advance(1);
    await eventually(() => [early, alsoEarly].every(({ client }) => client.events.includes('close 1006')));
    const during = connectWebSocket(proxy.wsUrl);
    await eventually(() => during.events.includes('close 1006'));
    await clock.advance(600);
    const after = await joined(proxy, server);
    after.served.socket.send('back');
    await eventually(() => after.client.received.length === 1);
    expect(outage.count).toBe(3);
    expect(proxy.record.connections.map(kindsOf)).toEqual([['reset'], ['reset'], ['reset'], []]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('atMs: whoever waits for it is told, though nothing passes', async () => {
    const { clock, server, proxy } = await startTimed();
    await joined(proxy, server);
    const mute = proxy.set({ kind: 'mute' }, { when: { atMs: 10 } });
    const struck = proxy.until(() => mute.count === 1);
    await clock.advance(10);
    await struck;
  });

  it('afterMs: each connection by itself; its timer goes with it', async () => {
    const { clock, server, proxy } = await startTimed();
    proxy.set({ kind: 'close', code: 1011 }, { when: { afterMs: 500 } });
    const first = await joined(proxy, server);
    await clock.advance(300);
    const second = await joined(proxy, server);
    const third = await joined(proxy, server);
    third.client.socket.terminate();
    await proxy.until(() => proxy.openSockets === 2);
    await eventually(() => clock.pendingTimers === 2);
    await clock.advance(200);
    await eventually(() => first.client.events.includes('close 1011'));
    expect(second.client.events).toEqual(['open']);
    await clock.advance(300);
    await eventually(() => second.client.events.includes('close 1011'));
    expect(kindsOf(proxy.record.connections[2])).toEqual([]);
  });

  it('forMs after a trigger of its own: heals so long after it struck', async () => {
    const { clock, server, proxy } = await startTimed();
    proxy.set({ kind: 'mute' }, { when: { afterMessages: 1 }, forMs: 100 });
    const { client, served } = await joined(proxy, server);
    served.socket.send('one');
    served.socket.send('two');
    const entries = proxy.record.connections[0]?.entries ?? [];
    await proxy.until(() => entries.some((entry) => entry.type === 'unit' && entry.fate === 'swallowed'));
    await clock.advance(100);
    served.socket.send('three');
    await eventually(() => client.received.length === 2);
    expect(client.received).toEqual(['one', 'three']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('by what passes', () => {
  const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
  const words = ['one', 'two', 'three', 'four', 'five'];

  function createReader(): ChaosWordReader {
    const reader = createWordReader(format);
    return (_, message) => (typeof message === 'string' ? [] : reader.read(message).map(({ text }) => text));
  }

  /** Says the words in frames of 20 ms, and gives back what the server heard of them. */
  async function say(
    rule: ChaosRule,
  ): Promise<{ heard: readonly string[]; connection: ChaosConnection; end: string | undefined }> {
    const reader = createWordReader(format);
    const heard: string[] = [];
    const server = await startWebSocketServer(({ socket }) => {
      socket.on('message', (data: Buffer) => heard.push(...reader.read(data).map(({ text }) => text)));
    });
    const proxy = await startProxy({ target: server.url, createWordReader: createReader });
    proxy.plan([rule]);
    const { client, served } = await joined(proxy, server);
    const sound = speechSound(`${words.join(' ')}  `, format);
    for (let at = 0; at < sound.length; at += 160) client.socket.send(sound.subarray(at, at + 160));
    client.socket.close(1000);
    await eventually(() => client.events.length === 2 && served.events.length === 1);
    const [connection] = proxy.record.connections;
    if (connection === undefined) throw new Error('no connection');
    return { heard, connection, end: client.events.at(-1) };
  }

  it('a record of the words that passed', async () => {
    const { heard, connection } = await say({ fault: { kind: 'latency', ms: 0 } });
    expect(heard).toEqual(words);
    expect(connection.words).toEqual({ up: words, down: [] });
    const entries = connection.entries.flatMap((entry) => (entry.type === 'unit' ? entry.words : []));
    expect(entries).toEqual(words);
  });

  it.each([1, 2, 3, 4, 5])('afterWord: closes when word %i has passed', async (k) => {
    const rule: ChaosRule = { fault: { kind: 'close', code: 1011 }, when: { afterWord: k } };
    const { heard, connection, end } = await say(rule);
    expect(end).toBe('close 1011');
    expect(heard).toEqual(words.slice(0, k));
    expect(connection.words.up).toEqual(words.slice(0, k));
  });

  it('afterWord: by its name', async () => {
    const when = { afterWord: 'three', direction: 'up' } as const;
    expect((await say({ fault: { kind: 'cut' }, when })).heard).toEqual(['one', 'two', 'three']);
  });

  it('afterWord: in the other direction never comes', async () => {
    const when = { afterWord: 1, direction: 'down' } as const;
    expect((await say({ fault: { kind: 'cut' }, when })).heard).toEqual(words);
  });

  it('afterMessages: also where the messages were late', async () => {
    const { clock, server, proxy } = await startTimed();
    proxy.plan([
      { fault: { kind: 'latency', ms: 100 } },
      { fault: { kind: 'cut' }, when: { afterMessages: 2, direction: 'down' } },
    ]);
    const joining = joined(proxy, server);
    await eventually(() => clock.pendingTimers > 0);
    await clock.advance(100);
    await eventually(() => clock.pendingTimers > 0);
    await clock.advance(100);
    const { client, served } = await joining;
    for (const text of ['1', '2', '3', '4']) served.socket.send(text);
    await eventually(() => clock.pendingTimers > 0);
    await settled();
    await clock.advance(100);
    await eventually(() => client.events.includes('close 1006'));
    expect(client.received).toEqual(['1', '2']);
  });

  it('a rule that comes later counts what has passed before', async () => {
    const { server, proxy } = await startTimed();
    const { client, served } = await joined(proxy, server);
    served.socket.send('1');
    await eventually(() => client.received.length === 1);
    proxy.set({ kind: 'close' }, { when: { afterMessages: 1 } });
    await eventually(() => client.events.includes('close 1000'));
  });
});

describe('by connection', () => {
  it('connection: only that one; times: so many at most', async () => {
    const { server, proxy } = await startTimed();
    const second = proxy.set({ kind: 'close', code: 4002 }, { when: { connection: 2 } });
    const calls = [await joined(proxy, server), await joined(proxy, server)];
    await eventually(() => calls[1]?.client.events.includes('close 4002') ?? false);
    expect(calls[0]?.client.events).toEqual(['open']);
    expect(second.count).toBe(1);
    const twice = proxy.set({ kind: 'status', status: 503 }, { times: 2 });
    const later = [1, 2, 3].map(() => connectWebSocket(proxy.wsUrl));
    await eventually(() => later.every(({ events }) => events.length > 0));
    expect(later.map(({ events }) => events[0]).sort()).toEqual(['open', 'open', 'status 503'].slice(0, 3));
    expect(twice.count).toBe(2);
  });

  it('plan: puts new rules in the place of old ones, or changes nothing', async () => {
    const { server, proxy } = await startTimed();
    proxy.set({ kind: 'mute' });
    const { client, served } = await joined(proxy, server);
    expect(() =>
      proxy.plan([{ fault: { kind: 'drop' } }, { fault: { kind: 'bandwidth', bytesPerSecond: 0 } }]),
    ).toThrow(/bytesPerSecond/);
    served.socket.send('muted');
    const [connection] = proxy.record.connections;
    await proxy.until(() => connection?.entries.at(-1)?.type === 'unit' && connection.entries.length === 4);
    const handles = proxy.plan([{ fault: { kind: 'duplicate' } }]);
    served.socket.send('twice');
    await eventually(() => client.received.length === 2);
    expect(client.received).toEqual(['twice', 'twice']);
    expect(handles.map(({ fault, count }) => [fault.kind, count])).toEqual([['duplicate', 1]]);
    handles[0]?.stop();
    served.socket.send('once');
    await eventually(() => client.received.length === 3);
    expect(client.received[2]).toBe('once');
  });
});

describe('by chance', () => {
  async function dropHalf(seed: number, latencyMs: number): Promise<string[]> {
    const server = await startWebSocketServer();
    const proxy = await startProxy({ target: server.url, seed });
    proxy.set({ kind: 'drop', probability: 0.5 });
    if (latencyMs > 0) proxy.set({ kind: 'latency', ms: 0, jitterMs: latencyMs });
    const { client, served } = await joined(proxy, server);
    for (let number = 0; number < 40; number += 1) served.socket.send(String(number));
    served.socket.close(1000);
    await eventually(() => client.events.includes('close 1000'));
    expect(proxy.record.seed).toBe(seed);
    return client.received;
  }

  it('the same seed strikes the same messages, whatever the timing', async () => {
    const struck = await dropHalf(7, 0);
    expect(struck.length).toBeGreaterThan(8);
    expect(struck.length).toBeLessThan(32);
    expect(await dropHalf(7, 3)).toEqual(struck);
    expect(await dropHalf(8, 0)).not.toEqual(struck);
  });
});
