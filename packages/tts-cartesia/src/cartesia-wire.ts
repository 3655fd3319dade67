// Cartesia's address, requests, messages and refusals. https://docs.cartesia.ai/api-reference/tts/websocket
import { type AudioFormat, classOfHttpStatus, ProviderError, type TimedText } from '@voicewire/core/adapter';
import * as z from 'zod';
import type { CartesiaSettings } from './cartesia-options.js';

export const owner = { provider: 'cartesia', stage: 'tts' } as const;

/** The version of the API whose messages are read here. */
const apiVersion = '2026-08-14';

export function connectionHeaders(apiKey: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${apiKey}`, 'cartesia-version': apiVersion };
}

export function socketUrl({ baseUrl }: CartesiaSettings): URL {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/tts/websocket`;
  return url;
}

export interface Speaker {
  readonly voice: string | undefined;
  readonly language: string | undefined;
  readonly format: AudioFormat;
}

const encodings = { mulaw: 'pcm_mulaw', alaw: 'pcm_alaw', pcm_s16le: 'pcm_s16le' } as const;

/** What every request of a context repeats: Cartesia refuses one that differs from the first. */
export function requestFields(settings: CartesiaSettings, { voice, language, format }: Speaker): object {
  const { encoding, sampleRate } = format;
  return {
    ...settings.parameters,
    model_id: settings.model,
    voice: { mode: 'id', id: voice ?? settings.voice },
    language: (language ?? settings.language)?.split('-')[0]?.toLowerCase(),
    output_format: { container: 'raw', encoding: encodings[encoding], sample_rate: sampleRate },
    generation_config: settings.generationConfig,
    max_buffer_delay_ms: settings.maxBufferDelayMs,
    add_timestamps: true,
    // Words as they were written: they are looked for in our text.
    use_normalized_timestamps: false,
  };
}

/** One piece of a context's text. */
export interface Input {
  readonly transcript: string;
  /** More may follow. */
  readonly continue: boolean;
  readonly flush?: true;
}

const messageSchema = z.object({
  type: z.string(),
  context_id: z.string().nullish(),
  data: z.string().nullish(),
  word_timestamps: z
    .object({ words: z.array(z.string()), start: z.array(z.number()), end: z.array(z.number()) })
    .nullish(),
  status_code: z.number().nullish(),
  error_code: z.string().nullish(),
});

/** What a message says about its context. Word times count from the context's first sample. */
export interface ContextNews {
  readonly context: string;
  readonly audio: Uint8Array;
  readonly words: readonly TimedText[];
  /** All of it was spoken. */
  readonly isDone: boolean;
  readonly error: ProviderError | undefined;
}

/** Throws for what can't be read, and for an error that names no context. A type nobody knows says nothing. */
export function readMessage(data: unknown): ContextNews {
  const message = messageSchema.parse(data);
  const { words = [], start = [], end = [] } = message.word_timestamps ?? {};
  const error = message.type === 'error' ? messageError(message) : undefined;
  if (error !== undefined && typeof message.context_id !== 'string') throw error;
  return {
    context: message.context_id ?? '',
    audio: Buffer.from(message.type === 'chunk' ? (message.data ?? '') : '', 'base64'),
    words: words.map((text, index) => ({
      text,
      startMs: (start[index] ?? 0) * 1000,
      endMs: (end[index] ?? 0) * 1000,
    })),
    isDone: message.type === 'done',
    error,
  };
}

function messageError({ status_code, error_code }: z.infer<typeof messageSchema>): ProviderError {
  const status = status_code ?? 500;
  const detail = codeOf(error_code);
  const message = `cartesia could not speak (${status}${detail === undefined ? '' : `, ${detail}`}).`;
  return new ProviderError({ ...owner, class: classOfHttpStatus(status), status, message });
}

/** The code in an HTTP error; its prose is not passed on. */
export function readRefusal(body: string): { readonly detail: string | undefined } {
  return { detail: codeOf(/"error_code"\s*:\s*"([^"]*)"/.exec(body)?.[1]) };
}

function codeOf(code: string | null | undefined): string | undefined {
  return /^[a-z_]{1,60}$/.exec(code ?? '')?.[0];
}
