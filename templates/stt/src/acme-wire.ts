// How Acme's `/v1/listen` talks, as pure functions. https://docs.acme.example/listen
import type { SttEvent, SttRequest } from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeSettings } from './acme-options.js';

export function listenUrl(settings: AcmeSettings, request: SttRequest): URL {
  const url = new URL('/v1/listen', settings.baseUrl);
  const { encoding, sampleRate } = request.format;
  url.searchParams.set('model', settings.model);
  url.searchParams.set('encoding', encoding === 'pcm_s16le' ? 'linear16' : encoding);
  url.searchParams.set('sample_rate', String(sampleRate));
  const language = request.language ?? settings.language;
  if (language !== undefined) url.searchParams.set('language', language);
  for (const term of request.keyterms ?? []) url.searchParams.append('term', term);
  return url;
}

export const flushFrame = (): string => '{"type":"flush"}';
export const finishFrame = (): string => '{"type":"finish"}';
/** Acme closes after ten seconds without a message. */
export const keepAliveFrame = (): string => '{"type":"keep_alive"}';

const messageSchema = z.object({ type: z.string() });
const wordSchema = z.object({
  text: z.string(),
  start: z.number(),
  end: z.number(),
  confidence: z.number().nullish(),
});
const transcriptSchema = z.object({
  is_final: z.boolean(),
  text: z.string(),
  start: z.number(),
  end: z.number(),
  words: z.array(wordSchema).nullish(),
});
const momentSchema = z.object({ at: z.number() });

/**
 * Undefined for a type nobody knows: Acme's new messages are counted and must not end our calls. One that can't be read throws.
 */
export function toEvents(message: unknown): readonly SttEvent[] | undefined {
  switch (messageSchema.parse(message).type) {
    case 'ready':
      return [{ type: 'ready' }];
    case 'speech_started':
      return [{ type: 'speech-start', atMs: toMs(momentSchema.parse(message).at) }];
    case 'speech_ended':
      return [{ type: 'speech-end', atMs: toMs(momentSchema.parse(message).at) }];
    case 'transcript':
      return [toTranscript(transcriptSchema.parse(message))];
    case 'flushed':
      return [{ type: 'flushed', settledMs: toMs(momentSchema.parse(message).at) }];
    default:
      return undefined;
  }
}

/** Acme's last message after `finish`. */
export function isDone(message: unknown): boolean {
  return messageSchema.parse(message).type === 'done';
}

function toTranscript(transcript: z.infer<typeof transcriptSchema>): SttEvent {
  const { text, start, end } = transcript;
  const times = { startMs: toMs(start), endMs: toMs(end) };
  if (!transcript.is_final) return { type: 'partial', text, ...times };
  const words = (transcript.words ?? []).map((word) => ({
    text: word.text,
    startMs: toMs(word.start),
    endMs: toMs(word.end),
    confidence: word.confidence ?? undefined,
  }));
  // A transcript's `end` is where Acme has decided up to, whether or not somebody spoke.
  return { type: 'final', text, ...times, settledMs: times.endMs, words };
}

/** Acme counts seconds from the first byte. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
