// Phrases rendered once: by whom, in which order, where they are found again, and what a failing voice or disk costs.
import { createScriptedTts, createVirtualClock, readWords, wordsAsHeard } from '@voicewire/testing';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiskStorage } from '../disk.js';
import { ttsChain } from '../resilience/provider-chains.js';
import type { ByteStorage } from '../spec/storage.js';
import type { TtsAdapter } from '../spec/tts.js';
import { createVoiceCache, type PhraseManner, type VoiceCache } from './voice-cache.js';

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const manner: PhraseManner = { format: telephone };

/** Settles as rendering does. */
async function render(
  cache: VoiceCache,
  tts: TtsAdapter,
  texts: readonly string[],
  how: PhraseManner = manner,
): Promise<void> {
  const clock = createVirtualClock();
  const rendering = cache.render(tts, how, texts, { signal: new AbortController().signal, clock });
  let isOver = false;
  const over = rendering.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  // A disk answers in its own time, which no virtual clock knows.
  while (!isOver)
    await Promise.race([over, clock.run({ untilMs: 100_000 }).then(() => new Promise(setImmediate))]);
  await rendering;
}

function heard(cache: VoiceCache, tts: TtsAdapter, text: string): readonly string[] | undefined {
  const audio = cache.get(tts, manner, text);
  return audio && readWords(audio, telephone).map((word) => word.text);
}

describe('a voice cache', () => {
  it('has phrases by provider, text, format, voice and language', async () => {
    const cache = createVoiceCache();
    const tts = createScriptedTts();
    await render(cache, tts, ['So long.']);
    expect(heard(cache, tts, 'So long.')).toEqual(wordsAsHeard('so long'));
    for (const other of [
      { voice: 'ann' },
      { language: 'de' },
      { format: { ...telephone, sampleRate: 16_000 } },
    ])
      expect(cache.get(tts, { ...manner, ...other }, 'So long.')).toBeUndefined();
    expect(cache.get(createScriptedTts({ provider: 'acme' }), manner, 'So long.')).toBeUndefined();
  });

  it('asks the voice once, on one connection, however many want a phrase', async () => {
    const cache = createVoiceCache();
    const tts = createScriptedTts({ delays: { firstAudioMs: 100 } });
    const clock = createVirtualClock();
    const options = { signal: new AbortController().signal, clock };
    await Promise.all([
      cache.render(tts, manner, ['One.', 'Two.'], options),
      cache.render(tts, manner, ['One.'], options),
      clock.run({ untilMs: 100_000 }),
    ]);
    await cache.render(tts, manner, ['Two.', 'One.'], options);
    expect(tts.utterances.map(({ text }) => text.trim())).toEqual(['One.', 'Two.']);
    expect(tts.sessions).toHaveLength(1);
  });

  it('ends a phrase after a minute although the voice does not', async () => {
    const endless: TtsAdapter = {
      ...createScriptedTts(),
      connect: () => ({
        ready: Promise.resolve(),
        closed: new Promise(() => undefined),
        close: () => undefined,
        speak: () => ({
          write: () => undefined,
          flush: () => undefined,
          end: () => undefined,
          async *[Symbol.asyncIterator]() {
            for (;;) yield { type: 'audio' as const, audio: await Promise.resolve(new Uint8Array(8_000)) };
          },
        }),
      }),
    };
    const cache = createVoiceCache();
    await render(cache, endless, ['Ah']);
    expect(cache.get(endless, manner, 'Ah')?.byteLength).toBe(60 * 8_000);
  });

  it('says what the voice failed with, and keeps what came before', async () => {
    const cache = createVoiceCache();
    const tts = createScriptedTts({ faults: [undefined, { type: 'refuse' }] });
    await expect(render(cache, tts, ['One.', 'Two.', 'Three.'])).rejects.toMatchObject({
      class: 'unavailable',
    });
    expect(heard(cache, tts, 'One.')).toEqual(wordsAsHeard('one'));
    expect(cache.get(tts, manner, 'Two.')).toBeUndefined();
  });

  it('lets go what was not used for longest', async () => {
    const tts = createScriptedTts();
    const whole = createVoiceCache();
    await render(whole, tts, ['One.']);
    const bytes = whole.get(tts, manner, 'One.')?.byteLength ?? 0;
    const cache = createVoiceCache({ maxBytes: bytes * 2 });
    await render(cache, tts, ['One.', 'Two.']);
    cache.get(tts, manner, 'One.');
    await render(cache, tts, ['Six.']);
    expect(['One.', 'Two.', 'Six.'].map((text) => cache.get(tts, manner, text) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('on disk', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'voicewire-phrases-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('phrases outlive the process: the next one asks no voice', async () => {
    const storage = createDiskStorage({ directory });
    await render(createVoiceCache({ storage }), createScriptedTts(), ['So long.']);
    const dead = createScriptedTts({ faults: () => ({ type: 'refuse' }) });
    const next = createVoiceCache({ storage: createDiskStorage({ directory }) });
    await render(next, dead, ['So long.']);
    expect(heard(next, dead, 'So long.')).toEqual(wordsAsHeard('so long'));
    expect(dead.utterances).toHaveLength(0);
  });

  it("a backup's voice is not kept for the primary's", async () => {
    const storage = createDiskStorage({ directory });
    const dead = createScriptedTts({ provider: 'acme', faults: () => ({ type: 'refuse' }) });
    const cache = createVoiceCache({ storage });
    const chain = ttsChain([dead, createScriptedTts({ provider: 'other' })]);
    await render(cache, chain, ['So long.']);
    expect(heard(cache, chain, 'So long.')).toEqual(wordsAsHeard('so long'));
    expect(await readdir(directory)).toEqual([]);
  });

  it('a storage that fails costs a rendering and nothing else', async () => {
    const broken: ByteStorage = {
      get: () => Promise.reject(new Error('disk')),
      put: () => Promise.reject(new Error('full')),
    };
    const cache = createVoiceCache({ storage: broken });
    const tts = createScriptedTts();
    await render(cache, tts, ['So long.']);
    expect(heard(cache, tts, 'So long.')).toEqual(wordsAsHeard('so long'));
  });

  it('takes no more room than it may: what was not used for longest goes', async () => {
    const storage = createDiskStorage({ directory, maxBytes: 250 });
    for (const key of ['a', 'b']) await storage.put(key, new Uint8Array(100).fill(1));
    await storage.get('a');
    await storage.put('c', new Uint8Array(100).fill(3));
    expect(await storage.get('b')).toBeUndefined();
    expect(await storage.get('a')).toEqual(new Uint8Array(100).fill(1));
    expect(await storage.get('c')).toEqual(new Uint8Array(100).fill(3));
  });

  it('refuses a key that would lead out of its directory', async () => {
    const storage = createDiskStorage({ directory });
    await expect(storage.get('../secret')).rejects.toMatchObject({ code: 'config.invalid_option' });
  });
});
