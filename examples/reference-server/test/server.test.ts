// The reference server as its users meet it: nothing configured, no key, no network; a call by recording, one by typing, its doors.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readWav } from '@voicewire/core/adapter';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { listCallers } from '../src/callers.js';
import { startServer, type RunningServer } from '../src/server.js';

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ port: 0, mediaPort: 0, env: {} });
});

afterAll(() => server.close());

interface Event {
  readonly type: string;
  readonly text?: string;
  readonly outcome?: string;
  readonly name?: string;
  readonly reason?: string;
}

/** A page's call: its media socket and the events of its log. */
async function call(speak: 'recorded' | 'typed') {
  const response = await fetch(`${server.url}/api/v1/demo/calls`, {
    method: 'POST',
    body: JSON.stringify({ speak }),
  });
  const { callId, token, mediaUrl } = (await response.json()) as {
    callId: string;
    token: string;
    mediaUrl: string;
  };
  const socket = new WebSocket(mediaUrl);
  await once(socket, 'open');
  const marks: string[] = [];
  let audioBytes = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) {
      audioBytes += data.length;
      return;
    }
    const message = JSON.parse(data.toString()) as { type: string };
    // This page hears everything at once.
    if (message.type === 'mark') socket.send(JSON.stringify(message));
  });
  socket.send(JSON.stringify({ type: 'start', token, sampleRate: 16_000 }));
  const events: Event[] = [];
  const waiting: { readonly is: (event: Event) => boolean; readonly resolve: (event: Event) => void }[] = [];
  void follow(callId, (event) => {
    events.push(event);
    for (const each of waiting.filter(({ is }) => is(event))) each.resolve(event);
  });
  return {
    callId,
    socket,
    events,
    marks,
    audioBytes: () => audioBytes,
    /** The next event of this kind from now on. */
    next: (is: (event: Event) => boolean) => new Promise<Event>((resolve) => waiting.push({ is, resolve })),
    type: (text: string) => {
      for (const event of [
        { type: 'speech-start', atMs: 0 },
        { type: 'final', text, startMs: 0, endMs: 0 },
        { type: 'speech-end', atMs: 0 },
        { type: 'turn-end', atMs: 0 },
      ]) {
        socket.send(JSON.stringify({ type: 'transcript', event }));
      }
    },
  };
}

async function follow(callId: string, onEvent: (event: Event) => void): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/calls/${callId}/events`);
  let rest = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (rest + chunk).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages)
      onEvent(JSON.parse(message.slice(message.indexOf('data: ') + 6)) as Event);
  }
}

/** A recording as a page sends its microphone: frames of 20 ms behind a small header, in real time. */
async function play(socket: WebSocket, audio: Uint8Array): Promise<void> {
  const frames = Math.ceil(audio.length / 640) + 40;
  const began = performance.now();
  for (let index = 0; index < frames; index += 1) {
    const frame = Buffer.alloc(8 + 640);
    frame[0] = 1;
    frame.writeUInt32LE(index, 4);
    Buffer.from(audio.subarray(index * 640, (index + 1) * 640)).copy(frame, 8);
    socket.send(frame);
    const waitMs = began + (index + 1) * 20 - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

const isHeard = (event: Event): boolean => event.type === 'agent-heard' && event.outcome === 'heard';

it('answers a recorded caller by sound, calls its tool, and speaks', async () => {
  const page = await call('recorded');
  await page.next(isHeard);
  const [utterance] = listCallers().find(({ id }) => id === 'opening-hours')?.utterances ?? [];
  const answer = page.next(isHeard);
  await play(page.socket, readWav(readFileSync(utterance?.file ?? '')).audio);
  expect((await answer).text).toBe(
    'On Saturday we are open from 10 in the morning to 4 in the afternoon. Is there anything else?',
  );
  expect(page.events.find(({ type }) => type === 'user-turn')?.text).toBe(utterance?.text);
  expect(page.events.map(({ name }) => name)).toContain('opening_hours');
  expect(page.audioBytes()).toBeGreaterThan(16_000 * 2 * 3);
  const over = page.next(({ type }) => type === 'call-ended');
  page.socket.send(JSON.stringify({ type: 'stop' }));
  expect((await over).reason).toBe('caller-hung-up');
});

it('books an appointment with a caller who types, and hangs up when they say goodbye', async () => {
  const page = await call('typed');
  await page.next(isHeard);
  for (const [text, answer] of [
    ['I want to book an appointment', 'On which day would you like to come?'],
    ['on Tuesday', 'And at what time?'],
    ['half past ten', 'And what is your name?'],
    [
      'Anna Miller',
      'Done, Anna Miller. I have booked you for Tuesday at 10 30 in the morning. Is there anything else?',
    ],
  ] as const) {
    const heard = page.next(isHeard);
    page.type(text);
    expect((await heard).text).toBe(answer);
  }
  const over = page.next(({ type }) => type === 'call-ended');
  page.type('no thank you, goodbye');
  expect((await over).reason).toBe('agent-hung-up');
  // A line sent with Enter is whole: its answer waits for no pause.
  expect(page.events.filter(({ type }) => type === 'turn-proposed')).toHaveLength(5);
  const transcript = (await (await fetch(`${server.url}/api/v1/calls/${page.callId}/transcript`)).json()) as {
    lines: { speaker: string }[];
  };
  expect(transcript.lines.filter(({ speaker }) => speaker === 'caller')).toHaveLength(5);
});

describe('its doors', () => {
  it('serve the page and the API on one port, webhooks and media on the other', async () => {
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${server.url}/voicewire/browser/media`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.mediaPort}/api/v1/calls`)).status).toBe(404);
  });

  it('say what each stage is, and serve the recordings that are listed, no other file', async () => {
    const demo = (await (await fetch(`${server.url}/api/v1/demo`)).json()) as {
      stages: { label: string }[];
      recogniser: string;
      callers: { utterances: { url: string }[] }[];
    };
    expect(demo.stages.map(({ label }) => label)).toEqual([
      'Demo script, not a recogniser',
      'Demo script, not a language model',
      'Flite, a small open-source voice, here in this process',
    ]);
    // The script knows the shipped callers alone; whoever speaks brings the browser's own recogniser.
    expect(demo.recogniser).toBe('page');
    const url = demo.callers[0]?.utterances[0]?.url ?? '';
    expect((await fetch(server.url + url)).headers.get('content-type')).toBe('audio/wav');
    expect((await fetch(`${server.url}/callers/..%2Fpackage.json`)).status).toBe(404);
  });

  it('let no socket in without a token', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.mediaPort}/voicewire/browser/media`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'start', token: 'guessed', sampleRate: 16_000 }));
    const [code] = (await once(socket, 'close')) as [number];
    expect([1000, 1008]).toContain(code);
  });
});

it('hears a microphone itself where real ears are configured', async () => {
  vi.stubEnv('DEEPGRAM_API_KEY', 'of-nobody');
  const other = await startServer({ port: 0, mediaPort: 0 });
  vi.unstubAllEnvs();
  const demo: unknown = await (await fetch(`${other.url}/api/v1/demo`)).json();
  await other.close();
  expect(demo).toMatchObject({ recogniser: 'server', stages: [{ label: 'deepgram' }, {}, {}] });
});

it('leaves no port open behind it when the other one is taken', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port: mediaPort } = free.address() as AddressInfo;
  free.close();
  const taken = startServer({ port: Number(new URL(server.url).port), mediaPort, env: {} });
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(fetch(`http://127.0.0.1:${mediaPort}/`)).rejects.toThrow('fetch failed');
});
