// The factory: settings and what each family of models can do.
import {
  checkSttRequest,
  healthKey,
  loadApiKey,
  openWebSocketStream,
  parseOptions,
  type SttAdapter,
  type SttCapabilities,
} from '@voicewire/core/adapter';
import { fluxProtocol } from './deepgram-flux-wire.js';
import { deepgramOptionsSchema, type DeepgramSttOptions, isFlux } from './deepgram-options.js';
import { listenUrl, owner, readVerdict } from './deepgram-request.js';
import { transcribe } from './deepgram-transcribe.js';
import { novaProtocol } from './deepgram-wire.js';

const { provider } = owner;
const pcm = (sampleRate: number) => ({ encoding: 'pcm_s16le', sampleRate, channels: 1 }) as const;

const novaCapabilities: SttCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000, channels: 1 },
    ...[8000, 16_000, 24_000, 44_100, 48_000].map(pcm),
  ],
  timing: 'word',
  partials: true,
  flush: true,
  speechEvents: true,
  turnEvents: false,
  diarization: true,
  keyterms: true,
  // Faster audio may be refused.
  maxReplayRate: 1.25,
};

const fluxCapabilities: SttCapabilities = {
  ...novaCapabilities,
  // A turn's window begins where the last one ended, not where speech does.
  timing: 'none',
  // ForceEndTurn is not in the published contract, and where it is not enabled it ends the session.
  flush: false,
  turnEvents: true,
  diarization: false,
  // There is no keep-alive, and silence sent in its place would shift all times.
  idleLimitMs: 10_000,
};

/**
 * Deepgram: live speech over `/v1/listen`, or over `/v2/listen` with a `flux-…` model, which tells turns; recordings over
 * REST. Throws `ConfigError` for wrong options or a missing key, and from `open` for what is not declared.
 * https://developers.deepgram.com
 */
export function createDeepgramStt(options: DeepgramSttOptions = {}): SttAdapter {
  const settings = parseOptions(provider, deepgramOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'DEEPGRAM_API_KEY', provider });
  const capabilities = isFlux(settings) ? fluxCapabilities : novaCapabilities;
  const adapter: SttAdapter = {
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
        headers: { Authorization: `Token ${apiKey}` },
        clock: request.clock,
        signal: request.signal,
        onAttempt: request.onAttempt,
        readVerdict,
        ...(isFlux(settings) ? fluxProtocol() : novaProtocol()),
      });
    },
  };
  // Flux takes no recordings.
  if (isFlux(settings)) return adapter;
  return {
    ...adapter,
    transcribe: async (request) => {
      checkSttRequest(provider, capabilities, request);
      return transcribe(settings, apiKey, request);
    },
  };
}
