// How Acme talks to an application: media messages, signed upgrades and webhooks.
import { type AudioFormat, hmac } from '@voicewire/core/adapter';
import type {
  CarrierCall,
  CarrierCommand,
  CarrierDialect,
  CarrierEvent,
  WireMessage,
} from '@voicewire/testing';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

/** Acme's side of the media protocol; the simulated carrier in `@voicewire/testing` does the rest. */
export function createAcmeCarrier(signingKey: string): CarrierDialect {
  return {
    provider: 'acme',
    inbound: telephone,
    outbound: telephone,
    frameMs: 20,
    clearReturnsMarks: true,
    namesStreams: true,
    upgradeHeaders: (url) => ({ 'acme-signature': sign(signingKey, url) }),
    connect: (call) => ({
      read: (message) => [read(message)],
      write: (event) => write(call, event).map((message) => JSON.stringify(message)),
    }),
  };
}

/** A webhook as Acme sends it: `event` over `url`. */
export function createAcmeWebhook(signingKey: string, url: string, event: object): Request {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', 'acme-signature': sign(signingKey, url + body) };
  return new Request(url, { method: 'POST', headers, body });
}

function sign(key: string, data: string): string {
  return hmac({ algorithm: 'sha256', key, data, encoding: 'hex' });
}

function read(message: WireMessage): CarrierCommand {
  if (typeof message !== 'string') return { type: 'unreadable', reason: 'binary' };
  const { event, data, name } = JSON.parse(message) as Readonly<Record<'event' | 'data' | 'name', string>>;
  switch (event) {
    case 'audio':
      return { type: 'audio', audio: Buffer.from(data, 'base64') };
    case 'mark':
      return { type: 'mark', name };
    case 'clear':
      return { type: 'clear' };
    default:
      return { type: 'unreadable', reason: event };
  }
}

function write(call: CarrierCall, event: CarrierEvent): readonly object[] {
  const stream = call.streamId;
  switch (event.type) {
    case 'start':
      return [{ event: 'start', call: call.callId, stream, token: call.token, parameters: call.parameters }];
    case 'audio':
      return [{ event: 'audio', stream, data: Buffer.from(event.audio).toString('base64') }];
    case 'dtmf':
      return [{ event: 'digit', stream, digit: event.digit }];
    case 'mark':
      return [{ event: 'mark', stream, name: event.name }];
    case 'stop':
      return [{ event: 'stop', stream }];
    case 'played':
    case 'transcript':
      return [];
  }
}
