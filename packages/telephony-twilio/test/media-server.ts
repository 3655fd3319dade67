// A server that mounts the adapter's media protocol as an application would, and a bare client in the carrier's place.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createEventQueue, type Clock, type MediaConnection, type MediaEvent } from '@voicewire/core/adapter';
import { WebSocket, WebSocketServer } from 'ws';
import type { TwilioDialect } from '../src/dialect.js';
import { openCall } from '../src/twilio-call.js';

export interface Heard {
  readonly track: string;
  readonly bytes: readonly number[];
  readonly atMs: number;
}

export interface MediaPair {
  /** Ours. */
  readonly connection: MediaConnection;
  readonly heard: readonly Heard[];
  readonly controller: AbortController;
  /** All of its events, and how it ended. */
  events(): Promise<{ events: readonly MediaEvent[]; failure: unknown }>;
  /** The carrier's. */
  readonly carrier: WebSocket;
  /** What we said to the carrier, in order; the iterable never ends by itself. */
  readonly said: AsyncIterator<Record<string, unknown>>;
  readonly closed: Promise<number>;
}

export interface MediaServer {
  connect(options?: { readonly clock?: Clock }): Promise<MediaPair>;
  close(): Promise<void>;
}

export async function startMediaServer(dialect: TwilioDialect): Promise<MediaServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async connect({ clock } = {}) {
      const heard: Heard[] = [];
      const controller = new AbortController();
      const accepted = once(server, 'connection') as Promise<[WebSocket]>;
      const carrier = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      const said = createEventQueue<Record<string, unknown>>();
      carrier.on('message', (data: Buffer) =>
        said.push(JSON.parse(data.toString()) as Record<string, unknown>),
      );
      const closed = once(carrier, 'close').then(([code]) => code as number);
      const [socket] = await accepted;
      const connection = openCall(dialect, {
        socket: {
          send: (data) => socket.send(data),
          close: (code, reason) => socket.close(code, reason),
          get buffered() {
            return socket.bufferedAmount;
          },
        },
        onAudio: (track, audio, atMs) => heard.push({ track, bytes: Array.from(audio), atMs }),
        signal: controller.signal,
        ...(clock && { clock }),
      });
      socket.on('message', (data: Buffer, isBinary) => connection.receive(isBinary ? data : data.toString()));
      socket.on('close', (code) => connection.disconnected(code));
      await once(carrier, 'open');
      return {
        connection,
        heard,
        controller,
        carrier,
        said: said[Symbol.asyncIterator](),
        closed,
        events: () => collect(connection),
      };
    },
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

async function collect(connection: MediaConnection) {
  const events: MediaEvent[] = [];
  try {
    for await (const event of connection) events.push(event);
    return { events, failure: undefined };
  } catch (failure) {
    return { events, failure };
  }
}

/** What the carrier says, as it writes it. */
export const wire = {
  connected: '{"event":"connected","protocol":"Call","version":"1.0.0"}',
  start: (change: object = {}, streamSid = 'MZ1'): string =>
    JSON.stringify({
      event: 'start',
      sequenceNumber: '1',
      start: {
        accountSid: 'AC1',
        streamSid,
        callSid: 'CA1',
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: { token: 't0ken', tenant: 'shop' },
        ...change,
      },
      streamSid,
    }),
  media: (chunk: number, { track = 'inbound', streamSid = 'MZ1', byte = chunk } = {}): string =>
    `{"event":"media","sequenceNumber":"${chunk + 1}","media":{"track":"${track}","chunk":"${chunk}","timestamp":"${chunk * 20}","payload":"${Buffer.alloc(160, byte).toString('base64')}"},"streamSid":"${streamSid}"}`,
  dtmf: (digit: string): string =>
    `{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"${digit}"}}`,
  mark: (name: string): string =>
    `{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":${JSON.stringify(name)}}}`,
  stop: '{"event":"stop","sequenceNumber":"9","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}',
};
