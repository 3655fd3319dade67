// The socket side of fake and adapter against ElevenLabs' published contract, as its own clients have none for it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fakeApiKey, readWords, type TtsFake } from '@voicewire/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startElevenLabsFake } from '../src/fake.js';
import { createElevenLabsTts } from '../src/index.js';
import { readMessage } from '../src/elevenlabs-wire.js';

interface Schema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

type Message = Readonly<Record<string, unknown>>;

const contract = JSON.parse(
  readFileSync(new URL('./__fixtures__/multi-stream-input.json', import.meta.url), 'utf8'),
) as {
  readonly query: readonly string[];
  readonly outputFormats: readonly string[];
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly client: readonly Message[];
  readonly server: readonly Message[];
};

const clientSchemas = [
  'InitializeConnectionMulti',
  'SendTextMulti',
  'FlushContext',
  'CloseContext',
  'CloseSocket',
  'KeepContextAlive',
];
const serverSchemas = ['AudioOutputMulti', 'FinalOutputMulti'];

/** What is wrong with a message by a schema; empty when it fits. */
function misfits(message: Message, name: string): readonly string[] {
  const { required, properties } = contract.schemas[name] ?? { required: [], properties: {} };
  return [
    ...required.filter((key) => !(key in message)).map((key) => `lacks ${key}`),
    ...Object.entries(message).flatMap(([key, value]) =>
      isOf(value, properties[key]) ? [] : [`${key} is wrong`],
    ),
  ];
}

function isOf(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'list<integer>':
      return Array.isArray(value) && value.every(Number.isInteger);
    case 'list<string>':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'Alignment':
    case 'NormalizedAlignment':
      return misfits(value as Message, 'Alignment').length === 0;
    case 'RealtimeVoiceSettings':
      return typeof value === 'object';
    default:
      return type === `literal<${JSON.stringify(value)}>`;
  }
}

const fitsOne = (message: Message, names: readonly string[]): boolean =>
  names.some((name) => misfits(message, name).length === 0);

let fake: TtsFake;
beforeEach(async () => {
  fake = await startElevenLabsFake();
});
afterEach(() => fake.close());

it('the fake understands the contract, and says what the contract says', async () => {
  const url = `${fake.wsUrl}/v1/text-to-speech/voice-a/multi-stream-input?output_format=ulaw_8000`;
  const socket = new WebSocket(url, { headers: { 'xi-api-key': fakeApiKey } });
  const received: Message[] = [];
  socket.on('message', (data) => received.push(JSON.parse((data as Buffer).toString()) as Message));
  await once(socket, 'open');
  for (const message of contract.client) socket.send(JSON.stringify(message));
  expect((await once(socket, 'close'))[0]).toBe(1000);

  expect(received.filter((message) => !fitsOne(message, serverSchemas))).toEqual([]);
  const spoken = (id: string): string => {
    const audio = received
      .filter((message) => message['contextId'] === id)
      .map((message) => message['audio']);
    const bytes = audio.flatMap((text) => (typeof text === 'string' ? [Buffer.from(text, 'base64')] : []));
    const words = readWords(Buffer.concat(bytes), { encoding: 'mulaw', sampleRate: 8000, channels: 1 });
    return words.map((word) => word.text).join(' ');
  };
  expect(spoken('conv_1')).toBe('hello from conversation one this is added to the buffer of text to flush');
  expect(spoken('interruption_context')).toBe('hi this is a new context with different settings');
  const finals = received
    .filter((message) => message['isFinal'] === true)
    .map((message) => message['contextId']);
  // They speak side by side.
  expect(finals.sort()).toEqual(['conv_1', 'interruption_context']);
});

it('the adapter sends nothing but what the contract knows', async () => {
  const adapter = createElevenLabsTts({
    apiKey: fakeApiKey,
    baseUrl: fake.url,
    voiceSettings: { speed: 1.1 },
  });
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const session = adapter.connect({ format, language: 'en-GB', signal: new AbortController().signal });
  const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
  utterance.write('Hello there, ');
  utterance.flush();
  utterance.write('how can I help?');
  utterance.end();
  for await (const event of utterance) expect(event).toBeDefined();
  const barged = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
  barged.write('Sorry, ');
  await barged[Symbol.asyncIterator]().return?.();
  session.close();
  await fake.until(() => fake.sessions[0]?.ended !== undefined);

  const messages = fake.sessions[0]?.received.map(({ data }) => JSON.parse(String(data)) as Message) ?? [];
  expect(messages.filter((message) => !fitsOne(message, clientSchemas))).toEqual([]);
  expect(messages.map(({ context_id: _id, ...rest }) => rest)).toEqual([
    { text: ' ', voice_settings: { speed: 1.1 } },
    { text: 'Hello there, ' },
    { flush: true },
    { text: 'how can I ' },
    { text: 'help? ' },
    { flush: true },
    { close_context: true },
    { text: ' ', voice_settings: { speed: 1.1 } },
    { text: 'Sorry, ' },
    { close_context: true },
  ]);
  const query = [...(fake.requests[0]?.url.searchParams.keys() ?? [])];
  expect(query.filter((name) => !contract.query.includes(name))).toEqual([]);
});

it('the adapter reads the messages of the contract', () => {
  const read = contract.server.map(readMessage);
  expect(read.map(({ context }) => context)).toEqual([
    'conv_1',
    'interruption_context',
    'interruption_context',
  ]);
  expect(read.map(({ isFinal }) => isFinal)).toEqual([false, false, true]);
  expect(read[0]?.letters.at(-1)).toEqual({ text: 'd', startMs: 21, endMs: 24 });
});

it('the adapter offers the formats of the contract', () => {
  const { formats } = createElevenLabsTts({ apiKey: fakeApiKey }).capabilities;
  expect(formats).toHaveLength(contract.outputFormats.length + 1);
});
