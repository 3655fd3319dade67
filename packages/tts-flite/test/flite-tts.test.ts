// The adapter with the real flite: voices, formats, word times, odd texts, and what it refuses.
import { type AudioFormat, createConverter } from '@voicewire/core/adapter';
import { afterEach, expect, test } from 'vitest';
import { createFliteTts } from '../src/index.js';
import {
  alaw8k,
  begin,
  closeSessions,
  connect,
  durationOf,
  failureOf,
  hear,
  listen,
  loudness,
  mulaw8k,
  open,
  pcm16k,
  pcm8k,
} from './speaking.js';

afterEach(closeSessions);

const sentence = 'Hi Dr. Smith, your order costs $5 and comes at 9am.';

test.each([
  { voice: 'kal', format: pcm8k },
  { voice: 'kal16', format: pcm16k },
  { voice: 'rms', format: pcm16k },
  { voice: 'slt', format: pcm16k },
  { voice: 'awb', format: pcm16k },
  { voice: 'rms', format: pcm8k },
  { voice: 'kal', format: pcm16k },
])('$voice is heard saying each word in its time, at $format.sampleRate Hz', async ({ voice, format }) => {
  const { words, audio } = await hear(begin(connect({ format, voice }), sentence));
  const durationMs = durationOf(audio, format);
  expect(words.map(({ textStart, textEnd }) => sentence.slice(textStart, textEnd))).toEqual(
    sentence.split(' '),
  );
  for (const [index, { startMs, endMs }] of words.entries()) {
    expect(startMs).toBeGreaterThanOrEqual(words[index - 1]?.endMs ?? 0);
    expect(endMs).toBeGreaterThan(startMs);
    expect(loudness(audio, format, startMs, endMs)).toBeGreaterThan(400);
  }
  const lastEndMs = words.at(-1)?.endMs ?? 0;
  expect(words[0]?.startMs).toBe(40);
  expect(durationMs - lastEndMs).toBeGreaterThan(0);
  expect(durationMs - lastEndMs).toBeLessThan(400);
  expect(loudness(audio, format, 0, 30)).toBeLessThan(200);
  expect(loudness(audio, format, durationMs - 60, durationMs)).toBeLessThan(200);
});

test('the encodings of the telephone carry the same speech, one byte a sample', async () => {
  const say = (format: AudioFormat) => hear(begin(connect({ format }), 'Hello there.'));
  const linear = await say(pcm8k);
  for (const format of [mulaw8k, alaw8k]) {
    const { words, audio } = await say(format);
    expect(words).toEqual(linear.words);
    expect(audio.length).toBe(linear.audio.length / 2);
    const decoded = Buffer.from(createConverter(format, pcm8k).push(audio));
    const [heard, meant] = [decoded, linear.audio].map((bytes) => loudness(bytes, pcm8k, 0, 1_000));
    expect((heard ?? 0) / (meant ?? 1)).toBeCloseTo(1, 2);
  }
});

test('a voice converted to another rate loses nothing at its end', async () => {
  const [wide, narrow] = await Promise.all(
    [pcm16k, pcm8k].map((format) => hear(begin(connect({ format, voice: 'rms' }), 'Hello there.'))),
  );
  expect(narrow?.audio.length).toBe(2 * Math.ceil((wide?.audio.length ?? 0) / 4));
});

test('word times come before the audio they are about', async () => {
  const events = await listen(begin(connect(), 'Hello there.'));
  expect(events.map(({ type }) => type)).toEqual(['words', 'audio']);
});

