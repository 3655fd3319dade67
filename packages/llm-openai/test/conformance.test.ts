import { describeLlmConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { openAiDialect } from '../src/fake.js';
import { createOpenAiLlm } from '../src/index.js';

describeLlmConformance({
  name: 'openai',
  test: { describe, it },
  dialect: openAiDialect,
  createAdapter: ({ url, apiKey }) => createOpenAiLlm({ baseUrl: `${url}/v1`, apiKey }),
});
