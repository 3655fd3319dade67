// Acme keeps the contract, over a real socket against its fake.
import { describeSttConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { acmeSttDialect } from '../src/fake.js';
import { createAcmeStt } from '../src/index.js';

describeSttConformance({
  name: 'acme',
  test: { describe, it },
  dialect: acmeSttDialect,
  createAdapter: ({ wsUrl, apiKey }) => createAcmeStt({ baseUrl: wsUrl, apiKey }),
});
