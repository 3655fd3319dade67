// What carriers that speak this dialect differ in, and the adapter that all of them are.
import { healthKey, type AudioFormat, type TelephonyAdapter } from '@voicewire/core/adapter';
import { openCall, trackLabels } from './twilio-call.js';
import { createCallControl } from './twilio-rest.js';
import { isUpgradeSigned } from './twilio-signature.js';
import { writeTwiml } from './twilio-twiml.js';
import { forged, readWebhook } from './twilio-webhook.js';

/** A carrier with Twilio's webhooks, TwiML, media messages and REST commands. */
export interface TwilioDialect {
  readonly provider: string;
  /** The account in the paths of commands. */
  readonly accountSid: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** What stands before `/2010-04-01` in the URLs of commands. */
  readonly baseUrl: string;
  /** What webhooks and upgrades are signed with. */
  readonly signingKey: string;
  /** In lower case. */
  readonly signatureHeader: string;
  /** What streams may carry, both ways, by encoding, rate and channels in start messages: `audio/x-mulaw 8000 1`. */
  readonly formats: ReadonlyMap<string, AudioFormat>;
  /** More attributes of the `<Stream>` element. */
  readonly streamAttributes?: Readonly<Record<string, string>> | undefined;
  /** Messages in a row that are of no use before a media socket is given up. */
  readonly maxSkippedInRow: number;
  /** Bytes of ours in a media socket's queue above which nothing is added to it. */
  readonly maxBufferedBytes: number;
}

/** The adapter for a carrier of this dialect. */
export function createDialectTelephony(dialect: TwilioDialect): TelephonyAdapter {
  const { provider, baseUrl, credentials, signingKey, signatureHeader } = dialect;
  const formats = [...dialect.formats.values()];
  const headers = { 'content-type': 'text/xml; charset=utf-8' };
  const respond: TelephonyAdapter['respond'] = (instructions) =>
    new Response(writeTwiml(dialect, instructions), { headers });
  return {
    kind: 'telephony',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, baseUrl, `${credentials.username}:${credentials.password}`),
    capabilities: {
      inbound: formats,
      outbound: formats,
      frameMs: 20,
      pacing: 'carrier',
      marks: 'played',
      clear: true,
      clearReturnsMarks: true,
      dtmfIn: true,
      dtmfOut: false,
      tracks: Object.values(trackLabels),
      transcripts: false,
      control: {
        dial: true,
        hangup: true,
        transfer: true,
        warmTransfer: false,
        hold: false,
        recording: true,
        sendDtmf: false,
        redirect: true,
        status: true,
      },
    },
    webhook: async (request, context) => ({ events: await readWebhook(dialect, request, context), respond }),
    respond,
    media: {
      transport: 'websocket',
      role: 'accept',
      verifyUpgrade({ publicUrl, headers }) {
        const signed = { key: signingKey, signature: headers[signatureHeader], url: publicUrl };
        if (!isUpgradeSigned(signed)) throw forged(dialect, 'media socket');
      },
      open: (options) => openCall(dialect, options),
    },
    control: createCallControl(dialect),
  };
}
