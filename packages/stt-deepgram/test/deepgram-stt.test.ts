// The adapter over real sockets against its fakes: what is Deepgram's own; what every adapter must do is in the suite.
import { ConfigError, type SttEvent, type SttRequest, type SttStream } from '@voicewire/core/adapter';
import { createVirtualClock, type SttFake, type SttFakeOptions } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startDeepgramFake, startDeepgramFluxFake } from '../src/fake.js';
import { createDeepgramStt, type DeepgramSttOptions } from '../src/index.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

interface Opened {
  readonly fake: SttFake;
  readonly stream: SttStream;
}

async function open(
  options: DeepgramSttOptions = {},
  request: Partial<SttRequest> = {},
  fakeOptions: SttFakeOptions = {},
): Promise<Opened> {
  const isFlux = options.model?.startsWith('flux') ?? false;
  const fake = await (isFlux ? startDeepgramFluxFake(fakeOptions) : startDeepgramFake(fakeOptions));
  const controller = new AbortController();
  cleanUps.push(() => controller.abort(), fake.close);
  const adapter = createDeepgramStt({ apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  const stream = adapter.open({
    format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    isSpeech: () => false,
    signal: controller.signal,
    ...request,
  });
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

const textsOf = (events: readonly SttEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'final' ? [event.text] : []));

describe('live speech', () => {
  it('comes as finals that settle everything, and returns after Metadata', async () => {
    const { fake, stream } = await open({}, { keyterms: ['Acme'], diarize: true, language: 'en-GB' });
    speak(stream, 5000);
    stream.write(new Uint8Array(0));
    stream.flush();
    speak(stream, 1000);
    stream.end();
    const { events, error } = await readAll(stream);
    expect(error).toBeUndefined();
    expect(events[0]).toEqual({ type: 'ready' });
    expect(textsOf(events)).toEqual(['hello there', 'where is my order', 'thank you', '', '']);
    expect(events).toContainEqual({ type: 'flushed', settledMs: 5000 });
    const settled = events.flatMap((event) => (event.type === 'final' ? [event.settledMs] : []));
    expect(settled).toEqual([1020, 2980, 4820, 5000, 6000]);
    const turns = events.filter(({ type }) => type === 'speech-start' || type === 'speech-end');
    expect(turns.map(({ type }) => type)).toEqual(
      turns.map((_, index) => (index % 2 === 0 ? 'speech-start' : 'speech-end')),
    );
    expect(fake.sessions[0]?.heard).toMatchObject({
      asked: { language: 'en-GB', keyterms: ['Acme'], diarize: true },
      audioMs: 6000,
      emptyAudio: 0,
      controls: ['flush', 'end'],
    });
  });

  it('is kept alive while nothing is said', async () => {
    const clock = createVirtualClock();
    const { fake, stream } = await open({}, { clock });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await clock.advance(9000);
    await fake.until(() => fake.sessions[0]?.heard.controls.length === 2);
    expect(fake.sessions[0]?.heard.controls).toEqual(['keep-alive', 'keep-alive']);
  });

  it('answers a flush also when Deepgram does not', async () => {
    const clock = createVirtualClock();
    const { fake, stream } = await open({}, { clock });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await fake.until(() => fake.sessions.length === 1);
    fake.sessions[0]?.misbehave({ type: 'stall' });
    stream.flush();
    await fake.until(() => fake.sessions[0]?.heard.controls.length === 1);
    const answer = iterator.next();
    await clock.advance(1000);
    expect(await answer).toEqual({ done: false, value: { type: 'flushed', settledMs: 0 } });
  });

  it('waits for Flux to say that it is there', async () => {
    const fake = await startDeepgramFluxFake();
    cleanUps.push(fake.close);
    fake.misbehave({ type: 'mute' });
    const controller = new AbortController();
    const adapter = createDeepgramStt({ apiKey: fake.apiKey, baseUrl: fake.url, model: 'flux-general-en' });
    const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
    const stream = adapter.open({ format, isSpeech: () => false, signal: controller.signal });
    speak(stream, 100);
    await fake.until(() => fake.sessions.length === 1);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(fake.sessions[0]?.received).toEqual([]);
    controller.abort(new Error('enough'));
    expect(await readAll(stream)).toEqual({ events: [], error: new Error('enough') });
  });

  it('tells turns with Flux, and says at the end what Deepgram leaves open', async () => {
    const { stream } = await open(
      { model: 'flux-general-en', parameters: { eager_eot_threshold: 0.5 } },
      {},
      { eagerPauseMs: 150 },
    );
    speak(stream, 4540);
    stream.end();
    const { events, error } = await readAll(stream);
    expect(error).toBeUndefined();
    expect(events[0]).toEqual({ type: 'ready' });
    expect(textsOf(events)).toEqual(['hello there', 'where is my order', 'thank you']);
    const ends = events.flatMap((event) => (event.type === 'turn-end' ? [event.eager] : []));
    expect(ends).toEqual([true, false, true, false]);
  });
});

describe('a failure', () => {
  it.each([
    ['401', { type: 'refuse', status: 401 } as const, { class: 'auth', status: 401 }],
    ['402', { type: 'refuse', status: 402 } as const, { class: 'quota', status: 402 }],
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
    ['an end without Metadata', { type: 'early-end' } as const, { class: 'unavailable' }],
    ['garbage', { type: 'garbage', afterEvents: 1 } as const, { class: 'protocol' }],
  ])('is %s', async (_what, misbehaviour, expected) => {
    const fake = await startDeepgramFake();
    cleanUps.push(fake.close);
    fake.misbehave(misbehaviour);
    const stream = createDeepgramStt({ apiKey: fake.apiKey, baseUrl: fake.wsUrl }).open({
      format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
      isSpeech: () => false,
      signal: new AbortController().signal,
    });
    speak(stream, 3000);
    stream.end();
    const { error } = await readAll(stream);
    expect(error).toMatchObject({ provider: 'deepgram', stage: 'stt', ...expected });
    expect(String(error)).not.toContain(fake.apiKey);
  });

  it('of nobody is the close after ten seconds without a message', async () => {
    const { stream } = await open({}, { clock: createVirtualClock() }, { idleMs: 20 });
    expect((await readAll(stream)).error).toMatchObject({ class: 'idle', status: 1011 });
  });

  it('of Flux is a close before the end, even with the code it ends with', async () => {
    const { fake, stream } = await open({ model: 'flux-general-en' });
    await fake.until(() => fake.sessions.length === 1);
    fake.sessions[0]?.misbehave({ type: 'close', code: 1000, afterEvents: 2 });
    speak(stream, 3000);
    expect((await readAll(stream)).error).toMatchObject({ class: 'unavailable', status: 1000 });
  });
});

describe('what cannot be', () => {
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const request = { format, isSpeech: () => false, signal: new AbortController().signal };

  it.each([
    ['a missing key', () => createDeepgramStt({ apiKey: ' ' })],
    ['an unknown option', () => createDeepgramStt({ apiKey: 'k', modle: 'nova-3' } as DeepgramSttOptions)],
    ['an address that is none', () => createDeepgramStt({ apiKey: 'k', baseUrl: 'ftp://example.com' })],
    [
      'stereo',
      () => createDeepgramStt({ apiKey: 'k' }).open({ ...request, format: { ...format, channels: 2 } }),
    ],
    [
      'telling speakers apart with Flux',
      () => createDeepgramStt({ apiKey: 'k', model: 'flux-general-en' }).open({ ...request, diarize: true }),
    ],
  ])('%s is told before anything connects', (_what, attempt) => {
    expect(attempt).toThrow(ConfigError);
  });

  it('is a recording for Flux', () => {
    expect(createDeepgramStt({ apiKey: 'k', model: 'flux-general-en' }).transcribe).toBeUndefined();
  });
});
