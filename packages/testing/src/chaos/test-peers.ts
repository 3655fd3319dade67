// Servers and clients for the tests of this folder, which remember what happened to them. Not part of the package.
import {
  createServer,
  get as getHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { TestingError } from '../testing-error.js';
import { type ChaosProxy, type ChaosProxyOptions, startChaosProxy } from './chaos-proxy.js';

const cleanUps: (() => unknown)[] = [];

/** Ends everything that a test has started; for `afterEach`. */
export async function endAll(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}

export async function startProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const proxy = await startChaosProxy(options);
  cleanUps.push(() => proxy.close());
  return proxy;
}

/** Waits for what only shows in some state; the test's own deadline ends a wait in vain. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** Lets everything that is on its way between sockets of this process arrive: an echo that goes by another way. */
export async function settled(): Promise<void> {
  const server = createTcpServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  for (let round = 0; round < 5; round += 1) {
    const isBack = new Promise((resolve) => socket.once('data', resolve));
    socket.write('.');
    await isBack;
  }
  socket.destroy();
  server.close();
}

/** What `read` gives once it does not change any more while other sockets are served. */
export async function steady(read: () => number): Promise<number> {
  const last = [read()];
  while (last.length < 4) {
    await settled();
    const now = read();
    if (now !== last[0]) last.length = 0;
    last.push(now);
  }
  return last[0] ?? 0;
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One end of a connection: what came, and what happened, as `close 1011 busy`, `end`, `tcp ECONNRESET`. */
export interface Heard {
  readonly received: string[];
  readonly events: string[];
}

export interface Peer extends Heard {
  readonly socket: WebSocket;
  /** That it runs on. */
  tcp: Socket | undefined;
}

function listenTo(socket: WebSocket): Peer {
  const peer: Peer = { socket, tcp: undefined, received: [], events: [] };
  socket.on('upgrade', ({ socket: tcp }) => listenBelow(peer, tcp));
  socket.on('open', () => peer.events.push('open'));
  socket.on('message', (data: Buffer, isBinary) => {
    const text = data.length > 200 ? `${data.length} bytes` : data.toString(isBinary ? 'hex' : 'utf8');
    peer.received.push(isBinary ? `0x${text}` : text);
  });
  socket.on('ping', () => peer.events.push('ping'));
  socket.on('pong', () => peer.events.push('pong'));
  socket.on('unexpected-response', (_, response) => {
    peer.events.push(`status ${response.statusCode}`);
    peer.received.push(JSON.stringify(response.headers));
    response.on('data', (body: Buffer) => peer.received.push(body.toString()));
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    peer.events.push(`error ${error.code ?? error.message}`),
  );
  socket.on('close', (code, reason) => peer.events.push(`close ${code} ${reason.toString()}`.trim()));
  return peer;
}

/** A WebSocket does not tell a reset from an end. */
function listenBelow(peer: Peer, tcp: Socket): void {
  peer.tcp = tcp;
  tcp.on('error', (error: NodeJS.ErrnoException) => peer.events.push(`tcp ${error.code}`));
}

export interface WebSocketPeers {
  readonly url: string;
  readonly requests: IncomingMessage[];
  readonly peers: Peer[];
}

/** A server that says nothing by itself; `onPeer` makes it talk. */
export async function startWebSocketServer(onPeer: (peer: Peer) => void = () => {}): Promise<WebSocketPeers> {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  const url = `ws://${await listen(http)}`;
  const all: WebSocketPeers = { url, requests: [], peers: [] };
  server.on('connection', (socket, request) => {
    const peer = listenTo(socket);
    listenBelow(peer, request.socket);
    all.requests.push(request);
    all.peers.push(peer);
    onPeer(peer);
  });
  cleanUps.push(() => {
    for (const { socket } of all.peers) socket.terminate();
    http.close();
  });
  return all;
}

export function connectWebSocket(
  url: string,
  options: { readonly protocols?: string[]; readonly headers?: Record<string, string> } = {},
): Peer {
  const peer = listenTo(new WebSocket(url, options.protocols ?? [], { headers: options.headers ?? {} }));
  cleanUps.push(() => peer.socket.terminate());
  return peer;
}

/** A client that is connected, and the server's side of it. */
export async function joined(
  proxy: ChaosProxy,
  server: WebSocketPeers,
): Promise<{ client: Peer; served: Peer }> {
  const before = server.peers.length;
  const client = connectWebSocket(proxy.wsUrl);
  await eventually(() => client.events.includes('open'));
  const served = server.peers[before];
  if (served === undefined) throw new TestingError('testing.waited_in_vain', 'The server saw nobody.');
  return { client, served };
}

/** A connection through a proxy without rules, and everyone on it. `onPeer` makes the server talk. */
export async function startCall(
  onPeer?: (peer: Peer) => void,
): Promise<{ server: WebSocketPeers; proxy: ChaosProxy; client: Peer; served: Peer }> {
  const server = await startWebSocketServer(onPeer);
  const proxy = await startProxy({ target: server.url });
  return { server, proxy, ...(await joined(proxy, server)) };
}

export interface HttpPeer {
  readonly url: string;
  readonly requests: IncomingMessage[];
  /** Answers that the client, or the proxy, left before they were whole. */
  readonly abandoned: ServerResponse[];
}

export async function startHttpServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<HttpPeer> {
  const http = createServer();
  const peer: HttpPeer = { url: `http://${await listen(http)}`, requests: [], abandoned: [] };
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    peer.requests.push(request);
    response.on('close', () => {
      if (!response.writableFinished) peer.abandoned.push(response);
    });
    answer(response, request);
  });
  cleanUps.push(() => {
    http.closeAllConnections();
    http.close();
  });
  return peer;
}

/** Asks for `url`; `received` has the pieces of the body, `events` `status 200`, `end`, `aborted`, `error …`. */
export function ask(url: string): Heard & { headers(): Record<string, unknown>; leave(): void } {
  const heard: Heard = { received: [], events: [] };
  let headers: Record<string, unknown> = {};
  const request = getHttp(url, { agent: false }, (response) => {
    headers = response.headers;
    heard.events.push(`status ${response.statusCode}`);
    response.on('data', (bytes: Buffer) => heard.received.push(bytes.toString()));
    response.on('end', () => heard.events.push('end'));
    response.on('error', () => heard.events.push('aborted'));
  });
  request.on('error', (error: NodeJS.ErrnoException) => heard.events.push(`error ${error.code}`));
  cleanUps.push(() => request.destroy());
  return { ...heard, headers: () => headers, leave: () => void request.destroy() };
}

export interface TcpPeer extends Heard {
  readonly socket: Socket;
}

function listenToSocket(socket: Socket): TcpPeer {
  const peer: TcpPeer = { socket, received: [], events: [] };
  socket.on('connect', () => peer.events.push('connect'));
  socket.on('data', (bytes: Buffer) => peer.received.push(bytes.toString()));
  socket.on('end', () => peer.events.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => peer.events.push(`error ${error.code}`));
  socket.on('close', () => peer.events.push('close'));
  cleanUps.push(() => socket.destroy());
  return peer;
}

export async function startTcpServer(): Promise<{ url: string; peers: TcpPeer[] }> {
  const peers: TcpPeer[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => peers.push(listenToSocket(socket)));
  cleanUps.push(() => server.close());
  return { url: `tcp://${await listen(server)}`, peers };
}

export function connectTcp(url: string): TcpPeer {
  const { hostname, port } = new URL(url);
  return listenToSocket(connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
}
