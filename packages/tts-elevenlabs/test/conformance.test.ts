// Both transports of ElevenLabs, held to the contract of text-to-speech.
import { describeTtsConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { elevenLabsDialect, elevenLabsHttpDialect } from '../src/fake.js';
import { createElevenLabsTts } from '../src/index.js';

const lateWords = {
  'wordTimings: a word is announced no later than its audio is over':
    'letters are timed one by one, so a word is known with its last; see elevenlabs-tts.test.ts',
};

describeTtsConformance({
  name: 'elevenlabs',
  skip: lateWords,
  test: { describe, it },
  dialect: elevenLabsDialect,
  createAdapter: ({ wsUrl, apiKey }) => createElevenLabsTts({ baseUrl: wsUrl, apiKey }),
});

describeTtsConformance({
  name: 'elevenlabs over HTTP',
  skip: {
    ...lateWords,
    'ready and closed harm nobody who does not look at them':
      'there is no connection that could fail or close',
    'ignores messages of a type it does not know': 'the fake says it in the middle of another line',
  },
  test: { describe, it },
  dialect: elevenLabsHttpDialect,
  createAdapter: ({ url, apiKey }) => createElevenLabsTts({ baseUrl: url, apiKey, model: 'eleven_v3' }),
});
