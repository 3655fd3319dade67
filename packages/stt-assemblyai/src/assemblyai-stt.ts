// The factory: settings and what AssemblyAI can do.
import {
  checkSttRequest,
  healthKey,
  loadApiKey,
  openWebSocketStream,
  parseOptions,
  type SttAdapter,
  type SttCapabilities,
} from '@voicewire/core/adapter';
import { assemblyAiOptionsSchema, type AssemblyAiSttOptions } from './assemblyai-options.js';
import { inPieces } from './assemblyai-pieces.js';
import { classOf, languagesOf, listenUrl, owner } from './assemblyai-request.js';
import { transcribe } from './assemblyai-transcribe.js';
import { turnProtocol } from './assemblyai-wire.js';

const { provider } = owner;
const pcm = (sampleRate: number) => ({ encoding: 'pcm_s16le', sampleRate, channels: 1 }) as const;

const common: SttCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    ...[8000, 16_000, 24_000, 44_100, 48_000].map(pcm),
  ],
  timing: 'word',
  partials: true,
  flush: true,
  speechEvents: true,
  turnEvents: true,
  diarization: true,
  keyterms: true,
  // More audio than time has passed ends the session.
  maxReplayRate: 1,
  sessionLimitMs: 3 * 60 * 60 * 1000,
};

/**
 * AssemblyAI: live speech over `/v3/ws`, which tells turns; recordings over REST. Throws `ConfigError` for wrong options
 * or a missing key, and from `open` for what is not declared. https://www.assemblyai.com/docs
 */
export function createAssemblyAiStt(options: AssemblyAiSttOptions = {}): SttAdapter {
  const settings = parseOptions(provider, assemblyAiOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ASSEMBLYAI_API_KEY', provider });
  const capabilities = { ...common, languages: languagesOf(settings) };
  return {
    kind: 'stt',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    open: (request) => {
      const { clock, format, signal, onAttempt, language = settings.language } = request;
      checkSttRequest(provider, capabilities, { ...request, language });
      const stream = openWebSocketStream({
        provider,
        url: listenUrl(settings, request),
        headers: { Authorization: apiKey },
        clock,
        signal,
        onAttempt,
        readVerdict: (verdict) =>
          verdict.kind === 'closed' ? { class: classOf(verdict.code, verdict.reason) } : undefined,
        ...turnProtocol(format, settings),
      });
      return inPieces(stream, format);
    },
    transcribe: async (request) => {
      // Recordings are understood in many more languages than live speech.
      checkSttRequest(provider, common, request);
      return transcribe(settings, apiKey, request);
    },
  };
}
