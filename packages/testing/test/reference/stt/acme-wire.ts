// Acme's protocol as pure functions: requests as its URL, our words as its frames, its messages as our events.
import type { SttEvent, SttFrames, SttRequest } from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeSettings } from './acme-options.js';

export function listenUrl(
  { baseUrl }: AcmeSettings,
  { format, language, keyterms, diarize }: SttRequest,
): URL {
  const url = new URL('/v1/listen', baseUrl);
  url.searchParams.set('encoding', format.encoding);
  url.searchParams.set('sample_rate', String(format.sampleRate));
  if (language !== undefined) url.searchParams.set('language', language);
  if (diarize) url.searchParams.set('diarize', 'true');
  for (const term of keyterms ?? []) url.searchParams.append('keyterm', term);
  return url;
}

export const frames: SttFrames = {
  audio: (audio) => audio,
  flush: () => '{"type":"flush"}',
  end: () => '{"type":"end"}',
};

const position = z.object({ atMs: z.number() });
const span = z.object({ text: z.string(), startMs: z.number(), endMs: z.number() });
const wordSchema = span.extend({ confidence: z.number().optional(), speaker: z.string().optional() });
const finalSchema = span.extend({
  settledMs: z.number(),
  words: z.array(wordSchema),
  confidence: z.number().optional(),
  language: z.string().optional(),
});
const turnEndSchema = position.extend({ eager: z.boolean(), confidence: z.number().optional() });
const flushedSchema = z.object({ settledMs: z.number() });
const messageSchema = z.object({ type: z.string() });

/** One switch over message types; undefined for one that we do not know. */
export function toEvents(message: unknown): readonly SttEvent[] | undefined {
  const { type } = messageSchema.parse(message);
  switch (type) {
    case 'ready':
      return [{ type }];
    case 'partial':
      return [{ type, ...span.parse(message) }];
    case 'final':
      return [{ type, ...finalSchema.parse(message) }];
    case 'flushed':
      return [{ type, ...flushedSchema.parse(message) }];
    case 'speech-start':
    case 'speech-end':
    case 'turn-resumed':
      return [{ type, ...position.parse(message) }];
    case 'turn-end':
      return [{ type, ...turnEndSchema.parse(message) }];
    default:
      return undefined;
  }
}

/** The message that proves everything has come. */
export function isGoodbye(message: unknown): boolean {
  return messageSchema.parse(message).type === 'goodbye';
}
