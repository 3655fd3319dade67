// The fakes are proven by AssemblyAI's own client, which knows nothing of ours: over TLS, because it insists on wss, and in
// a process of its own, because it lets nobody choose whom it trusts.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fakeApiKey, type SttFake, type SttFakeOptions } from '@voicewire/testing';
import { AssemblyAI, type BeginEvent, type StreamingTranscriberParams, type TurnEvent } from 'assemblyai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type AssemblyAiRestFake,
  fakeToken,
  startAssemblyAiFake,
  startAssemblyAiRestFake,
} from '../src/fake.js';
import { makeTestCertificate } from './test-certificate.js';

const client = fileURLToPath(new URL('./__fixtures__/streaming-client.mjs', import.meta.url));
const tls = makeTestCertificate();
let folder: string;
let fake: SttFake | undefined;
let rest: AssemblyAiRestFake | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assemblyai-'));
  await writeFile(join(folder, 'ca.pem'), tls.cert);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => Promise.all([fake?.close(), rest?.close()]));

interface Told {
  readonly begin: BeginEvent | null;
  readonly turns: readonly TurnEvent[];
  readonly speechStarts: readonly number[];
  readonly errors: readonly { readonly message: string; readonly code?: number }[];
  readonly close: { readonly code: number; readonly reason: string } | null;
  readonly failure: { readonly message: string; readonly code?: number } | null;
}

type Step = readonly [action: string, ...values: unknown[]];

async function talk(
  steps: readonly Step[],
  params: Partial<StreamingTranscriberParams> = {},
  options: SttFakeOptions = {},
): Promise<Told> {
  fake = await startAssemblyAiFake({ tls, ...options });
  const asked = {
    websocketBaseUrl: `${fake.wsUrl}/v3/ws`,
    sampleRate: 8000,
    encoding: 'pcm_mulaw',
    ...params,
  };
  const input = JSON.stringify({ apiKey: fakeApiKey, params: asked, steps });
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const { stdout } = await promisify(execFile)(process.execPath, [client, input], { env, timeout: 30_000 });
  return JSON.parse(stdout) as Told;
}

const brief = ({ turn_order, end_of_turn, turn_is_formatted, transcript }: TurnEvent): string =>
  `${turn_order}${end_of_turn ? ' end' : ''}${turn_is_formatted ? ' formatted' : ''}: ${transcript}`;

