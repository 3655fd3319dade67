import { describeLlmConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { ollamaDialect } from '../src/fake.js';
import { createOllamaLlm } from '../src/index.js';

describeLlmConformance({
  name: 'ollama',
  test: { describe, it },
  dialect: ollamaDialect,
  createAdapter: ({ url }) => createOllamaLlm({ baseUrl: url }),
});
