// A running fake provider of any kind: admission, sessions and their record, misbehaviour, waiting.
import type { ServerResponse } from 'node:http';
import { realClock } from '../real-clock.js';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { admit, type Admission } from './admission.js';
import {
  refuseRequest,
  refuseUpgrade,
  responseChannel,
  webSocketChannel,
  type FakeChannel,
} from './channel.js';
import type { DialectBasics, FakeClose, FakeRequest, Refusal, WireMessage } from './dialects.js';
import { startFakeServer, type FakeServer, type FakeServerOptions, type RawUpgrade } from './fake-server.js';
import { openSession, type FakeConversation, type FakeSession, type SessionInput } from './fake-session.js';
import { createFaults, type Fault, type Misbehaviour } from './misbehaviour.js';
import { createOutlet } from './outlet.js';
import { createWaiting, type UntilOptions, type Waiting } from './waiting.js';

/** The key every fake accepts unless told otherwise. */
export const fakeApiKey = 'fake-key-0123456789';

export interface ProviderFakeOptions extends FakeServerOptions {
  /** The only key that is let in. Default `fakeApiKey`. */
  readonly apiKey?: string | undefined;
  /** Whether messages are kept for tests to look at. Off for load tests. Default true. */
  readonly record?: boolean | undefined;
  /** Open sessions beyond which the next is refused with 429. Default: any number. */
  readonly maxSessions?: number | undefined;
  /** Closes a socket on which the client said nothing for this long. Default: never. */
  readonly idleMs?: number | undefined;
}

/** A running fake provider. Close it when the test ends. */
export interface ProviderFake<Heard> {
  readonly provider: string;
  /** Base URLs for the adapter, `http://…` and `ws://…`, without a path. */
  readonly url: string;
  readonly wsUrl: string;
  readonly apiKey: string;
  /** Open TCP connections, in whatever state. */
  readonly connections: number;
  /** All requests and upgrades, let in or not, in order. */
  readonly requests: readonly FakeRequest[];
  /** Sessions that were let in, in order. */
  readonly sessions: readonly FakeSession<Heard>[];
  /** Sessions and requests to come go wrong; a live one does by its own `misbehave`. */
  misbehave(misbehaviour: Misbehaviour, options?: { readonly times?: number | undefined }): Fault;
  /** Ends all misbehaviours for sessions to come. */
  behave(): void;
  /** Resolves when `condition` holds; asked again whenever something happened here. Rejects after `timeoutMs`. */
  until(condition: () => boolean, options?: UntilOptions): Promise<void>;
  close(): Promise<void>;
}

/** How a kind of fake opens sessions; a transport left out is answered with 404. */
export interface FakeConversations<Heard> {
  openSocket?: ((request: FakeRequest) => FakeConversation<Heard> | Refusal) | undefined;
  answer?: ((request: FakeRequest) => FakeConversation<Heard> | Refusal) | undefined;
}

interface Engine<Heard> {
  readonly dialect: DialectBasics;
  readonly options: ProviderFakeOptions;
  readonly conversations: FakeConversations<Heard>;
  readonly sessions: FakeSession<Heard>[];
  readonly requests: FakeRequest[];
  readonly faults: ReturnType<typeof createFaults>;
  readonly waiting: Waiting;
  now(): number;
}

const webSockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: 64 * 1024 * 1024,
});
const notFound: Refusal = { status: 404 };

export function isRefusal(value: object): value is Refusal {
  return 'status' in value;
}

function toWireMessage(data: RawData, isBinary: boolean): WireMessage {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
  return isBinary ? bytes : bytes.toString('utf8');
}

/** Calls `onIdle` when `touch` was not called for `idleMs`. */
function createIdleTimer(idleMs: number | undefined, onIdle: () => void): { touch(): void; stop(): void } {
  if (idleMs === undefined) return { touch: () => {}, stop: () => {} };
  let timer = realClock.setTimeout(onIdle, idleMs);
  return {
    touch() {
      realClock.clearTimeout(timer);
      timer = realClock.setTimeout(onIdle, idleMs);
    },
    stop: () => realClock.clearTimeout(timer),
  };
}

function admission<Heard>(
  engine: Engine<Heard>,
  request: FakeRequest,
): Admission & { misbehaviours: readonly Misbehaviour[] } {
  engine.requests.push(request);
  engine.waiting.notify();
  const misbehaviours = engine.faults.take();
  const open = engine.sessions.filter(({ ended }) => ended === undefined).length;
  const isFull = open >= (engine.options.maxSessions ?? Number.POSITIVE_INFINITY);
  const apiKey = engine.options.apiKey ?? fakeApiKey;
  return { ...admit({ dialect: engine.dialect, request, misbehaviours, apiKey, isFull }), misbehaviours };
}

/** For a key that is wrong, where the provider says so on the socket. */
function turnAway(webSocket: WebSocket, close: FakeClose): void {
  webSocket.on('error', () => {});
  if (close.message !== undefined) webSocket.send(close.message);
  webSocket.close(close.code, close.reason);
}

