// Acme keeps the contract, over a real socket against its fake.
import { describeLlmConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { acmeLlmDialect } from '../src/fake.js';
import { createAcmeLlm } from '../src/index.js';

describeLlmConformance({
  name: 'acme',
  test: { describe, it },
  dialect: acmeLlmDialect,
  createAdapter: ({ url, apiKey }) => createAcmeLlm({ baseUrl: url, apiKey }),
});
