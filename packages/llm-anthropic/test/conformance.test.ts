// Anthropic keeps the contract, over a real socket against its fake.
import { describeLlmConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { anthropicDialect } from '../src/fake.js';
import { createAnthropicLlm } from '../src/index.js';

describeLlmConformance({
  name: 'anthropic',
  test: { describe, it },
  dialect: anthropicDialect,
  skip: {
    'sends temperature and maxTokens, and only when asked':
      'the API refuses a temperature; for the limit see anthropic-llm.test.ts',
  },
  createAdapter: ({ url, apiKey }) => createAnthropicLlm({ baseUrl: url, apiKey }),
});
