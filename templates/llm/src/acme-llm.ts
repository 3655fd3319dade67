// The factory: settings, what Acme can do, and one answer as a stream of parts.
import {
  checkLlmRequest,
  createLazyStream,
  healthKey,
  type LlmAdapter,
  type LlmCapabilities,
  type LlmPart,
  type LlmRequest,
  loadApiKey,
  openHttpStream,
  parseOptions,
  parseSse,
  ProviderError,
} from '@voicewire/core/adapter';
import { acmeOptionsSchema, type AcmeLlmOptions, type AcmeSettings } from './acme-options.js';
import { createAnswerReader, requestBody } from './acme-wire.js';

const provider = 'acme';
const capabilities: LlmCapabilities = {
  tools: true,
  parallelTools: true,
  responseSchema: true,
  prefill: false,
};
const owner = { provider, stage: 'llm' } as const;

/**
 * Acme's chat models. Throws `ConfigError` for wrong options or a missing key, and from `generate` for what is not
 * declared. https://docs.acme.example/chat
 */
export function createAcmeLlm(options: AcmeLlmOptions = {}): LlmAdapter {
  const settings = parseOptions(provider, acmeOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ACME_API_KEY', provider });
  return {
    kind: 'llm',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, settings.baseUrl, apiKey),
    capabilities,
    generate: (request) => {
      checkLlmRequest(provider, capabilities, request);
      return createLazyStream(request.signal, () => answer(settings, apiKey, request));
    },
  };
}

async function* answer(settings: AcmeSettings, apiKey: string, request: LlmRequest): AsyncGenerator<LlmPart> {
  const { body } = await openHttpStream({
    ...owner,
    url: new URL('/v1/chat', settings.baseUrl).href,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: requestBody(settings, request),
    signal: request.signal,
  });
  const read = createAnswerReader();
  let hasFinished = false;
  for await (const { data } of parseSse(body, owner)) {
    for (const part of read(data)) {
      hasFinished = part.type === 'finish';
      yield part;
    }
  }
  if (hasFinished) return;
  throw new ProviderError({
    ...owner,
    class: 'unavailable',
    message: 'acme ended its answer in the middle.',
  });
}
