// The adapter over real sockets against its fake: what is ElevenLabs' own; what every adapter must do is in the suite.
import {
  ConfigError,
  type SpeakOptions,
  type TtsEvent,
  type TtsRequest,
  type TtsSession,
  type TtsUtterance,
} from '@voicewire/core/adapter';
import {
  createVirtualClock,
  readWords,
  type TtsFake,
  type TtsFakeOptions,
  type VirtualClock,
} from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startElevenLabsFake } from '../src/fake.js';
import { createElevenLabsTts, type ElevenLabsTtsOptions } from '../src/index.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

interface Connected {
  readonly fake: TtsFake;
  readonly session: TtsSession;
  connect(): TtsSession;
}

async function connect(
  options: ElevenLabsTtsOptions = {},
  request: Partial<TtsRequest> = {},
  fakeOptions: TtsFakeOptions = {},
): Promise<Connected> {
  const fake = await startElevenLabsFake(fakeOptions);
  const controller = new AbortController();
  cleanUps.push(() => controller.abort(), fake.close);
  const adapter = createElevenLabsTts({ apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  const open = (): TtsSession => adapter.connect({ format, signal: controller.signal, ...request });
  return { fake, session: open(), connect: open };
}

function speak(session: TtsSession, text: string, options: Partial<SpeakOptions> = {}): TtsUtterance {
  const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal, ...options });
  utterance.write(text);
  return utterance;
}

async function hear(utterance: TtsUtterance): Promise<string> {
  utterance.end();
  const events: TtsEvent[] = [];
  for await (const event of utterance) events.push(event);
  const audio = Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])));
  return readWords(audio, format)
    .map(({ text }) => text)
    .join(' ');
}

const framesOf = (fake: TtsFake): readonly Record<string, unknown>[] =>
  (fake.sessions[0]?.received ?? []).map(({ data }) => JSON.parse(String(data)) as Record<string, unknown>);

