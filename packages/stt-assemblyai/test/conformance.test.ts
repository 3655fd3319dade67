// AssemblyAI held to the contract of speech-to-text: models that tell turns late and bare, and those that format at once.
import { describeSttConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { assemblyAiDialect } from '../src/fake.js';
import { createAssemblyAiStt } from '../src/index.js';

describeSttConformance({
  name: 'assemblyai',
  test: { describe, it },
  dialect: assemblyAiDialect,
  createAdapter: ({ url, apiKey }) => createAssemblyAiStt({ baseUrl: url, apiKey }),
});

describeSttConformance({
  name: 'assemblyai with a model of the third generation',
  test: { describe, it },
  dialect: assemblyAiDialect,
  createAdapter: ({ wsUrl, apiKey }) =>
    createAssemblyAiStt({ baseUrl: wsUrl, apiKey, model: 'universal-3-5-pro' }),
});

describeSttConformance({
  name: 'assemblyai that formats later',
  test: { describe, it },
  dialect: assemblyAiDialect,
  createAdapter: ({ wsUrl, apiKey }) =>
    createAssemblyAiStt({ baseUrl: wsUrl, apiKey, parameters: { format_turns: true } }),
});
