// A carrier for tests of the parts: no network, no real account.
import type { TwilioDialect } from '../src/dialect.js';

export const dialect: TwilioDialect = {
  provider: 'twilio',
  accountSid: 'AC00000000000000000000000000000001',
  credentials: { username: 'AC00000000000000000000000000000001', password: 'auth-token' },
  baseUrl: 'http://127.0.0.1:9',
  signingKey: 'auth-token',
  signatureHeader: 'x-twilio-signature',
  formats: new Map([
    ['audio/x-mulaw 8000 1', { encoding: 'mulaw', sampleRate: 8000, channels: 1 }],
    ['audio/x-l16 16000 1', { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 }],
  ]),
  maxSkippedInRow: 10,
  maxBufferedBytes: 16_384,
};
