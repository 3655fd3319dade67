// The factory: settings, what Acme can do, and its three sides: webhooks, media, commands.
import {
  type AudioFormat,
  healthKey,
  loadApiKey,
  parseOptions,
  type TelephonyAdapter,
  type TelephonyCapabilities,
} from '@voicewire/core/adapter';
import { openCall } from './acme-call.js';
import { acmeOptionsSchema, type AcmeAccount, type AcmeTelephonyOptions } from './acme-options.js';
import { createCallControl } from './acme-rest.js';
import { verifySignature } from './acme-signature.js';
import { readWebhook } from './acme-webhook.js';

const provider = 'acme';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

const capabilities: TelephonyCapabilities = {
  inbound: [telephone],
  outbound: [telephone],
  frameMs: 20,
  pacing: 'carrier',
  marks: 'played',
  clear: true,
  clearReturnsMarks: true,
  dtmfIn: true,
  dtmfOut: false,
  tracks: ['caller'],
  transcripts: false,
  control: {
    dial: true,
    hangup: true,
    transfer: true,
    warmTransfer: false,
    hold: false,
    recording: false,
    sendDtmf: false,
    redirect: true,
    status: false,
  },
};

/**
 * Acme's calls: signed webhooks, media over a WebSocket that Acme opens, commands by REST. Connects to nothing by
 * itself. Throws `ConfigError` for wrong options or a missing key. https://docs.acme.example/calls
 */
export function createAcmeTelephony(options: AcmeTelephonyOptions = {}): TelephonyAdapter {
  const { baseUrl, ...keys } = parseOptions(provider, acmeOptionsSchema, options);
  const account: AcmeAccount = {
    apiKey: loadApiKey({ apiKey: keys.apiKey, envVar: 'ACME_API_KEY', provider }),
    signingKey: loadApiKey({ apiKey: keys.signingKey, envVar: 'ACME_SIGNING_KEY', provider }),
    baseUrl,
  };
  return {
    kind: 'telephony',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, baseUrl, account.apiKey),
    capabilities,
    webhook: (request, context) => readWebhook(account, request, context),
    media: {
      transport: 'websocket',
      role: 'accept',
      verifyUpgrade: ({ publicUrl, headers }) =>
        verifySignature({
          key: account.signingKey,
          signature: headers['acme-signature'],
          url: publicUrl,
          body: '',
        }),
      open: openCall,
    },
    control: createCallControl(account),
  };
}
