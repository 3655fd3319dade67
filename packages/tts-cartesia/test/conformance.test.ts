// Cartesia keeps the contract of text-to-speech, over a real socket against its fake.
import { describeTtsConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { cartesiaDialect } from '../src/fake.js';
import { createCartesiaTts } from '../src/index.js';

describeTtsConformance({
  name: 'cartesia',
  test: { describe, it },
  dialect: cartesiaDialect,
  createAdapter: ({ wsUrl, apiKey }) => createCartesiaTts({ baseUrl: wsUrl, apiKey }),
});
