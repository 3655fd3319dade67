// The factory: settings, capabilities, wiring.
import {
  checkSttRequest,
  healthKey,
  loadApiKey,
  openWebSocketStream,
  parseOptions,
  type SttAdapter,
  type SttCapabilities,
} from '@voicewire/core/adapter';
import { acmeOptionsSchema, type AcmeSttOptions } from './acme-options.js';
import { frames, isGoodbye, listenUrl, toEvents } from './acme-wire.js';

const provider = 'acme';

const capabilities: SttCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 },
  ],
  timing: 'word',
  partials: true,
  flush: true,
  speechEvents: true,
  turnEvents: true,
  diarization: true,
  keyterms: true,
  languages: ['en', 'de'],
  maxReplayRate: 2,
};

/** Live speech to text by Acme. Throws `ConfigError` for wrong options or a missing key, and from `open` for what is not declared. */
export function createAcmeStt(options: AcmeSttOptions = {}): SttAdapter {
  const settings = parseOptions(provider, acmeOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ACME_API_KEY', provider });
  return {
    kind: 'stt',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    open: (request) => {
      checkSttRequest(provider, capabilities, request);
      return openWebSocketStream({
        provider,
        url: listenUrl(settings, request),
        headers: { Authorization: `Bearer ${apiKey}` },
        clock: request.clock,
        signal: request.signal,
        onAttempt: request.onAttempt,
        frames,
        decode: toEvents,
        readyBy: 'message',
        isEnd: isGoodbye,
      });
    },
  };
}
