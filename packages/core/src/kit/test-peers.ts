// Peers for the tests of WebSocket links: a server, a bare HTTP server, a bare TCP server; and a link to them.
// Not part of the package.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { VoiceError } from '../spec/error.js';
import { connectWebSocket, type WebSocketLink, type WebSocketLinkOptions } from './websocket-link.js';

const cleanUps: (() => void)[] = [];

/** Ends every peer and link of a test; for `afterEach`. */
export function endPeers(): void {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
}

export interface Peer {
  readonly url: string;
  readonly connections: WebSocket[];
  /** What came, `binary:` or `text:` in front. */
  readonly received: string[];
  readonly requests: IncomingMessage[];
}

export async function startPeer(
  onConnection: (socket: WebSocket) => void = () => undefined,
  options: { autoPong?: boolean } = {},
): Promise<Peer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  const peer: Peer = { url: '', connections: [], received: [], requests: [] };
  server.on('connection', (socket, request) => {
    peer.connections.push(socket);
    peer.requests.push(request);
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => {
      peer.received.push(`${isBinary ? 'binary' : 'text'}:${(data as Buffer).toString('latin1')}`);
    });
    onConnection(socket);
  });
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of peer.connections) socket.terminate();
    server.close();
  });
  return { ...peer, url: urlOf(server.address()) };
}

export function urlOf(address: unknown): string {
  return `ws://127.0.0.1:${(address as AddressInfo).port}/listen?token=secret-token`;
}

/** A TCP peer in whose hands every byte is. */
export async function startRawPeer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return urlOf(server.address());
}

export async function startHttpPeer(handler: (server: Server) => void): Promise<string> {
  const server = createServer();
  handler(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return urlOf(server.address());
}

export interface Opened {
  readonly link: WebSocketLink;
  readonly opened: Promise<undefined>;
  readonly closed: Promise<VoiceError | undefined>;
  readonly messages: string[];
}

export function connect(url: string, options: Partial<WebSocketLinkOptions> = {}): Opened {
  const messages: string[] = [];
  const open = withResolver<undefined>();
  const close = withResolver<VoiceError | undefined>();
  const link = connectWebSocket({
    provider: 'acme',
    stage: 'stt',
    url,
    headers: { Authorization: 'Bearer secret-key' },
    onOpen: () => open.resolve(undefined),
    onMessage: (data) => messages.push(data.toString()),
    onClose: (error) => close.resolve(error),
    ...options,
  });
  cleanUps.push(link.close);
  return { link, opened: open.promise, closed: close.promise, messages };
}

export function withResolver<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Waits for something only the peer can see. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}
