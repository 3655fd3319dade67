// Acme's protocol as pure functions: requests as its URL, our words as its frames, its messages as our events.
import type { SpeakOptions, TtsEvent, TtsRequest } from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeSettings } from './acme-options.js';

export function speakUrl({ baseUrl, voice }: AcmeSettings, request: TtsRequest): URL {
  const url = new URL('/v1/speak', baseUrl);
  url.searchParams.set('encoding', request.format.encoding);
  url.searchParams.set('sample_rate', String(request.format.sampleRate));
  url.searchParams.set('voice', request.voice ?? voice);
  if (request.language !== undefined) url.searchParams.set('language', request.language);
  return url;
}

export const frames = {
  text: (id: string, text: string, { voice, language }: SpeakOptions) =>
    JSON.stringify({ type: 'text', id, text, voice, language }),
  flush: (id: string) => JSON.stringify({ type: 'flush', id }),
  end: (id: string) => JSON.stringify({ type: 'end', id }),
  cancel: (id: string) => JSON.stringify({ type: 'cancel', id }),
  keepAlive: () => '{"type":"keep-alive"}',
} as const;

const wordSchema = z.object({
  textStart: z.number(),
  textEnd: z.number(),
  startMs: z.number(),
  endMs: z.number(),
});
const audioSchema = z.object({ id: z.string(), audio: z.base64(), words: z.array(wordSchema) });
const finalSchema = z.object({ id: z.string() });
const messageSchema = z.object({ type: z.string() });

/** What a message means to one utterance; undefined for what concerns none. */
export interface AcmeNews {
  readonly id: string;
  readonly events: readonly TtsEvent[];
  /** Everything has come. */
  readonly isFinal: boolean;
}

export function readNews(message: unknown): AcmeNews | undefined {
  switch (messageSchema.parse(message).type) {
    case 'audio': {
      const { id, audio, words } = audioSchema.parse(message);
      const sound: TtsEvent = { type: 'audio', audio: Buffer.from(audio, 'base64') };
      return { id, events: words.length === 0 ? [sound] : [{ type: 'words', words }, sound], isFinal: false };
    }
    case 'final':
      return { id: finalSchema.parse(message).id, events: [], isFinal: true };
    default:
      return undefined;
  }
}
