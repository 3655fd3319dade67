// The contract of a session over lines that do whatever a test wants.
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { SpeakOptions, TtsRequest, TtsSession, TtsUtterance } from '../spec/tts.js';
import { openTtsSession, type TtsLineStatus, type TtsSessionOptions } from './tts-session.js';
import type { TtsFeed } from './tts-utterance.js';

interface Opened {
  readonly session: TtsSession;
  /** One for each line, in the order they were opened. */
  readonly lines: readonly TtsLineStatus[];
  /** One for each utterance that had something to say. */
  readonly feeds: readonly TtsFeed[];
  /** What lines were told, each with its number. */
  readonly calls: readonly string[];
  readonly controller: AbortController;
}

function open(options: Partial<TtsSessionOptions> = {}, request: Partial<TtsRequest> = {}): Opened {
  const calls: string[] = [];
  const feeds: TtsFeed[] = [];
  const lines: TtsLineStatus[] = [];
  const controller = new AbortController();
  const session = openTtsSession({
    provider: 'acme',
    request: {
      format: { encoding: 'pcm_s16le', sampleRate: 8000, channels: 1 },
      voice: 'anna',
      signal: controller.signal,
      ...request,
    },
    concurrentUtterances: 2,
    start: (status, { voice, language }) => {
      const id = lines.push(status);
      calls.push(`${id} opens ${voice ?? '-'} ${language ?? '-'}`);
      return {
        speak: (feed) => {
          feeds.push(feed);
          return {
            write: (text) => calls.push(`${id} write ${text}`),
            flush: () => undefined,
            end: () => undefined,
            close: () => calls.push(`${id} releases`),
          };
        },
        close: () => calls.push(`${id} closes`),
        pause: () => calls.push(`${id} pauses`),
        resume: () => calls.push(`${id} resumes`),
      };
    },
    ...options,
  });
  return { session, lines, feeds, calls, controller };
}

const speakOptions = (options: Partial<SpeakOptions> = {}): SpeakOptions => ({
  bufferedMs: () => 0,
  signal: new AbortController().signal,
  ...options,
});

async function errorOf(utterance: TtsUtterance): Promise<unknown> {
  try {
    for await (const event of utterance) expect(event).toBeDefined();
  } catch (error) {
    return error;
  }
  return undefined;
}

const broken = new ProviderError({ class: 'unavailable', provider: 'acme', stage: 'tts', message: 'gone' });
const full = expect.objectContaining({ class: 'capacity', code: 'provider.capacity' }) as Error;

describe('places', () => {
  it('are as many as declared, and free again when an utterance is over, however', async () => {
    const { session, feeds } = open();
    const controller = new AbortController();
    session.speak(speakOptions({ signal: controller.signal }));
    const second = session.speak(speakOptions());
    expect(() => session.speak(speakOptions())).toThrow(full);
    controller.abort();
    session.speak(speakOptions());
    expect(() => session.speak(speakOptions())).toThrow(full);
    second.write('Hello');
    second.end();
    feeds[0]?.audio(new Uint8Array(2));
    feeds[0]?.finish();
    expect(await errorOf(second)).toBeUndefined();
    const third = session.speak(speakOptions());
    await third[Symbol.asyncIterator]().return?.();
    session.speak(speakOptions());
  });

  it('are not taken by an utterance whose signal was aborted before', () => {
    const { session } = open({ concurrentUtterances: 1 });
    session.speak(speakOptions({ signal: AbortSignal.abort() }));
    session.speak(speakOptions());
  });
});

