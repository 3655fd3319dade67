import type { MediaEvent } from '@voicewire/core/adapter';
import { createVirtualClock } from '@voicewire/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCall } from '../src/twilio-call.js';
import { dialect } from './dialect.js';
import { startMediaServer, wire, type MediaServer } from './media-server.js';

let server: MediaServer;
beforeAll(async () => {
  server = await startMediaServer(dialect);
});
afterAll(() => server.close());

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const started = {
  type: 'start',
  callId: 'CA1',
  streamId: 'MZ1',
  token: 't0ken',
  tracks: [{ label: 'caller', format }],
  outbound: format,
  parameters: { tenant: 'shop' },
};
const stopped = { type: 'stop', reason: 'unknown' };
const frame = (chunk: number): number[] => Array<number>(160).fill(chunk);

/** A call in which the carrier says all this, then stops. */
async function play(...messages: readonly (string | Uint8Array)[]) {
  const pair = await server.connect();
  for (const message of messages) pair.carrier.send(message);
  pair.carrier.send(wire.stop);
  return { ...pair, ...(await pair.events()) };
}

describe('from the carrier', () => {
  test('a whole call', async () => {
    const call = await play(
      wire.connected,
      wire.start(),
      wire.media(1),
      wire.dtmf('#'),
      wire.media(2),
      wire.mark('2:greeting'),
    );
    expect(call.events).toEqual([
      started,
      { type: 'dtmf', digit: '#', track: 'caller' },
      { type: 'mark', id: 'greeting', generation: 2 },
      stopped,
    ]);
    expect(call.heard).toEqual([
      { track: 'caller', bytes: frame(1), atMs: 0 },
      { track: 'caller', bytes: frame(2), atMs: 20 },
    ]);
    expect(await call.closed).toBe(1000);
  });

  test('both sides of a call that is listened to', async () => {
    const start = wire.start({ tracks: ['inbound', 'outbound'], customParameters: undefined });
    const call = await play(start, wire.media(1), wire.media(1, { track: 'outbound', byte: 9 }));
    expect(call.events[0]).toMatchObject({
      token: undefined,
      parameters: {},
      tracks: [{ label: 'caller' }, { label: 'agent' }],
    });
    expect(call.heard.map(({ track, atMs }) => [track, atMs])).toEqual([
      ['caller', 0],
      ['agent', 0],
    ]);
  });

  test('what waits for a missing frame is heard before the stop', async () => {
    const call = await play(wire.start(), wire.media(1), wire.media(3));
    expect(call.heard.flatMap(({ bytes }) => bytes)).toEqual([...frame(1), ...frame(0xff), ...frame(3)]);
  });

  test('what is of no use is skipped and counted, and the rest of the call is whole', async () => {
    const call = await play(
      wire.media(1),
      wire.start(),
      'garbage',
      '{"event":"weather"}',
      Buffer.from(wire.media(1)),
      wire.start({ callSid: 'CA2' }),
      wire.media(1, { streamSid: 'MZ2' }),
      wire.media(1, { track: 'outbound' }),
      wire.media(1),
      wire.media(1),
      wire.mark('not ours'),
      ' '.repeat(70_000),
      wire.media(2),
      wire.start({}, 'MZ2'),
      wire.media(3).replace('payload":"', 'payload":"*'),
    );
    const skipped = call.events.filter(
      (event): event is MediaEvent & { type: 'skipped' } => event.type === 'skipped',
    );
    expect(skipped.map(({ reason, count }) => `${reason} ${count}`)).toEqual([
      'before-start 1',
      'unreadable 1',
      'unknown-event 1',
      'binary 1',
      'second-start 1',
      'foreign-stream 1',
      'unknown-track 1',
      'duplicate 1',
      'unknown-mark 1',
      'too-long 1',
      'second-start 1',
      'unreadable 1',
    ]);
    expect(call.failure).toBeUndefined();
    expect(call.events.filter(({ type }) => type !== 'skipped')).toEqual([started, stopped]);
    expect(call.heard.flatMap(({ bytes }) => bytes)).toEqual([...frame(1), ...frame(2)]);
  });

  test('a run of it ends that socket, and no other call notices', async () => {
    const other = await server.connect();
    const call = await play(
      wire.start(),
      ...Array<string>(9).fill('x'),
      wire.media(1),
      ...Array<string>(10).fill('x'),
      wire.media(2),
    );
    expect(call.failure).toMatchObject({
      name: 'ProviderError',
      class: 'protocol',
      provider: 'twilio',
      stage: 'telephony',
    });
    expect(call.heard).toHaveLength(1);
    const count = call.events.reduce((sum, event) => sum + (event.type === 'skipped' ? event.count : 0), 0);
    expect(count).toBe(19);
    expect(await call.closed).toBe(1008);

    for (const message of [wire.start(), wire.media(1), wire.stop]) other.carrier.send(message);
    expect((await other.events()).events).toEqual([started, stopped]);
    expect(other.heard).toHaveLength(1);
  });

  test('a format nobody agreed on is refused', async () => {
    const call = await play(
      wire.start({ mediaFormat: { encoding: 'audio/opus', sampleRate: 48_000, channels: 1 } }),
    );
    expect(call.failure).toMatchObject({ class: 'protocol' });
    expect(call.events).toEqual([]);
  });

  test('the format is the one of the start message', async () => {
    const wide = { encoding: 'audio/x-l16', sampleRate: '16000', channels: 1 };
    const call = await play(wire.start({ mediaFormat: wide }), wire.media(1), wire.media(2));
    expect(call.events[0]).toMatchObject({
      outbound: { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 },
    });
  });

  test('a flood of keys that nobody reads ends the call', async () => {
    const call = await server.connect();
    call.carrier.send(wire.start());
    for (let count = 0; count < 5_000; count += 1) call.carrier.send(wire.dtmf('1'));
    expect(await call.closed).toBe(1008);
    const { events, failure } = await call.events();
    expect(events).toHaveLength(4_096);
    expect(failure).toMatchObject({ class: 'capacity' });
  });

  test.each([1000, 1001, 1006, 1011])('a socket lost with %i and no stop is a failure', async (code) => {
    const call = await server.connect();
    call.carrier.send(wire.start());
    const done = call.events();
    if (code === 1006) call.carrier.terminate();
    else call.carrier.close(code);
    expect(await done).toMatchObject({
      events: [started],
      failure: { name: 'ProviderError', class: 'unavailable', status: code },
    });
  });
});

