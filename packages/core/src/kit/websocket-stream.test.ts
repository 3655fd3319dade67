// An imaginary provider over a real socket: frames out, events in, and what counts as the end.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AttemptReport } from '../spec/attempt.js';
import type { SttEvent } from '../spec/stt.js';
import { openWebSocketStream, type WebSocketStreamOptions } from './websocket-stream.js';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

type Talk = (message: string, socket: WebSocket) => void;

/** A provider that does as the test says on each message; `open` is the message it imagines at the start. */
async function startProvider(talk: Talk): Promise<{ url: string; sockets: WebSocket[] }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => talk(isBinary ? 'audio' : (data as Buffer).toString(), socket));
    talk('open', socket);
  });
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets };
}

interface AcmeMessage {
  readonly type: string;
}

function decode(message: unknown): readonly SttEvent[] | undefined {
  const { type } = message as AcmeMessage;
  switch (type) {
    case 'started':
      return [{ type: 'ready' }];
    case 'result':
      return [{ type: 'final', text: 'hello', startMs: 0, endMs: 20, settledMs: 20, words: [] }];
    case 'broken':
      return (message as { missing: { field: SttEvent[] } }).missing.field;
    default:
      return undefined;
  }
}

function open(url: string, options: Partial<WebSocketStreamOptions> = {}) {
  const controller = new AbortController();
  cleanUps.push(() => controller.abort());
  const stream = openWebSocketStream({
    provider: 'acme',
    url,
    signal: controller.signal,
    frames: { flush: () => 'flush', end: () => 'end' },
    decode,
    isEnd: (message) => (message as AcmeMessage).type === 'bye',
    ...options,
  });
  return { stream, controller };
}

async function readAll(stream: AsyncIterable<SttEvent>): Promise<{ types: string[]; error: unknown }> {
  const types: string[] = [];
  try {
    for await (const event of stream) types.push(event.type);
  } catch (error) {
    return { types, error };
  }
  return { types, error: undefined };
}

const say = (socket: WebSocket, type: string): void => socket.send(JSON.stringify({ type }));

