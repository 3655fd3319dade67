// The factory: settings, what Cartesia can do, and the session over its socket.
import {
  checkTtsRequest,
  healthKey,
  loadApiKey,
  openTtsSession,
  parseOptions,
  type TtsAdapter,
  type TtsCapabilities,
} from '@voicewire/core/adapter';
import { cartesiaOptionsSchema, type CartesiaTtsOptions } from './cartesia-options.js';
import { openSpeechSocket } from './cartesia-socket.js';
import { connectionHeaders, owner } from './cartesia-wire.js';

const { provider } = owner;
const pcm = (sampleRate: number) => ({ encoding: 'pcm_s16le', sampleRate, channels: 1 }) as const;

const capabilities: TtsCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000, channels: 1 },
    ...[8000, 16_000, 22_050, 24_000, 44_100, 48_000].map(pcm),
  ],
  wordTimings: true,
  textStreaming: true,
  // What the smallest plan speaks at once, over all its calls.
  concurrentUtterances: 2,
  idleLimitMs: 300_000,
};

/**
 * Cartesia: text is spoken while it is written, over one socket for all utterances of a session, and each word is timed.
 * Throws `ConfigError` for wrong options or a missing key, and from `connect` for a format that is not declared.
 * https://docs.cartesia.ai/api-reference/tts/websocket
 */
export function createCartesiaTts(options: CartesiaTtsOptions = {}): TtsAdapter {
  const settings = parseOptions(provider, cartesiaOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'CARTESIA_API_KEY', provider });
  const headers = connectionHeaders(apiKey);
  return {
    kind: 'tts',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    connect: (request) => {
      checkTtsRequest(provider, capabilities, request);
      const { voice, language, format, clock } = request;
      return openTtsSession({
        provider,
        request,
        concurrentUtterances: capabilities.concurrentUtterances,
        start: (status) =>
          openSpeechSocket(settings, { voice, language, format }, { headers, clock }, status),
      });
    },
  };
}