describe('to the carrier', () => {
  test('audio, marks and clear, as documented', async () => {
    const call = await server.connect();
    call.carrier.send(wire.start());
    const events = call.connection[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { type: 'start' } });
    call.connection.send(new Uint8Array(0));
    call.connection.send(Buffer.from(frame(7)));
    call.connection.mark('greeting "1"', 3);
    call.connection.clear();
    const payload = Buffer.from(frame(7)).toString('base64');
    expect((await call.said.next()).value).toEqual({ event: 'media', streamSid: 'MZ1', media: { payload } });
    expect((await call.said.next()).value).toEqual({
      event: 'mark',
      streamSid: 'MZ1',
      mark: { name: '3:greeting "1"' },
    });
    expect((await call.said.next()).value).toEqual({ event: 'clear', streamSid: 'MZ1' });
    call.connection.close();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await call.closed).toBe(1000);
  });

  test('what is said before the start or after the end is counted or lost, never thrown', async () => {
    const call = await server.connect();
    call.connection.send(new Uint8Array(160));
    call.connection.mark('a', 0);
    call.connection.clear();
    call.carrier.send(wire.stop);
    call.carrier.send(wire.start());
    call.carrier.send(wire.stop);
    const { events, failure } = await call.events();
    expect(failure).toBeUndefined();
    expect(events).toMatchObject([
      { type: 'skipped', reason: 'outbound-before-start', count: 1 },
      { type: 'skipped', reason: 'outbound-before-start', count: 1 },
      { type: 'skipped', reason: 'before-start', count: 1 },
      started,
      stopped,
    ]);
    call.connection.send(new Uint8Array(160));
    call.connection.mark('a', 0);
    call.connection.clear();
    call.connection.close();
    call.connection.receive(wire.media(1));
    call.connection.disconnected(1006);
    expect(await call.closed).toBe(1000);
  });
});

