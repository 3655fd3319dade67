// The factory: settings, what Acme can do, and one request per utterance.
import {
  checkTtsRequest,
  healthKey,
  loadApiKey,
  openHttpStream,
  openTtsSession,
  parseNdjson,
  parseOptions,
  ProviderError,
  type TtsAdapter,
  type TtsCapabilities,
  type TtsFeed,
  type TtsLine,
  type TtsRequest,
} from '@voicewire/core/adapter';
import { acmeOptionsSchema, type AcmeSettings, type AcmeTtsOptions } from './acme-options.js';
import { readMessage, requestBody } from './acme-wire.js';

const provider = 'acme';
const owner = { provider, stage: 'tts' } as const;

const capabilities: TtsCapabilities = {
  formats: [
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 },
  ],
  wordTimings: true,
  // One request per utterance: core writes a clause and ends it.
  textStreaming: false,
  concurrentUtterances: 4,
};

/**
 * Acme's voices. Throws `ConfigError` for wrong options or a missing key, and from `connect` for what is not declared.
 * https://docs.acme.example/speech
 */
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
      return openTtsSession({
        provider,
        request,
        concurrentUtterances: capabilities.concurrentUtterances,
        start: (status) => {
          // The kit's pool keeps connections warm; there is none to wait for.
          status.ready();
          return createLine(settings, apiKey, request);
        },
      });
    },
  };
}

/** Each utterance is a request of its own. */
function createLine(settings: AcmeSettings, apiKey: string, request: TtsRequest): TtsLine {
  const url = new URL('/v1/speech', settings.baseUrl).href;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  let reading: Promise<void> | undefined;
  let readOn = (): void => undefined;

  /** Never rejects: what goes wrong is told to the feed. */
  async function ask(body: string, feed: TtsFeed, signal: AbortSignal): Promise<void> {
    try {
      const answer = await openHttpStream({ ...owner, url, headers, body, signal });
      for await (const message of parseNdjson(answer.body, owner)) {
        const news = readMessage(message);
        if (news === 'done') return feed.finish();
        // Words come before the audio they are in.
        feed.words(news.words);
        feed.audio(news.audio);
        await reading;
      }
      throw new ProviderError({
        ...owner,
        class: 'unavailable',
        message: 'acme ended the audio in the middle.',
      });
    } catch (error) {
      feed.fail(error);
    }
  }

  return {
    speak: (feed, speech) => {
      const controller = new AbortController();
      let text = '';
      return {
        write: (piece) => {
          text += piece;
        },
        // Nothing is spoken before the whole text is known.
        flush: () => undefined,
        end: () => void ask(requestBody(settings, request, speech, text), feed, controller.signal),
        close: () => controller.abort(),
      };
    },
    close: () => undefined,
    pause: () => {
      reading = new Promise((resolve) => (readOn = resolve));
    },
    resume: () => {
      reading = undefined;
      readOn();
    },
  };
}
