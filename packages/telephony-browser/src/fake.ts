// A page as the simulated carrier of tests: what it says on the wire and what it understands. Chromium plays the same part in this package's own tests.
import type {
  CarrierCall,
  CarrierCommand,
  CarrierConversation,
  CarrierDialect,
  CarrierEvent,
} from '@voicewire/testing';
import {
  audioKind,
  frameMs,
  headerBytes,
  type PageMessage,
  type PageTranscript,
  type ServerMessage,
} from './browser-wire.js';

export interface BrowserCarrierOptions {
  /** Hz on the wire: 8000, 16000, 24000 or 48000. Default 16000. */
  readonly sampleRate?: number | undefined;
}

/** Speaks as `createBrowserPhone` does, for `connectWireCaller` and the conformance suite. */
export function createBrowserCarrier({ sampleRate = 16_000 }: BrowserCarrierOptions = {}): CarrierDialect {
  const format = { encoding: 'pcm_s16le', sampleRate, channels: 1 } as const;
  return {
    provider: 'browser',
    inbound: format,
    outbound: format,
    frameMs,
    pacing: 'carrier',
    marks: 'played',
    clearReturnsMarks: false,
    timesAudio: true,
    reportPlayedEveryMs: 100,
    connect: (call) => openConversation(call, sampleRate),
    garbage: 'no message at all',
  };
}

function openConversation(call: CarrierCall, sampleRate: number): CarrierConversation {
  let clears = 0;

  function read(message: string | Uint8Array): readonly CarrierCommand[] {
    if (typeof message !== 'string') return [{ type: 'audio', audio: message }];
    const command = JSON.parse(message) as ServerMessage;
    if (command.type === 'mark')
      return [{ type: 'mark', name: JSON.stringify([command.id, command.generation]) }];
    if (command.type === 'ready') return [];
    clears = command.clears;
    return [{ type: 'clear' }];
  }

  function write(event: CarrierEvent): readonly (string | Uint8Array)[] {
    if (event.type === 'audio')
      return [toFrame(call.tracks.indexOf(event.track), event.sequence, event.audio)];
    const message = toMessage(event, call, { sampleRate, clears });
    return message ? [JSON.stringify(message)] : [];
  }

  return { read, write };
}

function toMessage(
  event: Exclude<CarrierEvent, { type: 'audio' }>,
  { callId, token, tracks, parameters }: CarrierCall,
  { sampleRate, clears }: { readonly sampleRate: number; readonly clears: number },
): PageMessage | undefined {
  switch (event.type) {
    case 'start':
      return { type: 'start', token, callId, sampleRate, tracks, parameters };
    case 'dtmf':
      return { type: 'dtmf', digit: event.digit };
    case 'mark': {
      const [id, generation] = JSON.parse(event.name) as [string, number];
      return { type: 'mark', id, generation };
    }
    case 'played':
      return { type: 'played', playedMs: event.playedMs, clears };
    case 'transcript':
      return isPageTranscript(event.event)
        ? { type: 'transcript', track: event.track, event: event.event }
        : undefined;
    case 'stop':
      return { type: 'stop' };
  }
}

function isPageTranscript(event: { readonly type: string }): event is PageTranscript {
  return ['speech-start', 'speech-end', 'turn-end', 'partial', 'final'].includes(event.type);
}

function toFrame(track: number, number: number, audio: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + audio.length);
  frame[0] = audioKind;
  frame[1] = Math.max(0, track);
  new DataView(frame.buffer).setUint32(4, number, true);
  frame.set(audio, headerBytes);
  return frame;
}
