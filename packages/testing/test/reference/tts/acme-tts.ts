// The factory: settings, capabilities, wiring.
import {
  checkTtsRequest,
  healthKey,
  loadApiKey,
  parseOptions,
  type TtsAdapter,
  type TtsCapabilities,
} from '@voicewire/core/adapter';
import { acmeOptionsSchema, type AcmeTtsOptions } from './acme-options.js';
import { openSession } from './acme-session.js';
import { speakUrl } from './acme-wire.js';

const provider = 'acme';

const capabilities: TtsCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 },
  ],
  wordTimings: true,
  textStreaming: true,
  concurrentUtterances: 3,
};

/** Text to speech by Acme. Throws `ConfigError` for wrong options or a missing key, and from `connect` for what is not declared. */
export function createAcmeTts(options: AcmeTtsOptions = {}): TtsAdapter {
  const settings = parseOptions(provider, acmeOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ACME_API_KEY', provider });
  return {
    kind: 'tts',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    connect: (request) => {
      checkTtsRequest(provider, capabilities, request);
      const { concurrentUtterances } = capabilities;
      return openSession({ url: speakUrl(settings, request), apiKey, request, concurrentUtterances });
    },
  };
}
