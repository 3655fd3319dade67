// ElevenLabs' messages and refusals in, our words out; our requests in, its addresses out.
import { describe, expect, it } from 'vitest';
import { elevenLabsOptionsSchema, type ElevenLabsTtsOptions } from '../src/elevenlabs-options.js';
import { modelOf, readLine, readMessage, readRefusal, speechUrl } from '../src/elevenlabs-wire.js';

const audio = Buffer.from([1, 2, 3]).toString('base64');
const letters = [
  { text: 'H', startMs: 0, endMs: 70 },
  { text: 'i', startMs: 70, endMs: 160 },
];

describe('a message', () => {
  const alignment = { chars: ['H', 'i'], charStartTimesMs: [0, 70] };

  it.each([
    ['now', { contextId: 'a', isFinal: false, alignment: { ...alignment, charDurationsMs: [70, 90] } }],
    ['before', { context_id: 'a', is_final: false, alignment: { ...alignment, charsDurationsMs: [70, 90] } }],
  ])('is read as it is spelled %s', (_when, message) => {
    const read = readMessage({ audio, ...message });
    expect(read).toEqual({ context: 'a', audio: Buffer.from([1, 2, 3]), letters, isFinal: false });
  });

  it.each([{ alignment: null }, { alignment: undefined, normalizedAlignment: {} }])(
    'may come without times: %j',
    (message) => {
      expect(readMessage({ audio, contextId: 'a', isFinal: null, ...message })).toMatchObject({
        letters: [],
        isFinal: false,
      });
    },
  );

  it.each([
    { contextId: 'a', isFinal: true },
    { contextId: 'a', is_final: true, audio: null },
  ])('may be the last: %j', (message) => {
    expect(readMessage(message)).toMatchObject({ context: 'a', isFinal: true, audio: Buffer.alloc(0) });
  });

  it.each([
    ['invalid_api_key', 'auth'],
    ['quota_exceeded', 'quota'],
    ['max_active_conversations', 'capacity'],
    ['too_many_concurrent_requests', 'rate_limit'],
    ['input_timeout_exceeded', 'idle'],
    ['not_yet_invented', 'unavailable'],
    ['Your key secret-key is wrong', 'unavailable'],
  ])('that says %s fails as %s', (error, expected) => {
    const attempt = () => readMessage({ message: 'with secret-key', error, code: 1008 });
    expect(attempt).toThrow(
      expect.objectContaining({ class: expected, provider: 'elevenlabs', stage: 'tts' }),
    );
    expect(attempt).not.toThrow(/secret/);
  });

  it.each([{ audio: 7 }, { alignment: { chars: 'Hi' } }, [], 'text', null])(
    'that can not be read is refused: %j',
    (message) => {
      expect(() => readMessage(message)).toThrow();
    },
  );

  it('of a type it does not know is of no context', () => {
    expect(readMessage({ notYetInvented: true })).toMatchObject({ context: '', isFinal: false });
  });
});

describe('a line of the HTTP answer', () => {
  it('has its times in seconds', () => {
    const alignment = {
      characters: ['H', 'i'],
      character_start_times_seconds: [0, 0.07],
      character_end_times_seconds: [0.07, 0.16],
    };
    expect(readLine({ audio_base64: audio, alignment }).audio).toEqual(Buffer.from([1, 2, 3]));
    const read = readLine({ audio_base64: audio, alignment }).letters;
    expect(read.map(({ text, startMs, endMs }) => [text, Math.round(startMs), Math.round(endMs)])).toEqual([
      ['H', 0, 70],
      ['i', 70, 160],
    ]);
  });

  it.each([{ audio_base64: audio, alignment: null }, { notYetInvented: true }])(
    'may have none: %j',
    (line) => {
      expect(readLine(line).letters).toEqual([]);
    },
  );
});

describe('a refusal', () => {
  it.each([
    [
      '{"detail":{"status":"quota_exceeded","message":"secret"}}',
      { class: 'quota', detail: 'quota_exceeded' },
    ],
    ['{"detail":{"status":"not_yet_invented"}}', { detail: 'not_yet_invented' }],
    ['{"detail":[{"loc":["body"],"msg":"secret"}]}', { detail: undefined }],
    ['<html>', { detail: undefined }],
  ])('%s reads as %j', (body, expected) => {
    expect(readRefusal(body)).toEqual(expected);
  });
});

describe('a request', () => {
  const speaker = {
    voice: 'a/b',
    language: 'pt-BR',
    format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  } as const;
  const parse = (options: ElevenLabsTtsOptions) => elevenLabsOptionsSchema.parse(options);

  it('names voice, format and whatever else is to be said', () => {
    const settings = parse({
      baseUrl: 'https://tts.example/eleven/',
      parameters: { seed: 7, output_format: 'mp3' },
    });
    const url = speechUrl(settings, speaker, 'stream', { a: undefined, b: true });
    expect(url.href).toBe(
      'https://tts.example/eleven/v1/text-to-speech/a%2Fb/stream?seed=7&output_format=ulaw_8000&b=true',
    );
  });

  it.each([
    ['eleven_flash_v2_5', 'pt'],
    ['eleven_v3', 'pt'],
    ['eleven_multilingual_v2', undefined],
  ])('tells %s the language %s', (model, expected) => {
    expect(modelOf(parse({ model }), speaker)).toEqual({ model_id: model, language_code: expected });
  });
});
