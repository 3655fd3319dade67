// The Twilio adapter: its settings, and what Twilio is among the carriers of its dialect.
import { parseOptions, type TelephonyAdapter } from '@voicewire/core/adapter';
import { createDialectTelephony } from './dialect.js';
import { loadAccount, twilioOptionsSchema, type TwilioTelephonyOptions } from './twilio-options.js';

/**
 * Twilio Programmable Voice: signed webhooks in, TwiML out, Media Streams both ways (µ-law, 8 kHz, one channel), commands by
 * REST. Connects to nothing by itself. The account comes from the options, else from `TWILIO_ACCOUNT_SID` and
 * `TWILIO_AUTH_TOKEN`; throws `ConfigError` when it is in neither, and for options that are wrong.
 */
export function createTwilioTelephony(options: TwilioTelephonyOptions = {}): TelephonyAdapter {
  const settings = parseOptions('twilio', twilioOptionsSchema, options);
  const { accountSid, authToken } = loadAccount(settings);
  const { sid, secret } = settings.apiKey ?? { sid: accountSid, secret: authToken };
  return createDialectTelephony({
    provider: settings.name,
    accountSid,
    credentials: { username: sid, password: secret },
    baseUrl: settings.baseUrl,
    signingKey: authToken,
    signatureHeader: 'x-twilio-signature',
    formats: new Map([['audio/x-mulaw 8000 1', { encoding: 'mulaw', sampleRate: 8000, channels: 1 }]]),
    maxSkippedInRow: settings.maxSkippedInRow,
    maxBufferedBytes: settings.maxBufferedBytes,
  });
}
