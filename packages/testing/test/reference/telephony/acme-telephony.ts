// The factory: settings, capabilities, wiring.
import {
  healthKey,
  loadApiKey,
  parseOptions,
  sendHttpRequest,
  type TelephonyAdapter,
  type TelephonyCapabilities,
} from '@voicewire/core/adapter';
import { format, frameMs, openAcmeCall } from './acme-call.js';
import { acmeOptionsSchema, type AcmeTelephonyOptions } from './acme-options.js';
import { checkSignature, signatureHeader } from './acme-signature.js';
import { readWebhook } from './acme-webhook.js';

const provider = 'acme';

const capabilities: TelephonyCapabilities = {
  inbound: [format],
  outbound: [format],
  frameMs,
  pacing: 'carrier',
  marks: 'played',
  clearReturnsMarks: true,
  clear: true,
  dtmfIn: true,
  dtmfOut: true,
  tracks: ['caller'],
  transcripts: true,
  control: {
    dial: false,
    hangup: true,
    transfer: false,
    warmTransfer: false,
    hold: false,
    recording: false,
    sendDtmf: false,
    redirect: false,
    status: false,
  },
};

/** Calls through Acme. Throws `ConfigError` for wrong options or a missing key. */
export function createAcmeTelephony(options: AcmeTelephonyOptions = {}): TelephonyAdapter {
  const settings = parseOptions(provider, acmeOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ACME_API_KEY', provider });
  return {
    kind: 'telephony',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    webhook: (request, context) => readWebhook(apiKey, request, context),
    media: {
      transport: 'websocket',
      role: 'accept',
      verifyUpgrade: ({ publicUrl, headers }) =>
        checkSignature(apiKey, publicUrl, new Uint8Array(), headers[signatureHeader]),
      open: openAcmeCall,
    },
    control: {
      async hangup(callId, signal) {
        const url = new URL(`/v1/calls/${encodeURIComponent(callId)}`, settings.baseUrl).href;
        await sendHttpRequest({
          provider,
          stage: 'telephony',
          url,
          method: 'DELETE',
          headers: { authorization: `Bearer ${apiKey}` },
          signal,
        });
      },
    },
  };
}
