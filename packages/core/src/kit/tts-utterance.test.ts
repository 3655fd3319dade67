// The contract of an utterance, with a voice that does whatever a test wants.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { TtsEvent, TtsUtterance } from '../spec/tts.js';
import { type OpenUtterance, openUtterance, type TtsFeed, type UtteranceOptions } from './tts-utterance.js';

interface Spoken {
  readonly open: OpenUtterance;
  readonly utterance: TtsUtterance;
  readonly feed: TtsFeed;
  /** What the provider was told, and what the session. */
  readonly calls: readonly string[];
  readonly controller: AbortController;
}

function speak(options: Partial<UtteranceOptions> = {}): Spoken {
  const calls: string[] = [];
  const controller = new AbortController();
  let given: TtsFeed | undefined;
  const open = openUtterance({
    provider: 'acme',
    format: { encoding: 'pcm_s16le', sampleRate: 8000, channels: 1 },
    signal: controller.signal,
    start: (feed) => {
      given = feed;
      return {
        write: (text) => calls.push(`write ${text}`),
        flush: () => calls.push('flush'),
        end: () => calls.push('end'),
        close: () => calls.push('close'),
      };
    },
    onBehind: (isBehind) => calls.push(isBehind ? 'behind' : 'caught up'),
    onOver: () => calls.push('over'),
    ...options,
  });
  return {
    open,
    utterance: open.utterance,
    feed: {
      audio: (bytes) => given?.audio(bytes),
      words: (words) => given?.words(words),
      finish: () => given?.finish(),
      fail: (error) => given?.fail(error),
    },
    calls,
    controller,
  };
}

async function readAll(utterance: TtsUtterance): Promise<{ events: TtsEvent[]; error: unknown }> {
  const events: TtsEvent[] = [];
  try {
    for await (const event of utterance) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

const broken = new ProviderError({ class: 'unavailable', provider: 'acme', stage: 'tts', message: 'gone' });

describe('what is written', () => {
  it('is told in whole words, the rest of it with a flush or the end', () => {
    const { utterance, calls } = speak();
    for (const text of ['Hel', 'lo th', 'ere, you', ' two']) utterance.write(text);
    utterance.flush();
    utterance.write(' and a');
    utterance.write('ll');
    utterance.end();
    expect(calls).toEqual([
      'write Hello ',
      'write there, ',
      'write you ',
      'write two',
      'flush',
      'write  and ',
      'write all',
      'end',
    ]);
  });

  it('is told from the first text that is not blank, with what was blank before', () => {
    const { utterance, calls } = speak();
    utterance.write(' ');
    utterance.flush();
    utterance.write('\nHello ');
    expect(calls).toEqual(['write  \nHello ']);
  });

  it('with nothing in it is a success without audio, and the provider never hears of it', async () => {
    const { utterance, calls } = speak();
    utterance.write('  \n');
    utterance.end();
    expect(await readAll(utterance)).toEqual({ events: [], error: undefined });
    expect(calls).toEqual(['over']);
  });

  it('after the end is told to nobody', async () => {
    const { utterance, feed, calls } = speak();
    utterance.write('Hello ');
    utterance.end();
    utterance.write('more ');
    utterance.flush();
    utterance.end();
    feed.fail(broken);
    feed.fail(new Error('again'));
    expect((await readAll(utterance)).error).toBe(broken);
    expect(calls).toEqual(['write Hello ', 'end', 'close', 'over']);
  });
});

describe('what is spoken', () => {
  it('comes in order, and the utterance returns when it is proved complete', async () => {
    const { utterance, feed, calls } = speak();
    utterance.write('Hello');
    utterance.end();
    feed.words([{ textStart: 0, textEnd: 5, startMs: 0, endMs: 300 }]);
    feed.words([]);
    feed.audio(new Uint8Array([1, 2]));
    feed.finish();
    feed.audio(new Uint8Array([3, 4]));
    feed.finish();
    const { events, error } = await readAll(utterance);
    expect(error).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(['words', 'audio']);
    expect(calls).toEqual(['write Hello', 'end', 'close', 'over']);
  });

  it('comes in whole samples', async () => {
    const { utterance, feed } = speak();
    utterance.write('Hello');
    utterance.end();
    for (const bytes of [[1], [2, 3, 4], [5, 6, 7], [], [8]]) feed.audio(Uint8Array.from(bytes));
    feed.finish();
    const { events } = await readAll(utterance);
    const audio = events.map((event) => (event.type === 'audio' ? [...event.audio] : []));
    expect(audio).toEqual([
      [1, 2, 3, 4],
      [5, 6],
      [7, 8],
    ]);
  });

  it('slows its line down while nobody keeps up', async () => {
    const { utterance, feed, calls } = speak();
    utterance.write('Hello');
    utterance.end();
    for (let index = 0; index < 256; index += 1) feed.audio(new Uint8Array(2));
    expect(calls.at(-1)).toBe('behind');
    const iterator = utterance[Symbol.asyncIterator]();
    for (let read = 0; read < 128; read += 1) await iterator.next();
    expect(calls.at(-1)).toBe('caught up');
  });
});

describe('a failure', () => {
  it.each([
    ['finished before the text has ended', 'Hello', false, true],
    ['finished without a sound for words', 'Hello', true, false],
  ])('is to be %s', async (_what, text, ends, sounds) => {
    const { utterance, feed } = speak();
    utterance.write(`${text} `);
    if (ends) utterance.end();
    if (sounds) feed.audio(new Uint8Array(2));
    feed.finish();
    expect((await readAll(utterance)).error).toMatchObject({
      class: 'protocol',
      provider: 'acme',
      stage: 'tts',
    });
  });

  it('is not silence for what has no sound', async () => {
    const { utterance, feed } = speak();
    utterance.write('… — ');
    utterance.end();
    feed.finish();
    expect((await readAll(utterance)).error).toBeUndefined();
  });

  it('that is not typed is hidden', async () => {
    const { utterance, feed } = speak();
    utterance.write('Hello ');
    feed.fail(new Error('bad key secret-key'));
    const { error } = await readAll(utterance);
    expect(error).toMatchObject({ class: 'unavailable' });
    expect(String(error)).not.toContain('secret');
  });

  it('of the adapter ends the utterance and nothing else', async () => {
    const { utterance } = speak({
      start: () => {
        throw broken;
      },
    });
    utterance.write('Hello ');
    expect((await readAll(utterance)).error).toBe(broken);
  });
});

describe('stopping', () => {
  it('by its signal drops what is queued and leaves nothing behind', async () => {
    const { utterance, feed, calls, controller } = speak();
    utterance.write('Hello ');
    feed.audio(new Uint8Array(2));
    controller.abort('barge-in');
    expect(await readAll(utterance)).toEqual({ events: [], error: 'barge-in' });
    expect(calls).toEqual(['write Hello ', 'close', 'over']);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('by its session gives the reason as it is', async () => {
    const { open, utterance } = speak();
    open.stop('hung up');
    expect(open.isOver()).toBe(true);
    expect((await readAll(utterance)).error).toBe('hung up');
  });

  it('before it began begins nothing', async () => {
    const { utterance, calls, open } = speak({ signal: AbortSignal.abort('too late') });
    utterance.write('Hello ');
    utterance.end();
    expect(open.isOver()).toBe(true);
    expect((await readAll(utterance)).error).toBe('too late');
    expect(calls).toEqual([]);
  });
});
