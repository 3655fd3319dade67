import { describeTelephonyConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { createTwilioCarrier } from '../src/fake.js';
import { signatureHeaders } from '../src/fake-webhook.js';
import { createTwilioTelephony } from '../src/index.js';

const account = { accountSid: 'AC1', authToken: 'auth-token' };
const url = 'https://calls.example.com/voice';
const parameters = {
  CallSid: 'CA1',
  CallStatus: 'ringing',
  Direction: 'inbound',
  From: '+14155550100',
  To: '+14155550142',
};

describeTelephonyConformance({
  name: 'telephony-twilio',
  test: { describe, it },
  dialect: createTwilioCarrier(account),
  createAdapter: () => createTwilioTelephony(account),
  createOther: () => createTwilioTelephony({ ...account, authToken: 'other-token' }),
  webhook: {
    request: () =>
      new Request(url, {
        method: 'POST',
        headers: signatureHeaders(account, url, parameters),
        body: new URLSearchParams(parameters),
      }),
    context: { publicUrl: url },
    expects: 'call-incoming',
  },
});