function startSocketSession<Heard>(
  engine: Engine<Heard>,
  webSocket: WebSocket,
  input: Pick<SessionInput<Heard>, 'request' | 'conversation'> & {
    channel: FakeChannel;
    misbehaviours: readonly Misbehaviour[];
  },
): void {
  const { request, conversation, channel, misbehaviours } = input;
  const { dialect, options, waiting } = engine;
  const outlet = createOutlet(channel, dialect, misbehaviours, waiting.notify);
  const record = options.record ?? true;
  const opened = openSession({
    transport: 'websocket',
    request,
    conversation,
    outlet,
    channel,
    dialect,
    record,
    now: engine.now,
  });
  const idle = createIdleTimer(options.idleMs, () => opened.session.closeIdle());
  webSocket.on('message', (data, isBinary) => {
    idle.touch();
    opened.receive(toWireMessage(data, isBinary));
    waiting.notify();
  });
  // What clients do wrong on the wire shows in how the session ended.
  webSocket.on('error', () => {});
  webSocket.on('close', (code) => {
    idle.stop();
    opened.ended(channel.hasEnded ? 'fake' : 'client', code);
    waiting.notify();
  });
  engine.sessions.push(opened.session);
  conversation.start(outlet);
  outlet.arm();
  waiting.notify();
}

function acceptUpgrade<Heard>(engine: Engine<Heard>, request: FakeRequest, upgrade: RawUpgrade): void {
  const { message, socket, head } = upgrade;
  const admitted = admission(engine, request);
  if (admitted.type === 'unanswered') {
    // Read, or the client's leaving would go unnoticed; HTTP sockets may stay half open.
    socket.resume();
    socket.on('end', () => socket.destroy());
    return;
  }
  if (admitted.type === 'refused') return refuseUpgrade(socket, admitted.refusal);
  if (admitted.type === 'unauthorized') {
    const close = engine.dialect.unauthorizedClose ?? { code: 1008 };
    return webSockets.handleUpgrade(message, socket, head, (webSocket) => turnAway(webSocket, close));
  }
  const conversation = engine.conversations.openSocket?.(request) ?? notFound;
  if (isRefusal(conversation)) return refuseUpgrade(socket, conversation);
  const { misbehaviours } = admitted;
  webSockets.handleUpgrade(message, socket, head, (webSocket) => {
    const channel = webSocketChannel(webSocket, socket);
    startSocketSession(engine, webSocket, { request, conversation, channel, misbehaviours });
  });
}

function answerRequest<Heard>(engine: Engine<Heard>, request: FakeRequest, response: ServerResponse): void {
  const admitted = admission(engine, request);
  if (admitted.type === 'unanswered') return;
  if (admitted.type === 'refused') return refuseRequest(response, admitted.refusal);
  const conversation =
    admitted.type === 'unauthorized' ? { status: 401 } : (engine.conversations.answer?.(request) ?? notFound);
  if (isRefusal(conversation)) return refuseRequest(response, conversation);

  const contentType = conversation.contentType ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': contentType, ...conversation.headers });
  response.flushHeaders();
  const channel = responseChannel(response, contentType);
  const outlet = createOutlet(channel, engine.dialect, admitted.misbehaviours, engine.waiting.notify);
  const opened = openSession({
    transport: 'http',
    request,
    conversation,
    outlet,
    channel,
    dialect: engine.dialect,
    record: false,
    now: engine.now,
  });
  response.on('close', () => {
    opened.ended(channel.hasEnded ? 'fake' : 'client', response.writableFinished ? 1000 : 1006);
    engine.waiting.notify();
  });
  engine.sessions.push(opened.session);
  conversation.start(outlet);
  outlet.arm();
  engine.waiting.notify();
}

/** Starts a fake of any kind; `startSttFake` and its like are what adapters use. */
export async function startProviderFake<Heard>(
  dialect: DialectBasics,
  conversations: FakeConversations<Heard>,
  options: ProviderFakeOptions = {},
): Promise<ProviderFake<Heard>> {
  const waiting = createWaiting();
  const faults = createFaults();
  const engine: Engine<Heard> = {
    dialect,
    options,
    conversations,
    sessions: [],
    requests: [],
    faults,
    waiting,
    now: () => server.now(),
  };
  const server: FakeServer = await startFakeServer(
    {
      onRequest: (request, response) => answerRequest(engine, request, response),
      onUpgrade: (request, upgrade) => acceptUpgrade(engine, request, upgrade),
    },
    options,
  );
  server.onDisconnect(waiting.notify);

  return {
    provider: dialect.provider,
    url: server.url,
    wsUrl: server.wsUrl,
    apiKey: options.apiKey ?? fakeApiKey,
    get connections() {
      return server.connections;
    },
    requests: engine.requests,
    sessions: engine.sessions,
    misbehave: faults.add,
    behave: faults.clear,
    until: waiting.until,
    close: () => server.close(),
  };
}
