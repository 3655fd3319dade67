// The fake, proven from outside by Cartesia's own client. It insists on wss, so it is given the connection to talk over; and
// it is the CommonJS build, since the other one can't load `ws` under Node 20.
import { connect } from 'node:net';
import { Cartesia } from '@cartesia/cartesia-js/index.js';
import { type ContextOptions, TTSWS, type TTSWSContext } from '@cartesia/cartesia-js/resources/tts/ws.js';
import type { WebsocketResponse } from '@cartesia/cartesia-js/resources/tts/tts.js';
import { fakeApiKey, readWords, type TtsFake } from '@voicewire/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startCartesiaFake } from '../src/fake.js';

let fake: TtsFake;
let socket: TTSWS | undefined;

beforeEach(async () => {
  fake = await startCartesiaFake();
});

afterEach(async () => {
  socket?.close();
  await fake.close();
});

async function open(apiKey = fakeApiKey): Promise<TTSWS> {
  const client = new Cartesia({ apiKey, baseURL: fake.url, maxRetries: 0 });
  const port = Number(new URL(fake.url).port);
  socket = new TTSWS(client, { createConnection: () => connect(port, '127.0.0.1') });
  // Without a listener it rejects where nobody can catch it.
  socket.on('error', () => undefined);
  return socket.connect();
}

const settings: ContextOptions = {
  model_id: 'sonic-3.5',
  voice: { mode: 'id', id: 'voice-a' },
  language: 'en',
  output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 },
  add_timestamps: true,
};
const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

async function receive(context: TTSWSContext): Promise<readonly WebsocketResponse[]> {
  const all: WebsocketResponse[] = [];
  for await (const response of context.receive({ timeout: 5000 })) all.push(response);
  return all;
}

function spoken(responses: readonly WebsocketResponse[]): string {
  const chunks = responses.flatMap((response) => (response.type === 'chunk' ? [response.audio ?? []] : []));
  return readWords(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))), mulaw)
    .map((word) => word.text)
    .join(' ');
}

it('speaks text that comes piece by piece, flushed in between, with the times of its words', async () => {
  const context = (await open()).context(settings);
  await context.push({ transcript: 'Hello there, ', flush: true });
  await context.push({ transcript: 'how can I help?' });
  await context.no_more_inputs();
  const responses = await receive(context);
  expect(spoken(responses)).toBe('hello there how can i help');
  expect(responses.at(-1)).toMatchObject({ type: 'done', done: true });
  const times = responses.flatMap((response) =>
    response.type === 'timestamps' ? [response.word_timestamps] : [],
  );
  expect(times.flatMap((some) => some?.words)).toEqual(['Hello', 'there,', 'how', 'can', 'I', 'help?']);
  expect(responses.filter(({ type }) => type === 'flush_done')).toMatchObject([{ flush_id: 1 }]);
  expect(fake.sessions[0]?.heard.utterances[0]?.asked).toEqual({
    format: mulaw,
    voice: 'voice-a',
    language: 'en',
  });
});

it('speaks contexts side by side over one connection, and one that is cancelled no more', async () => {
  const socket = await open();
  const cancelled = socket.context(settings);
  const contexts = [socket.context(settings), socket.context({ ...settings, add_timestamps: false })];
  await cancelled.push({ transcript: 'One two three four five six seven eight nine ten ' });
  await cancelled.cancel();
  for (const [index, context] of contexts.entries())
    await context.send({ transcript: `number ${'x'.repeat(index + 1)}`, continue: false });
  const responses = await Promise.all(contexts.map(receive));
  expect(responses.map(spoken)).toEqual(['number x', 'number xx']);
  expect(responses[1]?.some(({ type }) => type === 'timestamps')).toBe(false);
  expect(fake.sessions).toHaveLength(1);
  expect(fake.sessions[0]?.heard.utterances.map(({ state }) => state)).toEqual([
    'cancelled',
    'complete',
    'complete',
  ]);
});

it('refuses a context whose model changes, and goes on with the next', async () => {
  const socket = await open();
  const context = socket.context(settings);
  const failed = receive(context);
  await context.push({ transcript: 'Hello ' });
  await context.send({ transcript: 'there.', model_id: 'sonic-3', continue: false });
  await expect(failed).rejects.toThrow('Refused by the fake.');
  const next = socket.context(settings);
  await next.send({ transcript: 'Hello.', continue: false });
  expect(spoken(await receive(next))).toBe('hello');
});

it.each([
  [
    'a format it does not have',
    { output_format: { ...settings.output_format, sample_rate: 11_025 as 8000 } },
  ],
  ['no voice', { voice: '' }],
  ['nothing to say', { transcript: '' }],
])('refuses %s with an error in its context', async (_what, wrong) => {
  const context = (await open()).context({ ...settings, contextId: 'wrong' });
  const failed = receive(context);
  await context.send({ transcript: 'Hello.', continue: false, ...wrong });
  await expect(failed).rejects.toThrow('Refused by the fake.');
});

it('refuses a wrong key before it opens', async () => {
  const refused = open('wrong').catch((event: unknown) => (event as Error).message);
  expect(await refused).toContain('401');
});
