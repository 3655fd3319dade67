// The reference adapters keep every contract.
import {
  describeLlmConformance,
  describeSttConformance,
  describeTelephonyConformance,
  describeTtsConformance,
} from '@voicewire/testing';
import { describe, it } from 'vitest';
import { createAcmeStt } from './reference/stt/index.js';
import { acmeSttDialect } from './reference/stt/fake.js';

import { createAcmeTts } from './reference/tts/index.js';
import { acmeTtsDialect } from './reference/tts/fake.js';

import { createAcmeLlm } from './reference/llm/index.js';
import { acmeLlmDialect } from './reference/llm/fake.js';

import { announceCall, createAcmeCarrier } from './reference/telephony/fake.js';
import { createAcmeTelephony } from './reference/telephony/index.js';

const test = { describe, it };

describeSttConformance({
  name: 'acme',
  test,
  dialect: acmeSttDialect,
  createAdapter: ({ wsUrl, apiKey }) => createAcmeStt({ baseUrl: wsUrl, apiKey }),
});

describeTtsConformance({
  name: 'acme',
  test,
  dialect: acmeTtsDialect,
  createAdapter: ({ wsUrl, apiKey }) => createAcmeTts({ baseUrl: wsUrl, apiKey }),
});

describeLlmConformance({
  name: 'acme',
  test,
  dialect: acmeLlmDialect,
  createAdapter: ({ url, apiKey }) => createAcmeLlm({ baseUrl: url, apiKey }),
});

const apiKey = 'fake-key-0123456789';
const publicUrl = 'https://calls.example.com/webhooks/acme';

describeTelephonyConformance({
  name: 'acme',
  test,
  dialect: createAcmeCarrier(apiKey),
  createAdapter: () => createAcmeTelephony({ apiKey }),
  createOther: () => createAcmeTelephony({ apiKey: 'another-key-0123456789' }),
  webhook: {
    request: () => announceCall(apiKey, publicUrl),
    context: { publicUrl },
    expects: 'call-incoming',
  },
});
