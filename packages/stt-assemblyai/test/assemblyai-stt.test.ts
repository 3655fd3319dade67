// The adapter over real sockets against its fake: what is AssemblyAI's own; what every adapter must do is in the suite.
import { ConfigError, type SttEvent, type SttRequest, type SttStream } from '@voicewire/core/adapter';
import { createVirtualClock, type SttFake, type SttFakeOptions } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startAssemblyAiFake } from '../src/fake.js';
import { type AssemblyAiSttOptions, createAssemblyAiStt } from '../src/index.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

interface Opened {
  readonly fake: SttFake;
  readonly stream: SttStream;
}

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

async function open(
  options: AssemblyAiSttOptions = {},
  request: Partial<SttRequest> = {},
  prepare: (fake: SttFake) => unknown = () => undefined,
  fakeOptions: SttFakeOptions = {},
): Promise<Opened> {
  const fake = await startAssemblyAiFake(fakeOptions);
  const controller = new AbortController();
  cleanUps.push(() => controller.abort(), fake.close);
  prepare(fake);
  const adapter = createAssemblyAiStt({ apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  const stream = adapter.open({ format, isSpeech: () => false, signal: controller.signal, ...request });
  return { fake, stream };
}

async function readAll(stream: SttStream): Promise<{ events: SttEvent[]; error: unknown }> {
  const events: SttEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

/** `ms` of silence in µ-law, in frames of 20 ms. */
function speak(stream: SttStream, ms: number): void {
  for (let atMs = 0; atMs < ms; atMs += 20) stream.write(new Uint8Array(160).fill(0xff));
}

const piecesOf = ({ sessions }: SttFake): readonly (number | string)[] =>
  (sessions[0]?.received ?? []).map(({ data }) => (typeof data === 'string' ? data : data.length / 8));

describe('live speech', () => {
  it('comes as finals, turn by turn, and returns after Termination', async () => {
    const { fake, stream } = await open({}, { keyterms: ['Acme'], diarize: true, language: 'en-GB' });
    const reading = readAll(stream);
    speak(stream, 1800);
    await fake.until(() => (fake.sessions[0]?.sentCount ?? 0) >= 4);
    stream.flush();
    await fake.until(() => fake.sessions[0]?.heard.controls.length === 1);
    speak(stream, 4200);
    stream.end();
    const { events, error } = await reading;
    expect(error).toBeUndefined();
    expect(events[0]).toEqual({ type: 'ready' });
    const finals = events.flatMap((event) => (event.type === 'final' ? [event] : []));
    expect(finals.map(({ text, settledMs, speaker }) => [text, settledMs, speaker])).toEqual([
      ['hello there', 1120, 'speaker-A'],
      ['where', 1800, 'speaker-A'],
      ['is my order', 3080, 'speaker-A'],
      ['thank you', 4920, 'speaker-B'],
    ]);
    expect(events).toContainEqual({ type: 'flushed', settledMs: 1800 });
    const turns = events.filter(({ type }) => /^(speech-|turn-)/.test(type)).map(({ type }) => type);
    expect(turns).toEqual(Array.from({ length: 4 }, () => ['speech-start', 'speech-end', 'turn-end']).flat());
    expect(fake.sessions[0]?.heard).toMatchObject({
      asked: { language: 'en', keyterms: ['Acme'], diarize: true },
      audioMs: 6000,
      controls: ['flush', 'end'],
    });
  });

  it('goes in pieces of 50 ms to a second; a shorter rest waits, and is filled with silence at the end', async () => {
    const { fake, stream } = await open();
    speak(stream, 140);
    stream.flush();
    speak(stream, 20);
    stream.write(new Uint8Array(8 * 2110).fill(1));
    stream.end();
    expect((await readAll(stream)).error).toBeUndefined();
    const [flush, end] = ['{"type":"ForceEndpoint"}', '{"type":"Terminate"}'];
    expect(piecesOf(fake)).toEqual([50, 50, flush, 50, 1000, 1000, 100, 50, end]);
    const audio = Buffer.from(fake.sessions[0]?.heard.audio() ?? []);
    const silence = (ms: number) => Buffer.alloc(8 * ms, 0xff);
    expect(audio).toEqual(Buffer.concat([silence(160), Buffer.alloc(8 * 2110, 1), silence(30)]));
  });

  it('answers a flush also when AssemblyAI has nothing to say', async () => {
    const clock = createVirtualClock();
    const { fake, stream } = await open({}, { clock });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    speak(stream, 100);
    stream.flush();
    await fake.until(() => fake.sessions[0]?.heard.controls.length === 1);
    const answer = iterator.next();
    await clock.advance(1000);
    expect(await answer).toEqual({ done: false, value: { type: 'flushed', settledMs: 0 } });
  });

  it('waits for Begin', async () => {
    const { fake, stream } = await open({}, {}, (started) => started.misbehave({ type: 'mute' }));
    speak(stream, 100);
    await fake.until(() => fake.sessions.length === 1);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(fake.sessions[0]?.received).toEqual([]);
  });
});

describe('a failure', () => {
  it.each([
    ['401', { type: 'refuse', status: 401 } as const, { class: 'auth', status: 401 }],
    [
      '429',
      { type: 'refuse', status: 429, retryAfterMs: 3000 } as const,
      { class: 'rate_limit', status: 429, retryAfterMs: 3000 },
    ],
    [
      'a clean close in mid-stream',
      { type: 'close', code: 1000, afterEvents: 1 } as const,
      { class: 'unavailable' },
    ],
    ['an end without Termination', { type: 'early-end' } as const, { class: 'unavailable' }],
    ['garbage', { type: 'garbage', afterEvents: 1 } as const, { class: 'protocol' }],
    [
      'an empty account',
      { type: 'close-on-open', code: 1008, reason: 'Unauthorized Connection: Insufficient funds' } as const,
      { class: 'quota', status: 1008 },
    ],
    [
      'one session too many',
      { type: 'close-on-open', code: 1008, reason: 'Unauthorized Connection: Too many sessions' } as const,
      { class: 'rate_limit', status: 1008 },
    ],
    [
      'an error of theirs',
      { type: 'close-on-open', code: 3005 } as const,
      { class: 'unavailable', status: 3005 },
    ],
    [
      'the end of the session',
      { type: 'close-on-open', code: 3008 } as const,
      { class: 'unavailable', status: 3008 },
    ],
    ['idleness', { type: 'close-on-open', code: 4031 } as const, { class: 'idle', status: 4031 }],
  ])('is %s', async (_what, misbehaviour, expected) => {
    const { fake, stream } = await open({}, {}, (started) => started.misbehave(misbehaviour));
    speak(stream, 3000);
    stream.end();
    const { error } = await readAll(stream);
    expect(error).toMatchObject({ provider: 'assemblyai', stage: 'stt', ...expected });
    expect(String(error)).not.toContain(fake.apiKey);
    expect(String(error)).not.toContain('Unauthorized');
    expect(fake.requests).toHaveLength(1);
  });

  it('is a message of an error, before the close that follows', async () => {
    const { fake, stream } = await open();
    await fake.until(() => fake.sessions.length === 1);
    const error = 'Audio Transmission Rate Exceeded: Received 9 sec. audio in 2 sec';
    fake.sessions[0]?.send(JSON.stringify({ type: 'Error', error_code: 3007, error }));
    expect((await readAll(stream)).error).toMatchObject({ class: 'invalid_request', status: 3007 });
  });

  it('is a wrong key, which is told on the socket', async () => {
    const { stream } = await open({ apiKey: 'another' });
    expect((await readAll(stream)).error).toMatchObject({ class: 'auth', status: 1008 });
  });
});

describe('what cannot be', () => {
  const request = { format, isSpeech: () => false, signal: new AbortController().signal };

  it.each([
    ['a missing key', () => createAssemblyAiStt({ apiKey: ' ' })],
    ['an unknown option', () => createAssemblyAiStt({ apiKey: 'k', modle: 'u3' } as AssemblyAiSttOptions)],
    ['an address that is none', () => createAssemblyAiStt({ apiKey: 'k', baseUrl: 'ftp://example.com' })],
    [
      'a parameter of ours',
      () => createAssemblyAiStt({ apiKey: 'k', parameters: { inactivity_timeout: 30 } }),
    ],
    [
      'A-law',
      () =>
        createAssemblyAiStt({ apiKey: 'k' }).open({ ...request, format: { ...format, encoding: 'alaw' } }),
    ],
    [
      'a language the model does not understand',
      () =>
        createAssemblyAiStt({ apiKey: 'k', model: 'universal-streaming-english' }).open({
          ...request,
          language: 'de',
        }),
    ],
    [
      'one of the options',
      () => createAssemblyAiStt({ apiKey: 'k', model: 'u3-rt-pro', language: 'tlh' }).open(request),
    ],
  ])('%s is told before anything connects', (_what, attempt) => {
    expect(attempt).toThrow(ConfigError);
  });
});
