// ElevenLabs' addresses, messages and refusals. https://elevenlabs.io/docs/api-reference/text-to-speech
import { type AudioFormat, type ErrorClass, ProviderError, type TimedText } from '@voicewire/core/adapter';
import * as z from 'zod';
import type { ElevenLabsSettings } from './elevenlabs-options.js';

export const owner = { provider: 'elevenlabs', stage: 'tts' } as const;

export interface Speaker {
  readonly voice: string;
  readonly language: string | undefined;
  readonly format: AudioFormat;
}

const encodings = { mulaw: 'ulaw', alaw: 'alaw', pcm_s16le: 'pcm' } as const;

type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

export function speechUrl(
  settings: ElevenLabsSettings,
  { voice, format }: Speaker,
  endpoint: string,
  own: Parameters = {},
): URL {
  const url = new URL(settings.baseUrl);
  const path = `v1/text-to-speech/${encodeURIComponent(voice)}/${endpoint}`;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  const output_format = `${encodings[format.encoding]}_${format.sampleRate}`;
  const parameters: Parameters = { ...settings.parameters, ...own, output_format };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

/** Only some models can be told a language; the others hear it from the text and refuse to be told. */
export function modelOf({ model }: ElevenLabsSettings, { language }: Speaker) {
  const canBeTold = /_v2_5$|_v3/.test(model);
  return { model_id: model, language_code: canBeTold ? language?.split('-')[0]?.toLowerCase() : undefined };
}

/** Names of two words changed their spelling between versions of the contract. */
const messageSchema = z.object({
  audio: z.string().nullish(),
  isFinal: z.boolean().nullish(),
  is_final: z.boolean().nullish(),
  contextId: z.string().nullish(),
  context_id: z.string().nullish(),
  error: z.string().nullish(),
  alignment: z
    .object({
      chars: z.array(z.string()),
      charStartTimesMs: z.array(z.number()),
      charDurationsMs: z.array(z.number()).nullish(),
      charsDurationsMs: z.array(z.number()).nullish(),
    })
    .nullish(),
});

/** A message of the socket; times count from its own first sample. Throws for an error, and for what can't be read. */
export function readMessage(data: unknown) {
  const { audio, alignment, error, ...message } = messageSchema.parse(data);
  if (typeof error === 'string') throw sessionError(error);
  const startsMs = alignment?.charStartTimesMs ?? [];
  const lengthsMs = alignment?.charDurationsMs ?? alignment?.charsDurationsMs ?? [];
  const endsMs = startsMs.map((startMs, index) => startMs + (lengthsMs[index] ?? 0));
  return {
    context: message.contextId ?? message.context_id ?? '',
    audio: Buffer.from(audio ?? '', 'base64'),
    letters: toLetters(alignment?.chars ?? [], startsMs, endsMs),
    isFinal: message.isFinal ?? message.is_final ?? false,
  };
}

const lineSchema = z.object({
  audio_base64: z.string().nullish(),
  alignment: z
    .object({
      characters: z.array(z.string()),
      character_start_times_seconds: z.array(z.number()),
      character_end_times_seconds: z.array(z.number()),
    })
    .nullish(),
});

/** A line of the HTTP answer; times count from the first sample of all. */
export function readLine(data: unknown) {
  const { audio_base64: audio, alignment } = lineSchema.parse(data);
  const toMs = (seconds: number): number => seconds * 1000;
  const startsMs = alignment?.character_start_times_seconds.map(toMs) ?? [];
  const endsMs = alignment?.character_end_times_seconds.map(toMs) ?? [];
  return {
    audio: Buffer.from(audio ?? '', 'base64'),
    letters: toLetters(alignment?.characters ?? [], startsMs, endsMs),
  };
}

function toLetters(
  texts: readonly string[],
  startsMs: readonly number[],
  endsMs: readonly number[],
): readonly TimedText[] {
  return texts.map((text, index) => ({ text, startMs: startsMs[index] ?? 0, endMs: endsMs[index] ?? 0 }));
}

const classes: Readonly<Record<string, ErrorClass>> = {
  invalid_api_key: 'auth',
  quota_exceeded: 'quota',
  too_many_concurrent_requests: 'rate_limit',
  max_active_conversations: 'capacity',
  max_character_limit_exceeded: 'invalid_request',
  voice_not_found: 'invalid_request',
  input_timeout_exceeded: 'idle',
};

function sessionError(error: string): ProviderError {
  const detail = /^[a-z_]{1,60}$/.test(error) ? error : 'an error';
  const message = `elevenlabs ended the session with ${detail}.`;
  return new ProviderError({ ...owner, class: classes[detail] ?? 'unavailable', message });
}

/** By the name in an HTTP error, as `quota_exceeded` with status 401; its prose is not passed on. */
export function readRefusal(body: string): { class?: ErrorClass; readonly detail: string | undefined } {
  const detail = /"status"\s*:\s*"([a-z_]{1,60})"/.exec(body)?.[1];
  const known = classes[detail ?? ''];
  return known === undefined ? { detail } : { class: known, detail };
}