describe('openWebSocketStream', () => {
  it('says ready, sends what was written, gives results, and returns at the proof of the end', async () => {
    const heard: string[] = [];
    const provider = await startProvider((message, socket) => {
      heard.push(message);
      if (message === 'audio') say(socket, 'result');
      if (message === 'end') say(socket, 'bye');
    });
    const { stream } = open(provider.url);
    stream.write(new Uint8Array(160));
    stream.flush();
    stream.end();
    expect(await readAll(stream)).toEqual({ types: ['ready', 'final'], error: undefined });
    expect(heard).toEqual(['open', 'audio', 'flush', 'end']);
    const socket = provider.sockets[0] as WebSocket;
    if (socket.readyState !== socket.CLOSED) await once(socket, 'close');
  });

  it('waits for the message that says ready, behind the message that asks for it', async () => {
    const heard: string[] = [];
    const provider = await startProvider((message, socket) => {
      heard.push(message);
      if (message === 'start') {
        setImmediate(() => {
          heard.push('(says started)');
          say(socket, 'started');
        });
      }
      if (message === 'end') say(socket, 'bye');
    });
    const { stream } = open(provider.url, {
      readyBy: 'message',
      frames: { start: () => 'start', end: () => 'end' },
    });
    stream.write(new Uint8Array(160));
    stream.flush();
    stream.end();
    expect((await readAll(stream)).types).toEqual(['ready']);
    expect(heard).toEqual(['open', 'start', '(says started)', 'audio', 'end']);
  });

  it('skips messages of a type it does not know, and tells how many: the first at once, all by the end', async () => {
    const reports: AttemptReport[] = [];
    const provider = await startProvider((message, socket) => {
      if (message === 'open') for (let sent = 0; sent < 100; sent += 1) say(socket, 'not-yet-invented');
      if (message === 'end') say(socket, 'bye');
    });
    const { stream } = open(provider.url, { onAttempt: (report) => reports.push(report) });
    stream.end();
    expect(await readAll(stream)).toEqual({ types: ['ready'], error: undefined });
    const skipped = { type: 'skipped', provider: 'acme', reason: 'unknown-type' };
    expect(reports).toEqual([1, 1, 2, 4, 8, 16, 32, 36].map((count) => ({ ...skipped, count })));
  });

  it.each([
    ['is not JSON', 'hello, this is what the caller said'],
    ['is nested too deep', `${'['.repeat(40)}${']'.repeat(40)}`],
    ['is not what its type promises', '{"type":"broken","said":"hello, this is what the caller said"}'],
    ['is bytes', Buffer.from([0xff, 0xfe, 0x00])],
  ])(
    'fails as protocol on a message that %s, after what came before, and does not quote it',
    async (_what, garbage) => {
      const provider = await startProvider((message, socket) => {
        if (message !== 'open') return;
        say(socket, 'result');
        socket.send(garbage);
      });
      const { types, error } = await readAll(open(provider.url).stream);
      expect(types).toEqual(['ready', 'final']);
      expect(error).toMatchObject({ class: 'protocol', provider: 'acme', stage: 'stt' });
      const { inspect } = await import('node:util');
      expect(inspect(error)).not.toContain('caller said');
    },
  );

  it.each([
    ['before we asked, even with 1000', false, 1000, [1000], 'unavailable'],
    ['after end() without proof', true, 1000, undefined, 'unavailable'],
    ['after end() with another code than the protocol ends with', true, 1011, [1000], 'unavailable'],
    ['after end() as the protocol ends', true, 1005, [1000, 1005], undefined],
  ])('takes a close %s for what it is', async (_what, ends, code, endCodes, expected) => {
    const provider = await startProvider((message, socket) => {
      if (message !== (ends ? 'end' : 'audio')) return;
      say(socket, 'result');
      socket.close(code === 1005 ? undefined : code);
    });
    const { stream } = open(provider.url, { endCodes });
    stream.write(new Uint8Array(160));
    if (ends) stream.end();
    const { types, error } = await readAll(stream);
    expect(types).toEqual(['ready', 'final']);
    expect((error as { class?: string } | undefined)?.class).toBe(expected);
  });

  it('does not take the end message for an end nobody asked for', async () => {
    const provider = await startProvider((message, socket) => {
      if (message !== 'open') return;
      say(socket, 'bye');
      socket.close(1000);
    });
    expect((await readAll(open(provider.url).stream)).error).toMatchObject({ class: 'unavailable' });
  });

  it('says at the end what the provider leaves unsaid', async () => {
    const provider = await startProvider((message, socket) => message === 'end' && say(socket, 'bye'));
    const { stream } = open(provider.url, { drain: () => decode({ type: 'result' }) ?? [] });
    stream.end();
    expect(await readAll(stream)).toEqual({ types: ['ready', 'final'], error: undefined });
  });

  it('ends by closing where the protocol has no message for it', async () => {
    const provider = await startProvider(() => undefined);
    const { stream } = open(provider.url, { frames: {} });
    stream.end();
    expect(await readAll(stream)).toEqual({ types: ['ready'], error: undefined });
  });

  it('ends with the reason of the signal, and the socket and its timers are gone', async () => {
    const clock = createVirtualClock();
    const provider = await startProvider(() => undefined);
    const { stream, controller } = open(provider.url, {
      clock,
      keepAlive: { everyMs: 4000, frame: () => 'alive' },
    });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const next = iterator.next();
    const socket = provider.sockets[0] as WebSocket;
    const gone = once(socket, 'close');
    controller.abort('hung up');
    await expect(next).rejects.toBe('hung up');
    await gone;
    // The grace for a polite close ends with the socket.
    while (clock.pendingTimers > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('slows the provider down while nobody reads, and loses nothing', async () => {
    const long = JSON.stringify({ type: 'result', padding: 'x'.repeat(2000) });
    const provider = await startProvider((message, socket) => {
      if (message === 'open') for (let index = 0; index < 10_000; index += 1) socket.send(long);
      if (message === 'end') say(socket, 'bye');
    });
    const { stream } = open(provider.url);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const socket = provider.sockets[0] as WebSocket;
    let unsent = -1;
    while (socket.bufferedAmount !== unsent) {
      unsent = socket.bufferedAmount;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(unsent).toBeGreaterThan(0);
    let finals = 0;
    stream.end();
    for (let result = await iterator.next(); !result.done; result = await iterator.next()) finals += 1;
    expect(finals).toBe(10_000);
  });

  it('answers a flush itself where the protocol may not', async () => {
    const clock = createVirtualClock();
    const flushed: string[] = [];
    const provider = await startProvider((message) => message === 'flush' && flushed.push(message));
    const { stream } = open(provider.url, { clock, flushAnswerMs: 1000 });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    stream.flush();
    while (flushed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const next = iterator.next();
    await clock.advance(1000);
    expect(await next).toEqual({ done: false, value: { type: 'flushed', settledMs: 0 } });
  });
});
