// The adapter over real sockets against its fake: what is Cartesia's own; what every adapter must do is in the suite.
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
  startTtsFake,
  type TtsDialect,
  type TtsFake,
} from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { cartesiaDialect } from '../src/fake.js';
import { createCartesiaTts, type CartesiaTtsOptions } from '../src/index.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

interface Setup {
  readonly options?: CartesiaTtsOptions;
  readonly request?: Partial<TtsRequest>;
  readonly dialect?: Partial<TtsDialect>;
}

interface Connected {
  readonly fake: TtsFake;
  readonly session: TtsSession;
}

async function connect({ options, request, dialect }: Setup = {}): Promise<Connected> {
  const fake = await startTtsFake({ ...cartesiaDialect, ...dialect });
  const controller = new AbortController();
  cleanUps.push(() => controller.abort(), fake.close);
  const adapter = createCartesiaTts({ apiKey: fake.apiKey, baseUrl: fake.url, ...options });
  return { fake, session: adapter.connect({ format, signal: controller.signal, ...request }) };
}

function speak(session: TtsSession, text: string, options: Partial<SpeakOptions> = {}): TtsUtterance {
  const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal, ...options });
  utterance.write(text);
  return utterance;
}

/** What an utterance says, read when asked for. */
function listen(utterance: TtsUtterance) {
  const iterator = utterance[Symbol.asyncIterator]();
  const events: TtsEvent[] = [];
  const audio = (): Uint8Array =>
    Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])));
  const spoken = () => readWords(audio(), format);
  /** Until this was spoken, or, without it, until the end. */
  async function hear(text?: string): Promise<string> {
    const isHeard = (): boolean => text !== undefined && said() === text;
    while (!isHeard()) {
      const { done, value } = await iterator.next();
      if (done === true) break;
      events.push(value);
    }
    return said();
  }
  const said = (): string =>
    spoken()
      .map((word) => word.text)
      .join(' ');
  const words = () => events.flatMap((event) => (event.type === 'words' ? event.words : []));
  return { hear, spoken, words };
}

function hear(utterance: TtsUtterance): Promise<string> {
  utterance.end();
  return listen(utterance).hear();
}

interface Sent {
  readonly context_id: string;
  readonly transcript?: string;
  readonly continue?: boolean;
  readonly flush?: boolean;
  readonly cancel?: boolean;
}

const sentTo = (fake: TtsFake): readonly Sent[] =>
  (fake.sessions[0]?.received ?? []).map(({ data }) => JSON.parse(String(data)) as Sent);

/** Contexts by the order in which they came, with what each was told. */
function toldTo(fake: TtsFake): readonly (readonly [number, string])[] {
  const ids = [...new Set(sentTo(fake).map(({ context_id: id }) => id))];
  return sentTo(fake).map((message) => {
    const { context_id: id, transcript = '', continue: hasMore, flush, cancel } = message;
    const what = cancel
      ? 'cancel'
      : flush
        ? 'flush'
        : transcript === '' && hasMore === false
          ? 'end'
          : transcript;
    return [ids.indexOf(id), what];
  });
}

function say(fake: TtsFake, message: object): void {
  fake.sessions[0]?.send(JSON.stringify(message));
}

const done = (context: string | undefined) => ({
  type: 'done',
  context_id: context,
  status_code: 200,
  done: true,
});

