// What a real socket can't be brought to do: the server's side on a socket that only counts.
import type { MediaSocket } from '@voicewire/core/adapter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBrowserMedia } from '../src/browser-media.js';
import { hangUp, type BrowserMediaOptions } from '../src/browser-session.js';

const start = JSON.stringify({ type: 'start', sampleRate: 16_000 });

function openDirectly(signal = new AbortController().signal) {
  const socket = { buffered: 0, sent: 0, closed: [] as (number | undefined)[] };
  const clock = {
    ms: 0,
    now: () => clock.ms,
    setTimeout: () => ({ timer: 0 }),
    clearTimeout: () => undefined,
  };
  const mediaSocket: MediaSocket = {
    send: () => void (socket.sent += 1),
    close: (code) => void socket.closed.push(code),
    get buffered() {
      return socket.buffered;
    },
  };
  const calls: BrowserMediaOptions['calls'] = new Set();
  const heardMs: number[] = [];
  const connection = openBrowserMedia({
    socket: mediaSocket,
    onAudio: (_track, _audio, atMs) => heardMs.push(atMs),
    signal,
    clock,
    allowedTracks: ['caller'],
    calls,
  });
  return { connection, socket, clock, calls, heardMs };
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of events);
}

describe('audio', () => {
  const frame = (number: number): Uint8Array => {
    const bytes = new Uint8Array(648);
    bytes[0] = 1;
    new DataView(bytes.buffer).setUint32(4, number, true);
    return bytes;
  };

  it('may be missing for a minute, not longer', () => {
    const { connection, clock, heardMs } = openDirectly();
    connection.receive(start);
    clock.ms = 600_000;
    connection.receive(frame(3_001));
    expect(heardMs).toEqual([]);
    connection.receive(frame(3_000));
    expect(heardMs.length).toBe(3_001);
    expect(heardMs.at(-1)).toBe(60_000);
  });
});

describe('messages', () => {
  it('of any kind never throws out of receive', () => {
    const anyMessage = fc.oneof(
      fc.string(),
      fc.json(),
      fc.uint8Array({ maxLength: 700 }),
      fc
        .record({
          type: fc.constantFrom('start', 'dtmf', 'mark', 'played', 'transcript', 'stop'),
          sampleRate: fc.anything(),
          tracks: fc.anything(),
          event: fc.anything(),
          id: fc.anything(),
          generation: fc.anything(),
        })
        .map((message) =>
          JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
        ),
    );
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 40 }), (messages) => {
        const { connection } = openDirectly();
        connection.receive(start);
        for (const message of messages) connection.receive(message);
      }),
    );
  });
});

describe('a page that stops reading', () => {
  it('gets nothing more, and is given up after a while', async () => {
    const { connection, socket, clock } = openDirectly();
    connection.receive(start);
    socket.buffered = 3_000_000;
    connection.send(new Uint8Array(640));
    connection.mark('unsent', 0);
    expect(socket.sent).toBe(1); // ready
    clock.ms = 4_000;
    connection.send(new Uint8Array(640));
    expect(socket.closed).toEqual([]);
    clock.ms = 5_000;
    connection.send(new Uint8Array(640));
    expect(socket.closed).toEqual([1011]);
    await expect(drain(connection)).rejects.toMatchObject({ class: 'stalled' });
  });
});

describe('events nobody reads', () => {
  it('are bounded', async () => {
    const { connection, socket } = openDirectly();
    connection.receive(start);
    for (let count = 0; count < 2_000; count += 1) connection.receive('{"type":"dtmf","digit":"1"}');
    expect(socket.closed).toEqual([1011]);
    await expect(drain(connection)).rejects.toMatchObject({ class: 'capacity' });
  });
});

describe('the end', () => {
  it('comes at once with a signal that was aborted before', async () => {
    const reason = new Error('too late');
    const { connection, socket } = openDirectly(AbortSignal.abort(reason));
    expect(socket.closed).toEqual([1000]);
    await expect(drain(connection)).rejects.toBe(reason);
  });

  it('comes when its reader leaves', async () => {
    const { connection, socket } = openDirectly();
    connection.receive(start);
    for await (const event of connection) if (event.type === 'start') break;
    expect(socket.closed).toEqual([1000]);
  });

  it('leaves nothing behind, however it comes', () => {
    const ends: readonly ((opened: ReturnType<typeof openDirectly>, stop: AbortController) => void)[] = [
      ({ connection }) => connection.close(),
      ({ connection }) => connection.disconnected(1006),
      ({ connection }) => connection.receive('{"type":"stop"}'),
      ({ calls }) => calls.forEach(hangUp),
      (_, stop) => stop.abort(),
    ];
    for (const end of ends) {
      const stop = new AbortController();
      const opened = openDirectly(stop.signal);
      opened.connection.receive(start);
      expect(opened.calls.size).toBe(1);
      end(opened, stop);
      expect(opened.calls.size).toBe(0);
      expect(opened.socket.closed.length).toBe(1);
    }
  });
});