describe('a carrier that takes nothing', () => {
  /** A started call on a socket whose queue is filled and emptied by hand. */
  function openStuck() {
    const clock = createVirtualClock();
    const sent: string[] = [];
    const closed: (number | undefined)[] = [];
    const socket = {
      buffered: 0,
      send(data: string | Uint8Array) {
        sent.push(String(data));
        socket.buffered += data.length;
      },
      close: (code?: number) => void closed.push(code),
    };
    const { signal } = new AbortController();
    const connection = openCall(dialect, { socket, onAudio: () => undefined, clock, signal });
    connection.receive(wire.start());
    return { clock, sent, closed, socket, connection };
  }

  const second = new Uint8Array(8_000);

  test('gets no more than the limit, no marks of what it did not get, but every clear', () => {
    const { sent, socket, connection } = openStuck();
    for (let count = 0; count < 10; count += 1) connection.send(second);
    expect(sent).toHaveLength(2);
    expect(connection.buffered).toBe(socket.buffered);
    connection.mark('unheard', 0);
    expect(sent).toHaveLength(2);
    connection.clear();
    expect(sent.at(-1)).toContain('clear');
    socket.buffered = 0;
    connection.send(second);
    expect(sent).toHaveLength(4);
  });

  test('ends the call when that lasts', async () => {
    const { clock, closed, socket, connection } = openStuck();
    socket.buffered = 1_000_000;
    connection.send(second);
    await clock.advance(5_000);
    expect(closed).toEqual([]);
    connection.send(second);
    expect(closed).toEqual([1008]);
    const seen: MediaEvent[] = [];
    const reading = (async () => {
      for await (const event of connection) seen.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ class: 'stalled', retryable: true });
    expect(seen.slice(1)).toMatchObject([
      { reason: 'outbound-over-limit', count: 1 },
      { reason: 'outbound-over-limit', count: 1 },
    ]);
  });

  test('may be slow again and again', async () => {
    const { clock, closed, socket, connection } = openStuck();
    for (let count = 0; count < 3; count += 1) {
      socket.buffered = 1_000_000;
      connection.send(second);
      await clock.advance(4_000);
      socket.buffered = 0;
      connection.send(second);
    }
    expect(closed).toEqual([]);
  });
});

describe('stopping', () => {
  test('an abort ends the events with its reason and the socket with it', async () => {
    const call = await server.connect();
    call.carrier.send(wire.start());
    const reason = new Error('the call is over');
    const done = call.events();
    call.controller.abort(reason);
    expect((await done).failure).toBe(reason);
    expect(await call.closed).toBe(1000);
  });

  test('leaving the loop ends the socket', async () => {
    const call = await server.connect();
    call.carrier.send(wire.start());
    for await (const event of call.connection) {
      expect(event.type).toBe('start');
      break;
    }
    expect(await call.closed).toBe(1000);
  });

  test('a signal that was aborted before opens nothing', async () => {
    const closed: (number | undefined)[] = [];
    const connection = openCall(dialect, {
      socket: { send: () => undefined, close: (code) => void closed.push(code), buffered: 0 },
      onAudio: () => undefined,
      signal: AbortSignal.abort('before'),
    });
    expect(closed).toEqual([1000]);
    await expect(connection[Symbol.asyncIterator]().next()).rejects.toBe('before');
  });

  test('there is one reader', async () => {
    const { connection, controller } = await server.connect();
    connection[Symbol.asyncIterator]();
    expect(() => connection[Symbol.asyncIterator]()).toThrow(/already being read/);
    controller.abort();
  });
});
