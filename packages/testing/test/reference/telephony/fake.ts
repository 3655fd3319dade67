// How Acme talks to an application: media messages, signed upgrades and webhooks.
import type { AudioFormat } from '@voicewire/core/adapter';
import type {
  CarrierCall,
  CarrierCommand,
  CarrierConversation,
  CarrierDialect,
  CarrierEvent,
  WireMessage,
} from '@voicewire/testing';
import { sign, signatureHeader } from './acme-signature.js';

const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

interface ApplicationMessage {
  readonly type: 'audio' | 'mark' | 'clear' | 'keys';
  readonly stream: string;
  readonly audio: string;
  readonly id: string;
  readonly generation: number;
  readonly digits: string;
}

function read(streamId: string, message: WireMessage): CarrierCommand {
  if (typeof message !== 'string') return { type: 'unreadable', reason: 'binary' };
  const { type, stream, audio, id, generation, digits } = JSON.parse(message) as ApplicationMessage;
  if (stream !== streamId) return { type: 'unreadable', reason: 'another stream' };
  switch (type) {
    case 'audio':
      return { type, audio: Buffer.from(audio, 'base64') };
    case 'mark':
      return { type, name: JSON.stringify({ id, generation }) };
    case 'clear':
      return { type };
    case 'keys':
      return { type: 'dtmf', digits };
  }
}

function write(
  { callId, streamId: stream, token, parameters, tracks }: CarrierCall,
  event: CarrierEvent,
): object {
  switch (event.type) {
    case 'start':
      return { type: 'start', call: callId, stream, token, parameters, tracks };
    case 'audio':
      return {
        type: 'audio',
        stream,
        track: event.track,
        sequence: event.sequence,
        audio: Buffer.from(event.audio).toString('base64'),
      };
    case 'dtmf':
      return { type: 'key', stream, track: event.track, digit: event.digit };
    case 'mark':
      return { type: 'mark', stream, ...(JSON.parse(event.name) as object) };
    case 'played':
      return { type: 'played', stream, playedMs: event.playedMs };
    case 'transcript':
      return { type: 'text', stream, track: event.track, event: event.event };
    case 'stop':
      return { type: 'stop', stream };
  }
}

/** Acme as a carrier that signs with `apiKey`. */
export function createAcmeCarrier(apiKey: string): CarrierDialect {
  return {
    provider: 'acme',
    inbound: format,
    outbound: format,
    frameMs: 20,
    clearReturnsMarks: true,
    timesAudio: true,
    namesStreams: true,
    reportPlayedEveryMs: 100,
    upgradeHeaders: (url) => ({ [signatureHeader]: sign(apiKey, url, new Uint8Array()) }),
    connect: (call): CarrierConversation => ({
      read: (message) => [read(call.streamId, message)],
      write: (event) => [JSON.stringify(write(call, event))],
    }),
  };
}

/** An incoming call, as Acme announces it. */
export function announceCall(apiKey: string, publicUrl: string): Request {
  const body = JSON.stringify({ event: 'incoming', call: 'call-1', from: '+15550100', to: '+15550101' });
  const headers = {
    'content-type': 'application/json',
    [signatureHeader]: sign(apiKey, publicUrl, Buffer.from(body)),
  };
  return new Request('http://127.0.0.1:8080/webhooks/acme', { method: 'POST', headers, body });
}
