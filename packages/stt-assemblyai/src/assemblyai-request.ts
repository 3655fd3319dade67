// Our requests as AssemblyAI's parameters, its refusals as our classes.
import type { ErrorClass, SttRequest } from '@voicewire/core/adapter';
import type { AssemblyAiSettings } from './assemblyai-options.js';

export const owner = { provider: 'assemblyai', stage: 'stt' } as const;

type Asked = Pick<SttRequest, 'format' | 'language' | 'keyterms' | 'diarize'>;

const english = 'universal-streaming-english';
const multilingual = 'universal-streaming-multilingual';

/** What the model understands; undefined where AssemblyAI publishes no list. */
export function languagesOf({ model = multilingual }: AssemblyAiSettings): readonly string[] | undefined {
  if (model === english) return ['en'];
  return [multilingual, 'u3-rt-pro'].includes(model) ? ['en', 'es', 'de', 'fr', 'pt', 'it'] : undefined;
}

/** AssemblyAI names languages by the first part of a BCP 47 tag. */
export function languageCode(language: string | undefined): string | undefined {
  return language?.split('-', 1)[0]?.toLowerCase();
}

/** https://www.assemblyai.com/docs/api-reference/streaming-api/universal-streaming */
export function listenUrl(settings: AssemblyAiSettings, asked: Asked): URL {
  const language = languageCode(asked.language ?? settings.language);
  const model = settings.model ?? (language === undefined || language === 'en' ? english : multilingual);
  const url = new URL(settings.baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v3/ws`;
  const parameters = {
    // Models of many languages say which one they heard; only the latest can be told.
    language_detection: model === english ? undefined : true,
    language_codes: language !== undefined && model.startsWith('universal-3') ? [language] : undefined,
    // They would say nothing until a pause, and be taken for dead.
    continuous_partials: isThirdGeneration(model) ? true : undefined,
    keyterms_prompt: asked.keyterms?.length ? asked.keyterms : undefined,
    speaker_labels: asked.diarize ? true : undefined,
    ...settings.parameters,
    speech_model: model,
    encoding: asked.format.encoding === 'mulaw' ? 'pcm_mulaw' : 'pcm_s16le',
    sample_rate: asked.format.sampleRate,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    url.searchParams.set(name, Array.isArray(value) ? JSON.stringify(value) : String(value));
  }
  return url;
}

/** Recordings stay in the region of live speech unless they are sent elsewhere. */
export function restUrls({ baseUrl, recordingsUrl }: AssemblyAiSettings) {
  const toRest = (url: string): string => url.replace(/^ws/, 'http').replace(/\/+$/, '');
  const tokens = toRest(baseUrl);
  return { tokens, recordings: toRest(recordingsUrl ?? tokens.replace('//streaming.', '//api.')) };
}

/** Older models end a turn as they heard it, then again formatted; those of the third generation do both at once. */
export function formatsLater({ model = english, parameters }: AssemblyAiSettings): boolean {
  return !isThirdGeneration(model) && String(parameters['format_turns']) === 'true';
}

/** A turn that ends by itself does so after at least so much silence. */
export function minSilenceMs({ model = english, parameters }: AssemblyAiSettings): number {
  return Number(parameters['min_turn_silence'] ?? (isThirdGeneration(model) ? 100 : 400)) || 0;
}

function isThirdGeneration(model: string): boolean {
  return /^(u|universal-)3/.test(model);
}

/**
 * Codes of closes and of `Error` messages; from 4000 on they are of the older protocol.
 * https://www.assemblyai.com/docs/streaming/common-session-errors-and-closures
 */
const codes: readonly (readonly [ErrorClass, readonly number[]])[] = [
  ['auth', [4001]],
  ['quota', [4002, 4003]],
  ['rate_limit', [3009, 4102]],
  ['idle', [4031]],
  // Among them pieces of the wrong length, and more audio than time has passed: mistakes of ours.
  ['invalid_request', [3006, 3007, 4000, 4029, 4032, 4033, 4034, 4101]],
];

/** 1008 is a wrong key, an empty account or one session too many: only its prose tells which. */
export function classOf(code: number, prose: string): ErrorClass | undefined {
  if (code !== 1008) return codes.find(([, of]) => of.includes(code))?.[0];
  if (/too many|concurrent/i.test(prose)) return 'rate_limit';
  return isUnpaid(prose) ? 'quota' : 'auth';
}

export function isUnpaid(prose: string): boolean {
  return /balance|funds|credit|billing/i.test(prose);
}