describe('lines', () => {
  it('carry every voice where they can', () => {
    const { session, calls } = open();
    session.speak(speakOptions()).write('Hello ');
    session.speak(speakOptions({ voice: 'ben', language: 'de' })).write('Hallo ');
    expect(calls).toEqual(['1 opens anna -', '1 write Hello ', '1 write Hallo ']);
  });

  it('with one voice are opened for others when they speak, and kept', () => {
    const { session, calls } = open({ oneVoicePerLine: true, concurrentUtterances: 9 });
    session.speak(speakOptions()).write('Hello ');
    const ben = session.speak(speakOptions({ voice: 'ben' }));
    expect(calls).toHaveLength(2);
    ben.write('Hi ');
    session.speak(speakOptions({ voice: 'ben' })).write('Bye ');
    session.speak(speakOptions({ language: 'de' })).write('Hallo ');
    session.close();
    expect(calls.filter((call) => !call.endsWith('releases'))).toEqual([
      '1 opens anna -',
      '1 write Hello ',
      '2 opens ben -',
      '2 write Hi ',
      '2 write Bye ',
      '3 opens anna de',
      '3 write Hallo ',
      '1 closes',
      '2 closes',
      '3 closes',
    ]);
  });

  it('that fail take their own utterances with them, and are opened anew', async () => {
    const { session, lines, calls } = open({ oneVoicePerLine: true, concurrentUtterances: 9 });
    const anna = session.speak(speakOptions());
    anna.write('Hello ');
    const ben = session.speak(speakOptions({ voice: 'ben' }));
    ben.write('Hi ');
    lines[1]?.closed(broken);
    expect(await errorOf(ben)).toBe(broken);
    session.speak(speakOptions({ voice: 'ben' })).write('Again ');
    anna.write('there ');
    expect(calls.slice(4)).toEqual(['2 releases', '3 opens ben -', '3 write Again ', '1 write there ']);
  });

  it('that fail while they begin are not kept', async () => {
    let begun = 0;
    const { session } = open({
      oneVoicePerLine: true,
      start: (status) => {
        begun += 1;
        if (begun === 2) status.closed(broken);
        return {
          speak: (feed) => {
            feed.fail(
              begun === 2
                ? broken
                : new ProviderError({ class: 'quota', provider: 'acme', stage: 'tts', message: '' }),
            );
            return {
              write: () => undefined,
              flush: () => undefined,
              end: () => undefined,
              close: () => undefined,
            };
          },
          close: () => undefined,
        };
      },
    });
    const first = session.speak(speakOptions({ voice: 'ben' }));
    first.write('Hi ');
    expect(await errorOf(first)).toBe(broken);
    const second = session.speak(speakOptions({ voice: 'ben' }));
    second.write('Again ');
    expect(await errorOf(second)).toMatchObject({ class: 'quota' });
  });

  it('are slowed down while any reader is behind', async () => {
    const { session, feeds, calls } = open();
    const controller = new AbortController();
    const first = session.speak(speakOptions());
    const second = session.speak(speakOptions({ signal: controller.signal }));
    first.write('Hello ');
    second.write('Bye ');
    for (const feed of feeds) for (let index = 0; index < 300; index += 1) feed.audio(new Uint8Array(2));
    expect(calls.slice(3)).toEqual(['1 pauses']);
    const iterator = first[Symbol.asyncIterator]();
    for (let read = 0; read < 300; read += 1) await iterator.next();
    expect(calls.slice(3)).toEqual(['1 pauses']);
    controller.abort();
    expect(calls.slice(3)).toEqual(['1 pauses', '1 releases', '1 resumes']);
  });
});

describe('a session', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('is ready when its first line is', async () => {
    const { session, lines } = open();
    lines[0]?.ready();
    await session.ready;
  });

  it('over because its first line failed says so everywhere, once', async () => {
    const { session, lines, calls, controller } = open();
    const utterance = session.speak(speakOptions());
    const silent = session.speak(speakOptions());
    utterance.write('Hello ');
    lines[0]?.closed(broken);
    lines[0]?.closed(
      new ProviderError({ class: 'timeout', provider: 'acme', stage: 'tts', message: 'late' }),
    );
    session.close();
    expect(await session.closed).toBe(broken);
    await expect(session.ready).rejects.toBe(broken);
    expect(await errorOf(utterance)).toBe(broken);
    expect(await errorOf(silent)).toBe(broken);
    expect(await errorOf(session.speak(speakOptions()))).toBe(broken);
    expect(calls).toEqual(['1 opens anna -', '1 write Hello ', '1 releases']);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('closed by us is over without an error', async () => {
    const { session, calls, lines, controller } = open();
    const utterance = session.speak(speakOptions());
    session.close();
    session.close();
    lines[0]?.closed(undefined);
    expect(await session.closed).toBeUndefined();
    expect(await errorOf(utterance)).toMatchObject({ class: 'aborted' });
    expect(calls).toEqual(['1 opens anna -', '1 closes']);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('aborted is over with the reason of its signal', async () => {
    const { session, controller, calls } = open();
    const utterance = session.speak(speakOptions());
    controller.abort('hung up');
    expect(await session.closed).toBeUndefined();
    expect(await errorOf(utterance)).toBe('hung up');
    await expect(session.ready).rejects.toBe('hung up');
    expect(calls).toEqual(['1 opens anna -', '1 closes']);
  });

  it('aborted before it began begins nothing', async () => {
    const { session, calls } = open({}, { signal: AbortSignal.abort('too late') });
    expect(await session.closed).toBeUndefined();
    expect(await errorOf(session.speak(speakOptions()))).toBe('too late');
    expect(calls).toEqual([]);
  });

  it('whose line fails while it begins keeps no listener', async () => {
    const { session, controller } = open({
      start: (status) => {
        status.closed(broken);
        return { speak: () => expect.fail(), close: () => expect.fail() };
      },
    });
    expect(await session.closed).toBe(broken);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});
