// Both families of Deepgram's models, held to the contract of speech-to-text.
import { describeSttConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { deepgramDialect, deepgramFluxDialect } from '../src/fake.js';
import { createDeepgramStt } from '../src/index.js';

describeSttConformance({
  name: 'deepgram',
  test: { describe, it },
  dialect: deepgramDialect,
  createAdapter: ({ url, apiKey }) => createDeepgramStt({ baseUrl: url, apiKey }),
});

describeSttConformance({
  name: 'deepgram with Flux',
  test: { describe, it },
  dialect: deepgramFluxDialect,
  createAdapter: ({ wsUrl, apiKey }) =>
    createDeepgramStt({
      baseUrl: wsUrl,
      apiKey,
      model: 'flux-general-en',
      parameters: { eager_eot_threshold: 0.5 },
    }),
});
