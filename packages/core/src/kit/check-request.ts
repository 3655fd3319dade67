// Whether an adapter declared what a call asks of it; if not, a ConfigError with every problem, before anything connects.
import { describeFormat } from '../audio/format.js';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SttCapabilities, SttRequest } from '../spec/stt.js';
import type { TtsCapabilities, TtsRequest } from '../spec/tts.js';

/** Throws `ConfigError` for a format, language, key terms or diarization that `capabilities` do not promise. */
export function checkSttRequest(
  provider: string,
  capabilities: SttCapabilities,
  request: Pick<SttRequest, 'format' | 'language' | 'keyterms' | 'diarize'>,
): void {
  const { format, language, keyterms = [], diarize = false } = request;
  refuse(provider, [
    ...formatProblems(provider, capabilities.formats, format),
    ...languageProblems(provider, capabilities.languages, language),
    ...(keyterms.length > 0 && !capabilities.keyterms
      ? [unsupported(provider, 'keyterms', 'key terms')]
      : []),
    ...(diarize && !capabilities.diarization
      ? [unsupported(provider, 'diarize', 'telling speakers apart')]
      : []),
  ]);
}

/** Throws `ConfigError` for a format that `capabilities` do not promise. */
export function checkTtsRequest(
  provider: string,
  capabilities: TtsCapabilities,
  request: Pick<TtsRequest, 'format'>,
): void {
  refuse(provider, formatProblems(provider, capabilities.formats, request.format));
}

function refuse(provider: string, problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems, { provider });
}

function formatProblems(
  provider: string,
  formats: readonly AudioFormat[],
  format: AudioFormat,
): readonly ConfigProblem[] {
  const found = describeFormat(format);
  const allowed = formats.map(describeFormat);
  if (allowed.includes(found)) return [];
  const message = `${provider}: this audio format is not offered`;
  return [{ code: 'config.audio_format', path: 'format', message, found, allowed: allowed.join(', ') }];
}

/** A provider that takes `en` takes `en-GB`. */
function languageProblems(
  provider: string,
  languages: readonly string[] | undefined,
  language: string | undefined,
): readonly ConfigProblem[] {
  if (languages === undefined || language === undefined) return [];
  const asked = language.toLowerCase();
  if (languages.some((tag) => `${asked}-`.startsWith(`${tag.toLowerCase()}-`))) return [];
  const message = `${provider}: this language is not offered`;
  return [
    { code: 'config.language', path: 'language', message, found: language, allowed: languages.join(', ') },
  ];
}

function unsupported(provider: string, path: string, what: string): ConfigProblem {
  return {
    code: 'config.unsupported',
    path,
    message: `${provider}: ${what} can't be asked for with these options`,
  };
}
