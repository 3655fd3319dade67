// The endpoints of the reference server's demo, small, on loopback: the page, the demo, calls, their events, and media on a port of its own.
import { createBrowserTelephony } from '@voicewire/telephony-browser';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveDashboard } from '../src/index.js';
import { createFakeAgent, type FakeReply, type LogEvent } from './fake-agent.js';

export interface DemoServer {
  readonly url: string;
  /** Every event of every call, in order. */
  readonly log: readonly LogEvent[];
  /** What was posted to start calls. */
  readonly posted: readonly unknown[];
  /** What `/health` says of providers from now on. */
  setHealth(providers: readonly unknown[]): void;
  /** Answers the next request for a call with this status. */
  refuseNextCall(status: number): void;
  /** Tells the page something in the current call. */
  tell(event: LogEvent): void;
  /** Cuts the current call's media without a word. */
  cutMedia(): void;
  /** Ends the current call as the agent would. */
  hangUp(): void;
  close(): Promise<void>;
}

export const lines = [
  'Hi, where is my order 1042?',
  'And when are you open on Saturday?',
  'Thanks, goodbye.',
];

const demo = {
  recogniser: 'page',
  stages: [
    {
      stage: 'stt',
      label: 'Demo script, not a recogniser',
      detail: 'It knows the shipped callers by their sound and nothing else.',
    },
    {
      stage: 'llm',
      label: 'Demo script, not a language model',
      detail: 'It matches words and really calls its tools.',
    },
    { stage: 'tts', label: 'Flite', detail: 'A small open-source voice, here as WebAssembly.' },
  ],
  callers: [
    {
      id: 'order',
      name: 'Maya',
      description: 'Asks for her order, then for Saturday’s hours.',
      utterances: lines.map((text, index) => ({ url: `/recordings/${index}.wav`, text })),
    },
    {
      id: 'booking',
      name: 'Tom',
      description: 'Books an appointment and changes his mind.',
      utterances: [{ url: '/recordings/0.wav', text: 'I would like to book a fitting.' }],
    },
  ],
  agent: {
    name: 'Harbour Bikes',
    greeting: 'Harbour Bikes, good morning. How can I help?',
    hints: [
      'Where is my order 1042?',
      'When are you open?',
      'Book a repair for Friday.',
      'Let me talk to a person.',
    ],
  },
  sampleRate: 16_000,
};

const replies: readonly FakeReply[] = [
  {
    filler: 'Let me look that up. ',
    tool: {
      name: 'order_status',
      input: { order_id: '1042' },
      result: JSON.stringify({
        status: 'out for delivery',
        carrier: 'Northline',
        expected: 'today by 18:00',
      }),
    },
    says: 'Order ten forty-two is out for delivery today. It should be with you by six this evening.',
    latency: [84, 420, 236, 95],
  },
  {
    says: 'On Saturday the workshop is open from nine to two, and the shop from nine to five. On Sunday we are closed.',
    latency: [71, 420, 188, 102],
  },
  { says: 'Thank you for calling Harbour Bikes. Ride safely.', latency: [66, 420, 121, 88] },
];

interface OpenCall {
  readonly id: string;
  readonly token: string;
  readonly events: LogEvent[];
  readonly listeners: Set<(event: LogEvent) => void>;
  readonly startedAt: number;
  hangUp(): void;
  cut(): void;
}

