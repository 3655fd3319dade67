// Recordings and tokens through AssemblyAI's own client, against the fake of its REST endpoints.
import { ConfigError, type TranscriptionRequest } from '@voicewire/core/adapter';
import { createVirtualClock, fakeApiKey } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AssemblyAiRestFake,
  type AssemblyAiRestFakeOptions,
  fakeToken,
  startAssemblyAiRestFake,
} from '../src/fake.js';
import { type AssemblyAiSttOptions, createAssemblyAiStt, createAssemblyAiToken } from '../src/index.js';

let rest: AssemblyAiRestFake | undefined;
afterEach(() => rest?.close());

async function start(options?: AssemblyAiRestFakeOptions): Promise<AssemblyAiRestFake> {
  rest = await startAssemblyAiRestFake(options);
  return rest;
}

const word = { text: 'Hello.', start: 500, end: 900, confidence: 0.9, speaker: 'A' };
const asWord = { text: 'Hello.', startMs: 500, endMs: 900, confidence: 0.9, speaker: 'speaker-A' };
const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const recording = { audio: new Uint8Array(16_000).fill(0xfe), format };

function transcribe(
  url: string,
  options: AssemblyAiSttOptions = {},
  asked: Partial<TranscriptionRequest> = {},
) {
  const clock = createVirtualClock();
  const signal = new AbortController().signal;
  const adapter = createAssemblyAiStt({ apiKey: fakeApiKey, baseUrl: url, ...options });
  const result = adapter.transcribe?.({ ...recording, signal, clock, ...asked });
  return { clock, result: result ?? Promise.reject(new TypeError('no transcribe')) };
}

const asksOf = ({ requests }: AssemblyAiRestFake): number =>
  requests.filter(({ method, url }) => method === 'GET' && url.pathname.startsWith('/v2/transcript/')).length;

/** Lets time pass until the fake has been asked so often. */
async function askTimes(fake: AssemblyAiRestFake, times: number, advance: (ms: number) => Promise<unknown>) {
  while (asksOf(fake) < times) {
    await new Promise((resolve) => setImmediate(resolve));
    await advance(100);
  }
}

