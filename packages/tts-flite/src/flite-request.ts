// What a call may ask for. Everything else is a ConfigError, before anything is started.
import { type AudioFormat, ConfigError } from '@voicewire/core/adapter';
import { type FliteVoice, fliteVoices } from './flite-options.js';

export const fliteFormats: readonly AudioFormat[] = [
  { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 8_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 },
];

/** Its voices read any text as if it were English. */
export function checkLanguage(language: string | undefined): void {
  if (language === undefined || /^en(-|$)/i.test(language)) return;
  const message = 'flite: it speaks English only';
  throw refusal({
    code: 'config.language',
    path: 'language',
    message,
    found: quote(language),
    allowed: 'en, en-*',
  });
}

/** Whoever was asked for, else the voice recorded at the format's rate. */
export function chooseVoice(wanted: string | undefined, format: AudioFormat): FliteVoice {
  if (wanted === undefined) return format.sampleRate === 8_000 ? 'kal' : 'rms';
  const voice = fliteVoices.find((name) => name === wanted);
  if (voice !== undefined) return voice;
  const message = 'flite: there is no such voice';
  const allowed = fliteVoices.join(', ');
  throw refusal({ code: 'config.invalid_option', path: 'voice', message, found: quote(wanted), allowed });
}

function refusal(problem: ConstructorParameters<typeof ConfigError>[0]): ConfigError {
  return new ConfigError(problem, { provider: 'flite' });
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 40));
}