/** Virtual time, with real time for the socket to answer pings. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 2500) {
    await clock.advance(2500);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('over its socket', () => {
  it('keeps a context alive while its text is waited for, and no longer', async () => {
    const clock = createVirtualClock();
    const { fake, session } = await connect({}, { clock });
    await session.ready;
    await pass(clock, 40_000);
    const utterance = speak(session, 'One moment ');
    await fake.until(() => framesOf(fake).length === 2);
    expect(framesOf(fake).map(({ text }) => text)).toEqual([' ', 'One moment ']);
    await pass(clock, 15_000);
    await fake.until(() => framesOf(fake).length === 3);
    expect(framesOf(fake).at(-1)).toEqual({ context_id: 'utterance-1', text: '' });
    expect(await hear(utterance)).toBe('one moment');
    const before = framesOf(fake).length;
    await pass(clock, 60_000);
    expect(await hear(speak(session, 'Hello'))).toBe('hello');
    expect(
      framesOf(fake)
        .slice(before)
        .filter(({ text }) => text === ''),
    ).toEqual([]);
  });

  it('never opens more contexts than the server holds, however often it is interrupted', async () => {
    const { fake, session } = await connect({}, {}, { latePieces: 8 });
    for (let turn = 0; turn < 30; turn += 1) {
      const controller = new AbortController();
      speak(session, 'a long story that nobody wants to hear to its end. ', {
        signal: controller.signal,
      }).flush();
      if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
    }
    expect(await hear(speak(session, 'Sorry?'))).toBe('sorry');
    expect(fake.sessions).toHaveLength(1);
    expect(fake.sessions[0]?.ended).toBeUndefined();
  });

  it('speaks five at once, and a sixth takes its turn after one that was cut short', async () => {
    const { session } = await connect();
    const controller = new AbortController();
    const first = speak(session, 'first ', { signal: controller.signal });
    const others = ['second', 'third', 'fourth', 'fifth'].map((text) => hear(speak(session, text)));
    first.flush();
    controller.abort();
    const sixth = hear(speak(session, 'sixth'));
    expect(await Promise.all([...others, sixth])).toEqual(['second', 'third', 'fourth', 'fifth', 'sixth']);
  });

  it('says nothing of an utterance that was cut short before it had a place', async () => {
    const { fake, session } = await connect();
    const controller = new AbortController();
    const cut = speak(session, 'first ', { signal: controller.signal });
    const others = ['second ', 'third ', 'fourth ', 'fifth '].map((text) => speak(session, text));
    await fake.until(() => framesOf(fake).length === 10);
    controller.abort();
    // Its place is taken until the server says that it is over, which nobody has heard yet.
    const next = new AbortController();
    const waiting = speak(session, 'sixth ', { signal: next.signal });
    next.abort();
    expect(await Promise.all(others.map(hear))).toEqual(['second', 'third', 'fourth', 'fifth']);
    expect(await hear(speak(session, 'seventh'))).toBe('seventh');
    expect(framesOf(fake).filter(({ context_id: id }) => id === 'utterance-6')).toEqual([]);
    for (const utterance of [cut, waiting]) await expect(hear(utterance)).rejects.toThrow('aborted');
  });

  it('does not keep alive what has ended', async () => {
    const clock = createVirtualClock();
    const { fake, session } = await connect({}, { clock });
    await session.ready;
    await fake.until(() => fake.sessions.length === 1);
    fake.sessions[0]?.misbehave({ type: 'stall' });
    for (const text of ['one', 'two', 'three', 'four', 'five']) {
      const controller = new AbortController();
      speak(session, `${text} `, { signal: controller.signal }).end();
      controller.abort();
    }
    // It waits for a place: the server has not heard of it.
    speak(session, 'six ');
    await pass(clock, 40_000);
    expect(framesOf(fake).length).toBeGreaterThan(10);
    expect(framesOf(fake).filter(({ text }) => text === '')).toEqual([]);
  });

  it('tells a word before the audio it ends in', async () => {
    const { session } = await connect();
    const utterance = speak(session, 'Incomprehensibilities notwithstanding, we go on.');
    utterance.end();
    let audioMs = 0;
    let words = 0;
    for await (const event of utterance) {
      if (event.type === 'audio') audioMs += event.audio.length / 8;
      else for (const word of event.words) expect(word.endMs).toBeGreaterThan(audioMs);
      if (event.type === 'words') words += event.words.length;
    }
    expect(words).toBe(5);
  });

  it('opens a socket of its own for another voice', async () => {
    const { fake, session } = await connect({ voice: 'voice-a' });
    const both = [
      hear(speak(session, 'one')),
      hear(speak(session, 'two', { voice: 'voice-b', language: 'de' })),
    ];
    expect(await Promise.all(both)).toEqual(['one', 'two']);
    expect(fake.sessions.map(({ heard }) => [heard.asked.voice, heard.asked.language])).toEqual([
      ['voice-a', undefined],
      ['voice-b', 'de'],
    ]);
  });

  it('is as new after it was closed for saying nothing', async () => {
    const { session, connect: connectAgain } = await connect({}, {}, { idleMs: 20 });
    expect(await session.closed).toMatchObject({ class: 'idle' });
    expect(await hear(speak(connectAgain(), 'Hello again'))).toBe('hello again');
  });

  it('fails when the server ends an utterance before its text has', async () => {
    const { fake, session } = await connect();
    const utterance = speak(session, 'Hello ');
    await fake.until(() => framesOf(fake).length === 2);
    fake.sessions[0]?.send(JSON.stringify({ isFinal: true, contextId: 'utterance-1' }));
    const read = async (): Promise<void> => {
      for await (const event of utterance) expect(event).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ class: 'protocol' });
  });
});

describe('over HTTP', () => {
  it('asks once for each utterance, with all that was set', async () => {
    const { fake, session } = await connect({
      model: 'eleven_v3',
      voice: 'voice-a',
      language: 'de-AT',
      voiceSettings: { stability: 0.5 },
      parameters: { seed: 7 },
    });
    await session.ready;
    expect(await hear(speak(session, 'Guten Tag'))).toBe('guten tag');
    const [request] = fake.requests;
    expect(request?.url.pathname).toBe('/v1/text-to-speech/voice-a/stream/with-timestamps');
    expect(JSON.parse(Buffer.from(request?.body ?? []).toString())).toEqual({
      text: 'Guten Tag',
      model_id: 'eleven_v3',
      language_code: 'de',
      voice_settings: { stability: 0.5 },
      seed: 7,
    });
    session.close();
    expect(await session.closed).toBeUndefined();
  });

  it('is chosen by option too, and does without streamed text', async () => {
    const { fake, session } = await connect({ transport: 'http' });
    expect(await hear(speak(session, 'Hello'))).toBe('hello');
    expect(fake.sessions.map(({ transport }) => transport)).toEqual(['http']);
    expect(createElevenLabsTts({ apiKey: 'k', transport: 'http' }).capabilities.textStreaming).toBe(false);
    expect(createElevenLabsTts({ apiKey: 'k', model: 'eleven_v3' }).capabilities.textStreaming).toBe(false);
    expect(createElevenLabsTts({ apiKey: 'k' }).capabilities.textStreaming).toBe(true);
  });
});

it.each([
  ['a missing key', () => createElevenLabsTts({ apiKey: '' })],
  ['an unknown option', () => createElevenLabsTts({ apiKey: 'k', vioce: 'x' } as ElevenLabsTtsOptions)],
  [
    'stereo',
    () =>
      createElevenLabsTts({ apiKey: 'k' }).connect({
        format: { ...format, channels: 2 },
        signal: new AbortController().signal,
      }),
  ],
])('%s is told before anything connects', (_what, attempt) => {
  expect(attempt).toThrow(ConfigError);
});
