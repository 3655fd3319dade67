// Both transports of ElevenLabs, held to the contract of text-to-speech.
import { describeTtsConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { elevenLabsDialect, elevenLabsHttpDialect } from '../src/fake.js';
import { createElevenLabsTts } from '../src/index.js';

describeTtsConformance({
  name: 'elevenlabs',
  test: { describe, it },
  dialect: elevenLabsDialect,
  createAdapter: ({ wsUrl, apiKey }) => createElevenLabsTts({ baseUrl: wsUrl, apiKey }),
});

describeTtsConformance({
  name: 'elevenlabs over HTTP',
  test: { describe, it },
  dialect: elevenLabsHttpDialect,
  createAdapter: ({ url, apiKey }) => createElevenLabsTts({ baseUrl: url, apiKey, model: 'eleven_v3' }),
});
