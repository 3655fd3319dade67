// The adapter on a real WebSocket server on loopback, as an application would mount it.
import type { MediaConnection, MediaEvent, TelephonyAdapter } from '@voicewire/core/adapter';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface ServedCall {
  readonly connection: MediaConnection;
  readonly stop: AbortController;
  /** Cuts the connection as a broken network does. */
  cut(): void;
  readonly audio: { track: string; bytes: Uint8Array; atMs: number }[];
  readonly events: MediaEvent[];
  /** Rejects as the connection's iterable does. */
  readonly ended: Promise<void>;
  /** The first event that fits, also one that was there before. */
  event<Type extends MediaEvent['type']>(
    type: Type,
    fits?: (event: Extract<MediaEvent, { type: Type }>) => boolean,
  ): Promise<Extract<MediaEvent, { type: Type }>>;
  /** When `count` pieces of audio have come. */
  frames(count: number): Promise<void>;
}

export interface MediaServer {
  readonly url: string;
  nextCall(): Promise<ServedCall>;
  close(): Promise<void>;
}

export async function startMediaServer(adapter: TelephonyAdapter): Promise<MediaServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const calls: ServedCall[] = [];
  const waiting: ((call: ServedCall) => void)[] = [];

  server.on('connection', (socket) => {
    const changes = new Set<() => void>();
    const audio: ServedCall['audio'] = [];
    const events: MediaEvent[] = [];
    const stop = new AbortController();
    const connection = adapter.media!.open({
      signal: stop.signal,
      onAudio: (track, bytes, atMs) => {
        audio.push({ track, bytes: Uint8Array.from(bytes), atMs });
        changes.forEach((check) => check());
      },
      socket: {
        send: (data) => socket.send(data),
        close: (code, reason) => socket.close(code, reason),
        get buffered() {
          return socket.bufferedAmount;
        },
      },
    });
    socket.on('message', (data, isBinary) => {
      connection.receive(isBinary ? (data as Buffer) : (data as Buffer).toString());
    });
    socket.on('close', (code) => connection.disconnected(code));

    const until = <T>(find: () => T | undefined): Promise<T> =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = find();
          if (found === undefined) return;
          changes.delete(check);
          resolve(found);
        };
        changes.add(check);
        check();
      });
    const call: ServedCall = {
      connection,
      stop,
      cut: () => socket.terminate(),
      audio,
      events,
      ended: (async () => {
        for await (const event of connection) {
          events.push(event);
          changes.forEach((check) => check());
        }
      })(),
      event: (type, fits = () => true) =>
        until(() =>
          events.find((event): event is Extract<MediaEvent, { type: typeof type }> => {
            return event.type === type && fits(event as Extract<MediaEvent, { type: typeof type }>);
          }),
        ),
      frames: (count) => until(() => (audio.length >= count ? true : undefined)).then(() => undefined),
    };
    call.ended.catch(() => undefined);
    const next = waiting.shift();
    if (next) next(call);
    else calls.push(call);
  });

  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    nextCall: () => {
      const call = calls.shift();
      return call ? Promise.resolve(call) : new Promise((resolve) => waiting.push(resolve));
    },
    close: () =>
      new Promise((resolve) => {
        server.clients.forEach((client) => client.terminate());
        server.close(() => resolve());
      }),
  };
}