export async function startDemoServer(): Promise<DemoServer> {
  const calls: OpenCall[] = [];
  const log: LogEvent[] = [];
  const posted: unknown[] = [];
  let providers: readonly unknown[] = [];
  let refusal: number | undefined;
  const media = await startMedia(calls);
  const mediaUrl = `ws://127.0.0.1:${(media.address() as AddressInfo).port}`;

  const server = createServer((request, response) => {
    void handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const [, eventsOf] = /^\/api\/v1\/calls\/([^/]+)\/events$/.exec(path) ?? [];
    const call = calls.find(({ id }) => id === eventsOf);
    if (path === '/api/v1/demo') return json(response, demo);
    if (path === '/health') return json(response, { status: 'ok', providers });
    if (path === '/api/v1/demo/calls') return takeCall(request, response);
    if (call !== undefined) return stream(call, response);
    if (path.startsWith('/recordings/')) return void response.end(Buffer.from(recording(900)));
    const page = await serveDashboard(new Request(url + path), { connectSources: [mediaUrl] });
    response.statusCode = page?.status ?? 404;
    page?.headers.forEach((value, name) => response.setHeader(name, value));
    const body = await page?.arrayBuffer();
    response.end(body && new Uint8Array(body));
  }

  async function takeCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    posted.push(JSON.parse(Buffer.concat(chunks).toString()));
    const status = refusal;
    refusal = undefined;
    if (status !== undefined) return void response.writeHead(status).end();
    const call = openCall(calls.length, log);
    calls.push(call);
    json(response, { callId: call.id, token: call.token, mediaUrl });
  }

  return {
    url,
    log,
    posted,
    setHealth: (given) => (providers = given),
    refuseNextCall: (status) => (refusal = status),
    tell: (event) => record(calls.at(-1)!, log, event),
    cutMedia: () => calls.at(-1)!.cut(),
    hangUp: () => calls.at(-1)!.hangUp(),
    close: async () => {
      media.clients.forEach((client) => client.terminate());
      await Promise.all([closed(server), new Promise((resolve) => media.close(resolve))]);
    },
  };
}

function openCall(index: number, log: LogEvent[]): OpenCall {
  const call: OpenCall = {
    id: `call-${index}`,
    token: `token-${index}`,
    events: [],
    listeners: new Set(),
    startedAt: performance.now(),
    hangUp: () => undefined,
    cut: () => undefined,
  };
  logs.set(call, log);
  return call;
}

const logs = new WeakMap<OpenCall, LogEvent[]>();

function record(call: OpenCall, log: LogEvent[], event: LogEvent): void {
  const atMs = Math.round(performance.now() - call.startedAt);
  const stamped = { version: 1, seq: call.events.length + 1, atMs, ...event };
  call.events.push(stamped);
  log.push(stamped);
  call.listeners.forEach((listener) => listener(stamped));
}

async function startMedia(calls: readonly OpenCall[]): Promise<WebSocketServer> {
  const telephony = createBrowserTelephony();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    let call: OpenCall | undefined;
    const tell = (event: LogEvent): void => {
      if (call) record(call, logs.get(call) ?? [], event);
    };
    const connection = telephony.media!.open({
      signal: new AbortController().signal,
      onAudio: (_track, audio) => agent.hear(audio),
      socket: {
        send: (data) => socket.send(data),
        close: (code) => socket.close(code),
        get buffered() {
          return socket.bufferedAmount;
        },
      },
    });
    const agent = createFakeAgent({ connection, greeting: demo.agent.greeting, replies, lines, log: tell });
    socket.on('message', (data, isBinary) => {
      const text = isBinary ? undefined : (data as Buffer).toString();
      if (call === undefined && text !== undefined) {
        const { token } = JSON.parse(text) as { token?: string };
        call = calls.find((waiting) => waiting.token === token);
        if (call === undefined) return socket.close(1008);
        Object.assign(call, { cut: () => socket.terminate(), hangUp: () => connection.close() });
        tell({ type: 'call-started', callId: call.id, mode: 'agent' });
        tell({ type: 'provider-used', stage: 'tts', provider: 'flite' });
      }
      connection.receive(text ?? (data as Buffer));
    });
    socket.on('close', (code) => connection.disconnected(code));
    agent.run().then(
      () => tell({ type: 'call-ended', reason: 'caller-hung-up', durationMs: 0 }),
      () => tell({ type: 'call-ended', reason: 'media-lost', durationMs: 0 }),
    );
  });
  return server;
}

/** Half of the events carry their name outside, as servers do or do not. */
function stream(call: OpenCall, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const write = (event: LogEvent): void => {
    const seq = Number(event['seq']);
    const name = seq % 2 === 0 ? `event: ${event.type}\n` : '';
    response.write(`id: ${seq}\n${name}data: ${JSON.stringify(event)}\n\n`);
  };
  call.events.forEach(write);
  call.listeners.add(write);
  response.on('close', () => call.listeners.delete(write));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function closed(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** A WAV with something loud in it. */
export function recording(ms: number): ArrayBuffer {
  const samples = Int16Array.from({ length: ms * 16 }, (_, index) =>
    Math.round(12_000 * Math.sin(index / 10)),
  );
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Uint8Array.from(Buffer.concat([header, Buffer.from(samples.buffer)])).buffer;
}