describe('a recording', () => {
  it('is uploaded whole, asked after each second, and comes as segments in ms', async () => {
    const utterances = [{ speaker: 'A', text: 'Hello.', start: 480, end: 950, words: [word] }];
    const transcript = { text: 'Hello.', language_code: 'en', words: [word], utterances };
    const fake = await start({ transcript, asksInWork: 2 });
    const recordingParameters = { redact_pii: true };
    const asked = { keyterms: ['Acme', 'Bolt'], language: 'en-GB', diarize: true };
    const { clock, result } = transcribe(fake.url, { recordingParameters }, asked);
    await askTimes(fake, 3, clock.advance);
    expect(await result).toEqual({
      text: 'Hello.',
      language: 'en',
      durationMs: 2000,
      segments: [
        {
          type: 'final',
          text: 'Hello.',
          startMs: 500,
          endMs: 900,
          settledMs: 900,
          words: [asWord],
          language: 'en',
          speaker: 'speaker-A',
        },
      ],
    });
    expect(clock.now()).toBeGreaterThanOrEqual(3000);
    expect(clock.pendingTimers).toBe(0);
    const [upload, submit] = fake.requests;
    expect(upload?.headers).toMatchObject({
      authorization: fakeApiKey,
      'content-type': 'application/octet-stream',
    });
    expect(
      Buffer.from(upload?.body ?? [])
        .subarray(0, 4)
        .toString(),
    ).toBe('RIFF');
    expect(Buffer.from(upload?.body ?? []).subarray(-16_000)).toEqual(Buffer.from(recording.audio));
    expect(submit?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(Buffer.from(submit?.body ?? []).toString())).toEqual({
      audio_url: `${fake.url}/upload/1`,
      language_code: 'en',
      keyterms_prompt: ['Acme', 'Bolt'],
      speaker_labels: true,
      redact_pii: true,
    });
  });

  it('is one segment where speakers were not asked for, in languages that live speech has not', async () => {
    const fake = await start({ transcript: { text: 'Hello.', words: [word] }, asksInWork: 0 });
    const { clock, result } = transcribe(fake.url, {}, { language: 'sw' });
    await askTimes(fake, 1, clock.advance);
    expect((await result).segments).toMatchObject([{ text: 'Hello.', settledMs: 900 }]);
  });

  it('may have nothing said in it', async () => {
    const fake = await start({ transcript: { text: null, words: null }, asksInWork: 0 });
    const { clock, result } = transcribe(fake.url);
    await askTimes(fake, 1, clock.advance);
    expect(await result).toEqual({ text: '', segments: [], language: undefined, durationMs: 2000 });
  });

  it('that AssemblyAI gives up is refused, without its prose', async () => {
    const fake = await start({ transcript: { status: 'error', error: 'secret words' }, asksInWork: 0 });
    const { clock, result } = transcribe(fake.url);
    const failed = result.catch((error: unknown) => error);
    await askTimes(fake, 1, clock.advance);
    const error = await failed;
    expect(error).toMatchObject({ class: 'invalid_request', provider: 'assemblyai' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  it('stops with the reason of its signal while it waits', async () => {
    const fake = await start();
    const controller = new AbortController();
    const { clock, result } = transcribe(fake.url, {}, { signal: controller.signal });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
    expect(asksOf(fake)).toBe(0);
  });

  it('goes where it is told', async () => {
    const fake = await start({ refusal: { status: 503 } });
    const { result } = transcribe('https://streaming.example.test', { recordingsUrl: `${fake.url}/` });
    await expect(result).rejects.toMatchObject({ class: 'unavailable', status: 503 });
    expect(fake.requests.map(({ url }) => url.pathname)).toEqual(['/v2/upload']);
  });
});

describe('a refusal', () => {
  it.each([
    [{ status: 401 }, { class: 'auth', status: 401 }],
    [
      { status: 429, headers: { 'retry-after': '2' } },
      { class: 'rate_limit', retryAfterMs: 2000 },
    ],
    [
      { status: 400, body: '{"error":"Your account balance is negative"}' },
      { class: 'quota', status: 400 },
    ],
    [
      { status: 500, body: 'secret words' },
      { class: 'unavailable', status: 500 },
    ],
    [{ status: 200, body: 'not JSON, secret words' }, { class: 'protocol' }],
    [{ status: 200, body: '{"upload_url":"x","id":7}' }, { class: 'protocol' }],
  ])('%j is %j, for recordings and tokens alike, and asked once', async (refusal, expected) => {
    const fake = await start({ refusal });
    const signal = new AbortController().signal;
    const options = { apiKey: fakeApiKey, baseUrl: fake.url };
    const uses = [
      () => transcribe(fake.url).result,
      () => createAssemblyAiToken(options, { expiresInSeconds: 60, signal }),
    ];
    for (const use of uses) {
      const error: unknown = await use().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ provider: 'assemblyai', stage: 'stt', ...expected });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/secret|balance|fake-key/);
    }
    const paths = fake.requests.map(({ url }) => url.pathname);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe('a token', () => {
  const signal = new AbortController().signal;

  it('is minted for so long', async () => {
    const fake = await start();
    const options = { apiKey: fakeApiKey, baseUrl: fake.url.replace('http', 'ws') };
    const token = createAssemblyAiToken(options, { expiresInSeconds: 60, maxSessionSeconds: 600, signal });
    expect(await token).toBe(fakeToken);
    expect(`${fake.requests[0]?.url.pathname}${fake.requests[0]?.url.search}`).toBe(
      '/v3/token?expires_in_seconds=60&max_session_duration_seconds=600',
    );
  });

  it('needs a key', async () => {
    await expect(createAssemblyAiToken({ apiKey: ' ' }, { expiresInSeconds: 60, signal })).rejects.toThrow(
      ConfigError,
    );
  });
});
