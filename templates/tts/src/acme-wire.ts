// How Acme's `/v1/speech` talks, as pure functions. https://docs.acme.example/speech
import {
  classOfHttpStatus,
  type ErrorClass,
  ProviderError,
  type SpeakOptions,
  type TtsRequest,
  type TtsWord,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeSettings } from './acme-options.js';

export function requestBody(
  settings: AcmeSettings,
  request: TtsRequest,
  speech: SpeakOptions,
  text: string,
): string {
  return JSON.stringify({
    text,
    voice: speech.voice ?? request.voice ?? settings.voice,
    language: speech.language ?? request.language,
    encoding: request.format.encoding === 'pcm_s16le' ? 'linear16' : request.format.encoding,
    sample_rate: request.format.sampleRate,
  });
}

const messageSchema = z.object({ type: z.string() });
const wordSchema = z.object({ from: z.number(), to: z.number(), start: z.number(), end: z.number() });
const audioSchema = z.object({ audio: z.base64(), words: z.array(wordSchema).nullish() });
const errorSchema = z.object({ status: z.number() });

export interface AcmeSpeech {
  readonly audio: Uint8Array;
  readonly words: readonly TtsWord[];
}

const nothing: AcmeSpeech = { audio: new Uint8Array(0), words: [] };

/** `done` proves the audio complete. A type nobody knows says nothing: Acme's new messages must not end our calls. */
export function readMessage(message: unknown): AcmeSpeech | 'done' {
  switch (parse(messageSchema, message).type) {
    case 'audio': {
      const { audio, words } = parse(audioSchema, message);
      return { audio: Buffer.from(audio, 'base64'), words: (words ?? []).map(toWord) };
    }
    case 'done':
      return 'done';
    case 'error':
      throw failure(classOfHttpStatus(parse(errorSchema, message).status), 'reported an error');
    default:
      return nothing;
  }
}

function toWord({ from, to, start, end }: z.infer<typeof wordSchema>): TtsWord {
  return { textStart: from, textEnd: to, startMs: toMs(start), endMs: toMs(end) };
}

/** A message that can't be read is not quoted. */
function parse<T>(schema: z.ZodType<T>, message: unknown): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  throw failure('protocol', 'sent a message that could not be read');
}

function failure(errorClass: ErrorClass, what: string): ProviderError {
  return new ProviderError({ provider: 'acme', stage: 'tts', class: errorClass, message: `acme ${what}.` });
}

/** Acme counts seconds from the first sample. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