describe('a context', () => {
  it('is told its text piece by piece, each time with all that was set', async () => {
    const { fake, session } = await connect({
      options: {
        model: 'sonic-3',
        voice: 'voice-a',
        language: 'en-GB',
        maxBufferDelayMs: 0,
        generationConfig: { speed: 1.1 },
        parameters: { pronunciation_dict_id: 'names' },
      },
    });
    const utterance = speak(session, 'Hello there, ');
    utterance.flush();
    utterance.write('how can I help?');
    expect(await hear(utterance)).toBe('hello there how can i help');
    const inputs = [
      { transcript: 'Hello there, ', continue: true },
      { transcript: '', continue: true, flush: true },
      { transcript: 'how can I ', continue: true },
      { transcript: 'help?', continue: true },
      { transcript: '', continue: false },
    ];
    const context = sentTo(fake)[0]?.context_id;
    expect(sentTo(fake)).toEqual(
      inputs.map((input) => ({
        context_id: context,
        model_id: 'sonic-3',
        voice: { mode: 'id', id: 'voice-a' },
        language: 'en',
        output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 },
        max_buffer_delay_ms: 0,
        generation_config: { speed: 1.1 },
        pronunciation_dict_id: 'names',
        add_timestamps: true,
        use_normalized_timestamps: false,
        ...input,
      })),
    );
  });

  it('is one for each utterance, over one socket', async () => {
    const { fake, session } = await connect();
    const both = [hear(speak(session, 'one')), hear(speak(session, 'two', { voice: 'voice-b' }))];
    expect(await Promise.all(both)).toEqual(['one', 'two']);
    expect(await hear(speak(session, 'three'))).toBe('three');
    expect(fake.sessions).toHaveLength(1);
    const ids = fake.sessions[0]?.heard.utterances.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('is cancelled when it is interrupted, and only while it speaks', async () => {
    const { fake, session } = await connect();
    const controller = new AbortController();
    const cut = listen(speak(session, 'One two three four ', { signal: controller.signal }));
    await fake.until(() => sentTo(fake).length === 1);
    controller.abort(new Error('barge-in'));
    expect(await hear(speak(session, 'Sorry?'))).toBe('sorry');
    await expect(cut.hear()).rejects.toThrow('barge-in');
    expect(toldTo(fake)).toEqual([
      [0, 'One two three four '],
      [0, 'cancel'],
      [1, 'Sorry?'],
      [1, 'end'],
    ]);
    fake.sessions[0]?.closeIdle();
    expect(await session.closed).toMatchObject({ class: 'idle' });
  });

  it('says nothing more once it was cancelled, not even that it is over', async () => {
    const { fake, session } = await connect();
    const controller = new AbortController();
    speak(session, 'One two ', { signal: controller.signal });
    await fake.until(() => sentTo(fake).length === 1);
    controller.abort();
    const context = sentTo(fake)[0]?.context_id;
    const next = speak(session, 'Sorry?');
    say(fake, { type: 'chunk', context_id: context, data: Buffer.alloc(800).toString('base64') });
    say(fake, { type: 'error', context_id: context, status_code: 500 });
    say(fake, done(context));
    expect(await hear(next)).toBe('sorry');
  });
});

describe('a pause in the text', () => {
  const first = 'Hello there. ';

  /** What was on its way before another utterance is here after it. */
  const passMessages = (session: TtsSession): Promise<string> => hear(speak(session, 'meanwhile'));

  /** An utterance whose first words were spoken, and then nothing came for so long. */
  async function pause(ms: number) {
    const clock = createVirtualClock();
    const { fake, session } = await connect({ request: { clock } });
    const utterance = speak(session, first);
    utterance.flush();
    const heard = listen(utterance);
    await heard.hear('hello there');
    await passMessages(session);
    await clock.advance(ms);
    return { fake, session, utterance, heard };
  }

  it('that is short goes unnoticed', async () => {
    const { fake, utterance, heard } = await pause(400);
    utterance.write('Goodbye now.');
    utterance.end();
    expect(await heard.hear()).toBe('hello there goodbye now');
    expect(toldTo(fake).slice(-3)).toEqual([
      [0, 'Goodbye '],
      [0, 'now.'],
      [0, 'end'],
    ]);
  });

  it('counts from the last text or the last sound, whichever came later', async () => {
    const clock = createVirtualClock();
    const { fake, session } = await connect({ request: { clock } });
    const utterance = speak(session, 'Hello ');
    const heard = listen(utterance);
    for (const text of ['there, ', 'my friend. ']) {
      await clock.advance(400);
      utterance.write(text);
    }
    await clock.advance(400);
    utterance.flush();
    await heard.hear('hello there my friend');
    await clock.advance(400);
    utterance.write('Goodbye.');
    utterance.end();
    expect(await heard.hear()).toBe('hello there my friend goodbye');
    expect(new Set(toldTo(fake).map(([context]) => context)).size).toBe(1);
  });

  it('ends the context before it expires; what follows is spoken after it, in one of its own', async () => {
    const { fake, utterance, heard } = await pause(500);
    utterance.write('Goodbye now. ');
    utterance.flush();
    utterance.write('Really.');
    utterance.end();
    expect(await heard.hear()).toBe('hello there goodbye now really');
    expect(toldTo(fake)).toEqual([
      [0, first],
      [0, 'flush'],
      [1, 'meanwhile'],
      [1, 'end'],
      [0, 'end'],
      [2, 'Goodbye now. '],
      [2, 'flush'],
      [2, 'Really.'],
      [2, 'end'],
    ]);
    expect(heard.words()).toHaveLength(5);
    const starts = heard.words().map(({ startMs }) => startMs);
    expect(starts).toEqual(heard.spoken().map(({ startMs }) => startMs));
    const text = `${first}Goodbye now. Really.`;
    expect(heard.words().map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual(
      text.split(' '),
    );
  });

  it('in which the context expires is no failure', async () => {
    const { fake, session, utterance, heard } = await pause(1000);
    say(fake, done(sentTo(fake)[0]?.context_id));
    await passMessages(session);
    utterance.write('Goodbye.');
    utterance.end();
    expect(await heard.hear()).toBe('hello there goodbye');
    expect(toldTo(fake).slice(-2)).toEqual([
      [3, 'Goodbye.'],
      [3, 'end'],
    ]);
    expect(heard.words().map(({ startMs }) => startMs)).toEqual(heard.spoken().map(({ startMs }) => startMs));
  });

  it('in which the context expires may be the last of the utterance', async () => {
    const { fake, session, utterance, heard } = await pause(1000);
    say(fake, done(sentTo(fake)[0]?.context_id));
    await passMessages(session);
    const before = sentTo(fake).length;
    utterance.flush();
    utterance.end();
    expect(await heard.hear()).toBe('hello there');
    session.close();
    await fake.until(() => fake.sessions[0]?.ended !== undefined);
    expect(sentTo(fake)).toHaveLength(before);
  });

  it('is cut short together with what waits for its turn', async () => {
    const { fake, session, utterance, heard } = await pause(500);
    fake.sessions[0]?.misbehave({ type: 'stall' });
    utterance.write('Goodbye now. ');
    session.close();
    await expect(heard.hear()).rejects.toMatchObject({ class: 'aborted' });
    await fake.until(() => fake.sessions[0]?.ended !== undefined);
    expect(toldTo(fake).slice(-2)).toEqual([
      [0, 'end'],
      [0, 'cancel'],
    ]);
  });
});

describe('a failure', () => {
  it('is a context that is done right after it was given text', async () => {
    const { fake, session } = await connect({ request: { clock: createVirtualClock() } });
    const heard = listen(speak(session, 'Hello there, '));
    await fake.until(() => sentTo(fake).length === 1);
    say(fake, done(sentTo(fake)[0]?.context_id));
    await expect(heard.hear()).rejects.toMatchObject({ class: 'protocol', code: 'provider.protocol' });
  });

  it('of a context ends its utterance and no other', async () => {
    const { fake, session } = await connect({ dialect: { concurrentUtterances: 1 } });
    const first = speak(session, 'One ');
    await fake.until(() => sentTo(fake).length === 1);
    await expect(hear(speak(session, 'two'))).rejects.toMatchObject({
      class: 'rate_limit',
      status: 429,
      message: 'cartesia could not speak (429, concurrency_limited).',
    });
    expect(await hear(first)).toBe('one');
    expect(toldTo(fake).map(([, what]) => what)).not.toContain('cancel');
  });

  it('of no context ends the session', async () => {
    const { fake, session } = await connect();
    const heard = listen(speak(session, 'One '));
    await fake.until(() => sentTo(fake).length === 1);
    say(fake, { type: 'error', done: true, status_code: 402, error_code: null, title: 'x', message: 'x' });
    await expect(heard.hear()).rejects.toMatchObject({ class: 'quota' });
    expect(await session.closed).toMatchObject({ class: 'quota', status: 402 });
  });

  it('that refuses the connection has the code in its message, and none of the prose', async () => {
    const { fake, session } = await connect({ options: { apiKey: 'wrong-key' } });
    await expect(session.ready).rejects.toMatchObject({
      class: 'auth',
      message: 'cartesia refused the connection (HTTP 401, unauthorized).',
    });
    expect(fake.sessions).toHaveLength(0);
  });

  it('counts for nobody when the server closes because nothing was said', async () => {
    const { fake, session } = await connect();
    await session.ready;
    await fake.until(() => fake.sessions.length === 1);
    fake.sessions[0]?.closeIdle();
    expect(await session.closed).toMatchObject({ class: 'idle', status: 1000 });
  });
});

it.each([
  ['a missing key', () => createCartesiaTts({ apiKey: '' })],
  ['an unknown option', () => createCartesiaTts({ apiKey: 'k', vioce: 'x' } as CartesiaTtsOptions)],
  ['a delay Cartesia does not know', () => createCartesiaTts({ apiKey: 'k', maxBufferDelayMs: 6000 })],
  [
    'A-law at another rate',
    () =>
      createCartesiaTts({ apiKey: 'k' }).connect({
        format: { encoding: 'alaw', sampleRate: 16_000, channels: 1 },
        signal: new AbortController().signal,
      }),
  ],
])('%s is told before anything connects', (_what, attempt) => {
  expect(attempt).toThrow(ConfigError);
});
