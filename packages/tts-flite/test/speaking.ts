// How the tests speak and listen: sessions that end with their test, a clause from its text to its end, the loudness of audio.
import type {
  AudioFormat,
  SpeakOptions,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
  TtsWord,
} from '@voicewire/core/adapter';
import { createFliteTts, type FliteTtsOptions } from '../src/index.js';

export const mulaw8k: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
export const alaw8k: AudioFormat = { encoding: 'alaw', sampleRate: 8_000, channels: 1 };
export const pcm8k: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 8_000, channels: 1 };
export const pcm16k: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };

const sessions = new Set<TtsSession>();

/** At 16 kHz unless asked otherwise. */
export function connect(request: Partial<TtsRequest> = {}, options: FliteTtsOptions = {}): TtsSession {
  const session = createFliteTts(options).connect({
    format: pcm16k,
    signal: new AbortController().signal,
    ...request,
  });
  sessions.add(session);
  return session;
}

/** For `afterEach`. */
export function closeSessions(): void {
  for (const session of sessions) session.close();
  sessions.clear();
}

/** An utterance with nothing written to it. */
export function open(session: TtsSession, options: Partial<SpeakOptions> = {}): TtsUtterance {
  return session.speak({ bufferedMs: () => 0, signal: new AbortController().signal, ...options });
}

export function begin(session: TtsSession, text: string, options: Partial<SpeakOptions> = {}): TtsUtterance {
  const utterance = open(session, options);
  utterance.write(text);
  utterance.end();
  return utterance;
}

export async function listen(utterance: TtsUtterance): Promise<TtsEvent[]> {
  const events: TtsEvent[] = [];
  for await (const event of utterance) events.push(event);
  return events;
}

export interface Spoken {
  readonly words: readonly TtsWord[];
  readonly audio: Buffer;
}

export async function hear(utterance: TtsUtterance): Promise<Spoken> {
  const events = await listen(utterance);
  return {
    words: events.flatMap((event) => (event.type === 'words' ? event.words : [])),
    audio: Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : []))),
  };
}

/** What an utterance fails with; undefined when it does not. */
export async function failureOf(utterance: TtsUtterance): Promise<unknown> {
  return listen(utterance).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Of 16-bit audio. */
export function durationOf(audio: Buffer, { sampleRate }: AudioFormat): number {
  return (audio.length / 2 / sampleRate) * 1_000;
}

/** Root mean square of 16-bit audio between two times. */
export function loudness(audio: Buffer, { sampleRate }: AudioFormat, startMs: number, endMs: number): number {
  const first = Math.floor((startMs / 1_000) * sampleRate);
  const last = Math.min(Math.floor((endMs / 1_000) * sampleRate), audio.length / 2);
  let sum = 0;
  for (let sample = first; sample < last; sample += 1) sum += audio.readInt16LE(sample * 2) ** 2;
  return Math.sqrt(sum / (last - first));
}
