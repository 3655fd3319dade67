// The factory: settings, capabilities, wiring.
import {
  createLazyStream,
  healthKey,
  isVoiceError,
  loadApiKey,
  openHttpStream,
  parseOptions,
  parseSse,
  ProviderError,
  type LlmAdapter,
  type LlmPart,
  type LlmRequest,
} from '@voicewire/core/adapter';
import { acmeOptionsSchema, type AcmeLlmOptions } from './acme-options.js';
import { createReader, owner, toBody } from './acme-wire.js';

interface Endpoint {
  readonly url: string;
  readonly apiKey: string;
  readonly healthKey: string;
}

/** A message that is not what the protocol promises is the provider's failure. */
function read(reader: (data: string) => readonly LlmPart[], data: string): readonly LlmPart[] {
  try {
    return reader(data);
  } catch (error) {
    if (isVoiceError(error)) throw error;
    throw new ProviderError({
      ...owner,
      class: 'protocol',
      message: 'acme sent an event that could not be read.',
    });
  }
}

async function* answer(
  { url, apiKey, healthKey: key }: Endpoint,
  request: LlmRequest,
): AsyncGenerator<LlmPart> {
  const { body } = await openHttpStream({
    ...owner,
    url,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: toBody(request, key),
    signal: request.signal,
  });
  const reader = createReader(key);
  let hasFinished = false;
  for await (const { data } of parseSse(body, owner)) {
    if (data === '[DONE]') continue;
    for (const part of read(reader, data)) {
      hasFinished ||= part.type === 'finish';
      yield part;
    }
  }
  if (!hasFinished)
    throw new ProviderError({
      ...owner,
      class: 'protocol',
      message: 'acme ended its answer without finishing it.',
    });
}

/** Acme's language model. Throws `ConfigError` for wrong options or a missing key. */
export function createAcmeLlm(options: AcmeLlmOptions = {}): LlmAdapter {
  const settings = parseOptions(owner.provider, acmeOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ACME_API_KEY', provider: owner.provider });
  const url = new URL('/v1/respond', settings.baseUrl).href;
  const endpoint: Endpoint = { url, apiKey, healthKey: healthKey(owner.provider, settings.baseUrl, apiKey) };
  return {
    kind: 'llm',
    specVersion: 1,
    provider: owner.provider,
    healthKey: endpoint.healthKey,
    capabilities: { tools: true, parallelTools: true, responseSchema: true, prefill: true },
    generate: (request) => createLazyStream(request.signal, () => answer(endpoint, request)),
  };
}
