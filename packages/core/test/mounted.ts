// For tests: a mounted Voicewire on plain node:http, a fake carrier that calls it, scripted everything else.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import {
  createTwilioCarrier,
  startTwilioFake,
  type FakeCall,
  type TwilioFake,
} from '@voicewire/telephony-twilio/fake';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  readWords,
  speechSound,
} from '@voicewire/testing';
import { WebSocket } from 'ws';
import { signatureHeaders } from '../../telephony-twilio/src/fake-webhook.js';
import { createVoicewire, nodeListener, type CallRecord, type Voicewire } from '../src/index.js';
import type { VoicewireOptions } from '../src/mount/mount.js';

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const msPerChar = 40;

export interface Mounted {
  readonly fake: TwilioFake;
  readonly voicewire: Voicewire;
  readonly url: string;
  readonly over: readonly CallRecord[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** The server's ends of media sockets. */
  readonly sockets: readonly Duplex[];
  call(): FakeCall;
  close(): Promise<void>;
}

export async function mount(options: Partial<VoicewireOptions> = {}): Promise<Mounted> {
  const fake = await startTwilioFake();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { accountSid, authToken, url: baseUrl } = fake;
  const voicewire = createVoicewire({
    publicUrl: url,
    telephony: [createTwilioTelephony({ accountSid, authToken, baseUrl })],
    stt: createScriptedStt({ pauseMs: 200 }),
    llm: createScriptedLlm({ responses: () => 'on its way' }),
    tts: createScriptedTts({ msPerChar }),
    agent: { name: 'shop', instructions: 'Answer.', greeting: 'hello' },
    ...options,
  });
  const over: CallRecord[] = [];
  const warnings: { code: string; message: string }[] = [];
  const sockets: Duplex[] = [];
  voicewire.on('call-over', (record) => over.push(record));
  voicewire.on('warning', (warning) => warnings.push(warning));
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => {
    request(incoming, response);
  });
  server.on('upgrade', (incoming, socket: Duplex, head) => {
    sockets.push(socket);
    upgrade(incoming, socket, head);
  });
  return {
    fake,
    voicewire,
    url,
    over,
    warnings,
    sockets,
    call: () => fake.call({ from: '+14155550100', to: '+14155550199', url: `${url}/voicewire/twilio/voice` }),
    async close() {
      await fake.close();
      await voicewire.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function heardBy(call: FakeCall): string {
  return readWords(call.heard, telephone)
    .map(({ text }) => text)
    .join(' ');
}

export async function say(call: FakeCall, text: string): Promise<void> {
  await call.speak(speechSound(text, telephone, msPerChar));
}

/** A carrier's first message that matters. */
export const startMessage = (token: string | undefined, callSid = 'CA1'): string =>
  JSON.stringify({
    event: 'start',
    sequenceNumber: '1',
    streamSid: 'MZ1',
    start: {
      accountSid: 'AC1',
      streamSid: 'MZ1',
      callSid,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: token === undefined ? {} : { token },
    },
  });

/** A media socket whose upgrade is signed, as the carrier's is. */
export async function openSocket({
  fake,
  url,
}: Mounted): Promise<{ socket: WebSocket; closed: Promise<number> }> {
  const mediaUrl = `${url.replace('http', 'ws')}/voicewire/twilio/media`;
  const socket = new WebSocket(mediaUrl, {
    headers: createTwilioCarrier(fake).upgradeHeaders?.(mediaUrl) ?? {},
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, closed };
}

/** Announces a call by webhook and gives the token of its instructions. */
export async function announce(
  { fake, url }: Mounted,
  callSid = 'CA1',
  name = 'voice',
  status = 'ringing',
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const webhookUrl = `${url}/voicewire/twilio/${name}`;
  const parties = { Direction: 'inbound', From: '+14155550100', To: '+1' };
  const form = { CallSid: callSid, CallStatus: status, ...parties, ...more };
  const response = await fetch(webhookUrl, {
    method: 'POST',
    headers: signatureHeaders(fake, webhookUrl, form),
    body: new URLSearchParams(form),
  });
  return response.text();
}

export const tokenIn = (twiml: string): string | undefined => /name="token" value="([^"]+)"/.exec(twiml)?.[1];
