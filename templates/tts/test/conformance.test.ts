// Acme keeps the contract, over a real socket against its fake.
import { describeTtsConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { acmeTtsDialect } from '../src/fake.js';
import { createAcmeTts } from '../src/index.js';

describeTtsConformance({
  name: 'acme',
  test: { describe, it },
  dialect: acmeTtsDialect,
  createAdapter: ({ url, apiKey }) => createAcmeTts({ baseUrl: url, apiKey }),
});