test('the voice is the utterance’s, else the session’s, else the option’s, else the format’s', async () => {
  const lengths = new Map<string, number>();
  const lengthOf = async (utterance: ReturnType<typeof open>) => (await hear(utterance)).audio.length;
  for (const voice of ['kal16', 'awb', 'rms', 'slt']) {
    lengths.set(voice, await lengthOf(begin(connect(), 'One two three.', { voice })));
  }
  expect(new Set(lengths.values()).size).toBe(4);
  const chosen = [
    begin(connect(), 'One two three.'),
    begin(connect({}, { voice: 'slt' }), 'One two three.'),
    begin(connect({ voice: 'awb' }, { voice: 'slt' }), 'One two three.'),
    begin(connect({ voice: 'awb' }, { voice: 'slt' }), 'One two three.', { voice: 'kal16' }),
  ];
  expect(await Promise.all(chosen.map(lengthOf))).toEqual(
    ['rms', 'slt', 'awb', 'kal16'].map((voice) => lengths.get(voice)),
  );
});

test.each([
  ['', []],
  [' \n\t', []],
  ['日本語 😀 — \0\u0007', []],
  ['...', []],
  ['a\0b', ['a\0b']],
  ['😀 hello', ['hello']],
  ['-o /etc/passwd', ['-o', '/etc/passwd']],
  ['--help', ['--help']],
  ['<speak>hi</speak>', ['<speak>hi</speak>']],
  ['%s%n $HOME `ls`', ['%s%n', '$HOME', '`ls`']],
  ['yes—no', ['yes—', 'no']],
  ['(555) 123-4567', ['(555)', '123-4567']],
])('odd text is no failure: %j', async (text, expected) => {
  const { words, audio } = await hear(begin(connect({ format: mulaw8k }), text));
  expect(words.map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual(expected);
  expect(audio.length > 0).toBe(text.trim() !== '');
});

test('a clause beyond 1,000 characters is refused, one of 1,000 is spoken', async () => {
  const session = connect({ format: mulaw8k });
  const clause = 'word '.repeat(200);
  expect(await failureOf(begin(session, `${clause}!`))).toMatchObject({
    class: 'invalid_request',
    provider: 'flite',
    stage: 'tts',
  });
  expect((await hear(begin(session, clause))).words).toHaveLength(200);
});

test('text may come in pieces; after the end it is ignored', async () => {
  const utterance = open(connect({ format: mulaw8k }));
  utterance.write('one tw');
  utterance.write('o three');
  utterance.flush();
  utterance.end();
  utterance.write('four');
  utterance.end();
  expect((await hear(utterance)).words).toHaveLength(3);
});

test.each([
  [{ format: { ...pcm16k, sampleRate: 24_000 } }, 'config.audio_format'],
  [{ format: { ...pcm16k, channels: 2 as const } }, 'config.audio_format'],
  [{ voice: 'nobody' }, 'config.invalid_option'],
  [{ language: 'de-DE' }, 'config.language'],
])('what it does not have is refused before anything starts: %j', (request, code) => {
  const threads: unknown[] = [];
  const count = (worker: unknown): number => threads.push(worker);
  process.on('worker', count);
  expect(() => connect(request)).toThrow(expect.objectContaining({ name: 'ConfigError', code }));
  process.off('worker', count);
  expect(threads).toHaveLength(0);
});

test.each([{ language: 'fr' }, { voice: 'nobody' }])('an utterance that asks for %j fails', async (asked) => {
  const session = connect({ language: 'en-GB' });
  expect(await failureOf(begin(session, 'hello', asked))).toMatchObject({ name: 'ConfigError' });
  expect((await hear(begin(session, 'hello', { language: 'EN', voice: 'slt' }))).words).toHaveLength(1);
});

test('health is counted once for the whole process, by no credential', () => {
  const { provider, healthKey } = createFliteTts();
  expect(healthKey).toBe(createFliteTts({ voice: 'slt' }).healthKey);
  expect(healthKey.startsWith(`${provider}@`)).toBe(true);
});

test('unknown options are a ConfigError that names them', () => {
  const create = (options: object) => () => createFliteTts(options);
  expect(create({ voise: 'kal' })).toThrow(/voise.*did you mean voice/s);
  expect(create({ voice: 'karl' })).toThrow(expect.objectContaining({ name: 'ConfigError' }));
});
