// The factory: settings, what each transport can do, and the session over it.
import {
  checkTtsRequest,
  healthKey,
  loadApiKey,
  openTtsSession,
  parseOptions,
  type TtsAdapter,
  type TtsCapabilities,
} from '@voicewire/core/adapter';
import { openRequests } from './elevenlabs-http.js';
import { elevenLabsOptionsSchema, type ElevenLabsTtsOptions } from './elevenlabs-options.js';
import { inactivityMs, maxContexts, openVoiceSocket } from './elevenlabs-socket.js';
import { owner } from './elevenlabs-wire.js';

const { provider } = owner;
const pcm = (sampleRate: number) => ({ encoding: 'pcm_s16le', sampleRate, channels: 1 }) as const;

const socketCapabilities: TtsCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000, channels: 1 },
    ...[8000, 16_000, 22_050, 24_000, 44_100, 48_000].map(pcm),
  ],
  wordTimings: true,
  textStreaming: true,
  concurrentUtterances: maxContexts,
  idleLimitMs: inactivityMs,
};

const httpCapabilities: TtsCapabilities = {
  ...socketCapabilities,
  textStreaming: false,
  idleLimitMs: undefined,
};

/**
 * ElevenLabs: text is spoken while it is written, over one socket with a context for each utterance; by the v3 models, which
 * have no socket, with an HTTP request for each. Both tell when each word is said. Throws `ConfigError` for wrong options or
 * a missing key, and from `connect` for a format that is not declared. https://elevenlabs.io/docs
 */
export function createElevenLabsTts(options: ElevenLabsTtsOptions = {}): TtsAdapter {
  const settings = parseOptions(provider, elevenLabsOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ELEVENLABS_API_KEY', provider });
  const headers = { 'xi-api-key': apiKey };
  const isHttp =
    (settings.transport ?? (settings.model.startsWith('eleven_v3') ? 'http' : 'websocket')) === 'http';
  const capabilities = isHttp ? httpCapabilities : socketCapabilities;
  return {
    kind: 'tts',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    connect: (request) => {
      checkTtsRequest(provider, capabilities, request);
      return openTtsSession({
        provider,
        request,
        concurrentUtterances: capabilities.concurrentUtterances,
        oneVoicePerLine: true,
        start: (status, { voice = settings.voice, language = settings.language }) => {
          const speaker = { voice, language, format: request.format };
          if (!isHttp) return openVoiceSocket(settings, speaker, { headers, clock: request.clock }, status);
          status.ready();
          return openRequests(settings, speaker, headers);
        },
      });
    },
  };
}
