// Acme's messages in, our events out. Put messages from Acme's documentation, or from a recording, in here.
import { expect, test } from 'vitest';
import { acmeOptionsSchema } from '../src/acme-options.js';
import { listenUrl, toEvents } from '../src/acme-wire.js';

test('a final has its words, and settles what it covers', () => {
  const message = {
    type: 'transcript',
    is_final: true,
    text: 'Hello there.',
    start: 0.5,
    end: 1.25,
    words: [
      { text: 'Hello', start: 0.5, end: 0.75, confidence: 0.9 },
      { text: 'there.', start: 0.8, end: 1.1 },
    ],
  };
  expect(toEvents(message)).toEqual([
    {
      type: 'final',
      text: 'Hello there.',
      startMs: 500,
      endMs: 1250,
      settledMs: 1250,
      words: [
        { text: 'Hello', startMs: 500, endMs: 750, confidence: 0.9 },
        { text: 'there.', startMs: 800, endMs: 1100, confidence: undefined },
      ],
    },
  ]);
});

test('a message of an unknown type is not known', () => {
  expect(toEvents({ type: 'weather' })).toBeUndefined();
});

test('a message that can not be read is an error', () => {
  expect(() => toEvents({ type: 'transcript', text: 5 })).toThrow();
});

test('the language of a request wins over that of the options', () => {
  const settings = acmeOptionsSchema.parse({ language: 'en' });
  const url = listenUrl(settings, {
    format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    language: 'de',
    isSpeech: () => false,
    signal: new AbortController().signal,
  });
  expect(url.searchParams.get('language')).toBe('de');
});
