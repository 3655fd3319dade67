// Acme's messages in, our words out. Put messages from Acme's documentation, or from a recording, in here.
import { expect, test } from 'vitest';
import { acmeOptionsSchema } from '../src/acme-options.js';
import { readMessage, requestBody } from '../src/acme-wire.js';

test('words come in offsets and milliseconds, with their audio', () => {
  const message = { type: 'audio', audio: 'AAA=', words: [{ from: 0, to: 5, start: 0.1, end: 0.4 }] };
  expect(readMessage(message)).toEqual({
    audio: Buffer.from([0, 0]),
    words: [{ textStart: 0, textEnd: 5, startMs: 100, endMs: 400 }],
  });
});

test('only the last message proves the audio complete', () => {
  expect(readMessage({ type: 'done' })).toBe('done');
  expect(readMessage({ type: 'weather' })).toEqual({ audio: new Uint8Array(0), words: [] });
});

test('an error in the answer has the class of its status', () => {
  expect(() => readMessage({ type: 'error', status: 429 })).toThrow(
    expect.objectContaining({ class: 'rate_limit' }),
  );
});

test('the voice of an utterance wins over that of the session and the options', () => {
  const { signal } = new AbortController();
  const request = {
    format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    voice: 'bea',
    signal,
  } as const;
  const speech = { voice: 'cleo', bufferedMs: () => 0, signal };
  const body: unknown = JSON.parse(requestBody(acmeOptionsSchema.parse({}), request, speech, 'Hello.'));
  expect(body).toEqual({ text: 'Hello.', voice: 'cleo', encoding: 'mulaw', sample_rate: 8000 });
});
