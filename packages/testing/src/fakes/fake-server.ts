// The listener under every fake: HTTP and WebSocket upgrades on a free loopback port, every socket counted and closable.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { realClock } from '../real-clock.js';
import type { FakeRequest } from './dialects.js';

export interface FakeServerOptions {
  /** Listens with TLS: for clients that insist on `https` and `wss`. PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export interface FakeServerHandlers {
  onRequest(request: FakeRequest, response: ServerResponse): void;
  /** The socket is the handler's: it answers, or leaves it unanswered. */
  onUpgrade(request: FakeRequest, upgrade: RawUpgrade): void;
}

/** What `ws` needs to accept an upgrade. */
export interface RawUpgrade {
  readonly message: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** A listening loopback server. */
export interface FakeServer {
  /** `http://127.0.0.1:port`, or `https` with TLS. */
  readonly url: string;
  /** The same as `ws` or `wss`. */
  readonly wsUrl: string;
  /** Open TCP connections, in whatever state. */
  readonly connections: number;
  /** Ms since the server started. */
  now(): number;
  /** Called whenever a TCP connection has gone. */
  onDisconnect(listener: () => void): void;
  /** Destroys every connection and stops listening. */
  close(): Promise<void>;
}

/** No request of a voice provider's is larger; a batch transcription in a test stays far below. */
const maxBodyBytes = 64 * 1024 * 1024;

function readBody(message: IncomingMessage): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBodyBytes) message.destroy();
      else chunks.push(chunk);
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    // A client that hangs up while sending has asked for nothing.
    message.on('error', () => resolve(undefined));
    message.on('close', () => resolve(undefined));
  });
}

function toFakeRequest(
  message: IncomingMessage,
  body: Uint8Array,
  baseUrl: string,
  atMs: number,
): FakeRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return { method: message.method ?? 'GET', url: new URL(message.url ?? '/', baseUrl), headers, body, atMs };
}

/** Starts a server on 127.0.0.1 and a free port. */
export async function startFakeServer(
  handlers: FakeServerHandlers,
  options: FakeServerOptions = {},
): Promise<FakeServer> {
  const server = options.tls ? createHttpsServer(options.tls) : createHttpServer();
  const startedMs = realClock.now();
  const now = (): number => realClock.now() - startedMs;
  const sockets = new Set<Socket>();
  const disconnectListeners: (() => void)[] = [];

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Resets by the client are part of what tests do.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      for (const listener of disconnectListeners) listener();
    });
  });
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const atMs = now();
    void readBody(message).then((body) => {
      if (body !== undefined) handlers.onRequest(toFakeRequest(message, body, url, atMs), response);
    });
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    handlers.onUpgrade(toFakeRequest(message, new Uint8Array(), url, now()), { message, socket, head });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;

  return {
    url,
    wsUrl: url.replace('http', 'ws'),
    get connections() {
      return sockets.size;
    },
    now,
    onDisconnect: (listener) => void disconnectListeners.push(listener),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