describe('/v3/ws, to the streaming client of AssemblyAI', () => {
  it('tells turns, formats them when asked to, ends one by force, and says goodbye', async () => {
    const { begin, turns, failure, errors } = await talk(
      [
        ['audio', 6, 400],
        ['audio', 3, 800],
        ['force'],
        ['keepAlive'],
        ['update', { keyterms_prompt: ['Zanzibar'], max_turn_silence: 700 }],
        ['audio', 5, 8000],
        ['force'],
        ['close'],
      ],
      { formatTurns: true, keytermsPrompt: ['Acme', 'order number'] },
      { script: [{ text: 'Hello,', startMs: 200, endMs: 440 }, ...later] },
    );
    expect({ failure, errors }).toEqual({ failure: null, errors: [] });
    expect(begin).toMatchObject({ type: 'Begin', expires_at: expect.any(Number) });
    expect(turns.map(brief)).toEqual([
      '0: ',
      '0 end: hello',
      '0 end formatted: Hello,',
      '1: ',
      '1: where',
      '1 end: where now',
      '1 end formatted: Where now?',
    ]);
    const [first] = turns[1]?.words ?? [];
    expect(first).toEqual({ text: 'hello', start: 200, end: 440, confidence: 0.9, word_is_final: true });
    expect(turns[3]?.words.map(({ word_is_final }) => word_is_final)).toEqual([false]);
    expect(fake?.sessions[0]?.heard).toMatchObject({
      audioMs: 5600,
      asked: { keyterms: ['Zanzibar'], language: undefined, diarize: false },
      controls: ['flush', 'keep-alive', 'configure', 'flush', 'end'],
    });
  });

  it('formats at once and tells where speech starts, with models that do, and tells speakers apart', async () => {
    const { turns, speechStarts, failure } = await talk([['audio', 6, 8000], ['close']], {
      speechModel: 'universal-3-5-pro',
      languageCodes: ['de'],
      languageDetection: true,
      speakerLabels: true,
      keytermsPrompt: ['Acme', 'a&b=c'],
    });
    expect(failure).toBeNull();
    expect(speechStarts).toEqual([200, 1600, 4000]);
    const ends = turns.filter((turn) => turn.end_of_turn);
    expect(ends.map(brief)).toEqual([
      '0 end formatted: hello there',
      '1 end formatted: where is my order',
      '2 end formatted: thank you',
    ]);
    expect(ends.map((turn) => [turn.speaker_label, turn.words[0]?.speaker, turn.language_code])).toEqual([
      ['A', 'A', 'de'],
      ['A', 'A', 'de'],
      ['B', 'B', 'de'],
    ]);
    expect(fake?.sessions[0]?.heard.asked).toEqual({
      format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
      language: 'de',
      keyterms: ['Acme', 'a&b=c'],
      diarize: true,
    });
  });

  it.each([
    ['shorter than 50 ms', 392, '49'],
    ['longer than a second', 8008, '1001'],
  ])('ends the session over a piece of audio %s', async (_what, bytes, ms) => {
    const { errors, close } = await talk([['audio', 1, bytes], ['closed']]);
    const message = `Input Duration Violation: ${ms} ms. Expected between 50 and 1000 ms`;
    expect(errors).toEqual([{ message, code: 3007 }]);
    expect(close).toEqual({ code: 3007, reason: message });
  });

  it('takes a temporary token in place of the key, and no wrong key', async () => {
    const { failure, turns } = await talk(
      [['audio', 1, 8000], ['close']],
      { token: fakeToken },
      { apiKey: fakeToken },
    );
    expect(failure).toBeNull();
    expect(turns).toHaveLength(3);
    await fake?.close();
    const refused = await talk([['close']], { apiKey: 'wrong' });
    expect(refused.failure).toEqual({ message: 'Unauthorized Connection: Invalid API key', code: 1008 });
  });
});

const later = [
  { text: 'Where', startMs: 1600, endMs: 1840 },
  { text: 'now?', startMs: 1880, endMs: 2120 },
];

describe('the REST endpoints, to the client of AssemblyAI', () => {
  it('make a transcript of a recording and mint a token', async () => {
    rest = await startAssemblyAiRestFake({ transcript: { text: 'Hello.' }, asksInWork: 2 });
    const { transcripts, streaming } = new AssemblyAI({
      apiKey: fakeApiKey,
      baseUrl: rest.url,
      streamingBaseUrl: rest.url,
    });
    const audio = Buffer.from('RIFF');
    const transcript = await transcripts.transcribe({ audio, language_code: 'en' }, { pollingInterval: 1 });
    expect(transcript).toMatchObject({ status: 'completed', text: 'Hello.' });
    await expect(streaming.createTemporaryToken({ expires_in_seconds: 60 })).resolves.toBe(fakeToken);
    await expect(streaming.createTemporaryToken({ expires_in_seconds: 601 })).rejects.toThrow();
    expect(
      rest.requests.map(({ method, url }) => `${method} ${url.pathname}`.replace(/[0-9a-f-]{36}/, 'id')),
    ).toEqual([
      'POST /v2/upload',
      'POST /v2/transcript',
      ...Array.from({ length: 3 }, () => 'GET /v2/transcript/id'),
      'GET /v3/token',
      'GET /v3/token',
    ]);
  });

  it('refuse a wrong key', async () => {
    rest = await startAssemblyAiRestFake();
    const { transcripts } = new AssemblyAI({ apiKey: 'wrong', baseUrl: rest.url });
    await expect(transcripts.transcribe({ audio: Buffer.from('RIFF') })).rejects.toThrow(
      'Refused by the fake.',
    );
  });
});
