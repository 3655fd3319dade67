// Acme keeps the contract, face to face with its own carrier in virtual time.
import { describeTelephonyConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { createAcmeCarrier, createAcmeWebhook } from '../src/fake.js';
import { createAcmeTelephony } from '../src/index.js';

const signingKey = 'signing-key';
const publicUrl = 'https://calls.example.com/acme/voice';

describeTelephonyConformance({
  name: 'acme',
  test: { describe, it },
  dialect: createAcmeCarrier(signingKey),
  createAdapter: () => createAcmeTelephony({ apiKey: 'key', signingKey }),
  createOther: () => createAcmeTelephony({ apiKey: 'other-key', signingKey }),
  webhook: {
    request: () =>
      createAcmeWebhook(signingKey, publicUrl, {
        event: 'incoming',
        call: 'call-1',
        from: '+15550100',
        to: '+15550101',
        direction: 'inbound',
      }),
    context: { publicUrl },
    expects: 'call-incoming',
  },
});
