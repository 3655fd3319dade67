// Cartesia's messages in, our words out; our requests in, its address and fields out. Messages are those of its documentation.
import { describe, expect, it } from 'vitest';
import { cartesiaOptionsSchema } from '../src/cartesia-options.js';
import { readMessage, readRefusal, requestFields, socketUrl } from '../src/cartesia-wire.js';

const context = '872ec12d-bc63-4e1e-a241-4f58c879d105';
const nothing = { context, audio: Buffer.alloc(0), words: [], isDone: false, error: undefined };

describe('a message', () => {
  it.each([
    [
      'audio',
      { type: 'chunk', data: 'AQID', done: false, status_code: 206, step_time: 123 },
      { audio: Buffer.from([1, 2, 3]) },
    ],
    [
      'the times of words, in seconds from the first sample of the context',
      {
        type: 'timestamps',
        done: false,
        status_code: 206,
        word_timestamps: { words: ['Hello', 'world'], start: [0, 0.5], end: [0.4, 0.9] },
      },
      {
        words: [
          { text: 'Hello', startMs: 0, endMs: 400 },
          { text: 'world', startMs: 500, endMs: 900 },
        ],
      },
    ],
    ['no times', { type: 'timestamps', word_timestamps: null }, {}],
    ['the proof that all was spoken', { type: 'done', done: true, status_code: 206 }, { isDone: true }],
    ['nothing new', { type: 'flush_done', done: false, flush_done: true, flush_id: 1, status_code: 206 }, {}],
    [
      'nothing we asked for',
      { type: 'phoneme_timestamps', phoneme_timestamps: { phonemes: ['h'], start: [0], end: [1] } },
      {},
    ],
    ['nothing we know', { type: 'not_yet_invented', data: 'AQID', done: true }, {}],
  ])('says %s', (_what, message, expected) => {
    expect(readMessage({ ...message, context_id: context })).toEqual({ ...nothing, ...expected });
  });

  const failed = { type: 'error', done: true, title: 'Invalid model', message: 'with secret-key' };

  it.each([
    [400, 'model_not_found', 'invalid_request'],
    [401, null, 'auth'],
    [402, undefined, 'quota'],
    [404, 'voice_not_found', 'invalid_request'],
    [429, 'concurrency_limited', 'rate_limit'],
    [500, null, 'unavailable'],
    [undefined, null, 'unavailable'],
    [503, 'Your secret-key', 'unavailable'],
  ])('that says %s, %s fails its context as %s', (status_code, error_code, expected) => {
    const { error } = readMessage({ ...failed, status_code, error_code, context_id: context });
    expect(error).toMatchObject({ class: expected, provider: 'cartesia', stage: 'tts' });
    expect(error?.message).not.toContain('secret');
    const attempt = () => readMessage({ ...failed, status_code, error_code });
    expect(attempt).toThrow(expect.objectContaining({ class: expected }));
  });

  it.each([
    { type: 'chunk', data: 7 },
    { data: 'AQID' },
    { type: 'timestamps', word_timestamps: [] },
    [],
    null,
  ])('that can not be read is refused: %j', (message) => {
    expect(() => readMessage(message)).toThrow();
  });
});

it.each([
  ['{"error_code":"concurrency_limited","title":"Too many","message":"secret"}', 'concurrency_limited'],
  ['{"error_code":null,"title":"Too many"}', undefined],
  ['{"error_code":"Your secret-key"}', undefined],
  ['Unauthorized: secret', undefined],
])('a refusal %s is told as %s', (body, detail) => {
  expect(readRefusal(body)).toEqual({ detail });
});

it.each([
  ['https://api.cartesia.ai', 'https://api.cartesia.ai/tts/websocket'],
  ['wss://proxy.example/cartesia/', 'wss://proxy.example/cartesia/tts/websocket'],
])('the socket of %s is %s', (baseUrl, url) => {
  expect(socketUrl(cartesiaOptionsSchema.parse({ baseUrl })).href).toBe(url);
});

it.each([
  [{}, undefined, undefined],
  [{ language: 'de-AT' }, undefined, 'de'],
  [{ language: 'de' }, 'pt-BR', 'pt'],
])('with %j and a request for %s the language is %s', (options, language, expected) => {
  const format = { encoding: 'alaw', sampleRate: 8000, channels: 1 } as const;
  const fields = requestFields(cartesiaOptionsSchema.parse(options), { voice: 'a', language, format });
  expect(fields).toMatchObject({ voice: { mode: 'id', id: 'a' } });
  expect(fields).toHaveProperty('language', expected);
  expect(fields).toHaveProperty('output_format', {
    container: 'raw',
    encoding: 'pcm_alaw',
    sample_rate: 8000,
  });
});

it('what no request of Cartesia has an option for is passed on, and decides nothing of ours', () => {
  const parameters = { normalization: 'off', add_timestamps: false };
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const speaker = { voice: undefined, language: undefined, format };
  expect(requestFields(cartesiaOptionsSchema.parse({ parameters }), speaker)).toMatchObject({
    normalization: 'off',
    add_timestamps: true,
  });
});
