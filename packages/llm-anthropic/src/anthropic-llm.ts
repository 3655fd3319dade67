// The factory: settings, what Anthropic's models can do, and one answer from its request to its last event.
import {
  checkLlmRequest,
  createLazyStream,
  healthKey,
  loadApiKey,
  loadBaseUrl,
  openHttpStream,
  parseOptions,
  parseSse,
  type LlmAdapter,
} from '@voicewire/core/adapter';
import { owner, readAnswer, readRefusal } from './anthropic-answer.js';
import { anthropicOptionsSchema, type AnthropicLlmOptions } from './anthropic-options.js';
import { toBody } from './anthropic-request.js';

const { provider } = owner;

/**
 * Anthropic's models, by the Messages API. Throws `ConfigError` for options that are wrong or a missing key.
 * https://platform.claude.com/docs/en/api/messages
 */
export function createAnthropicLlm(options: AnthropicLlmOptions = {}): LlmAdapter {
  const settings = parseOptions(provider, anthropicOptionsSchema, options);
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ANTHROPIC_API_KEY', provider });
  const fallback = 'https://api.anthropic.com';
  const url = loadBaseUrl({ baseUrl: settings.baseUrl, envVar: 'ANTHROPIC_BASE_URL', provider, fallback });
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/messages`;
  const key = healthKey(provider, url.href, apiKey);
  const capabilities = { tools: true, parallelTools: true, responseSchema: true, prefill: false } as const;
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'anthropic-version': '2026-10-21',
    ...settings.headers,
  };

  return {
    kind: 'llm',
    specVersion: 1,
    provider,
    healthKey: key,
    capabilities,
    generate: (request) =>
      createLazyStream(request.signal, async function* () {
        checkLlmRequest(provider, capabilities, request);
        const { body } = await openHttpStream({
          ...owner,
          url: url.href,
          headers,
          body: JSON.stringify(toBody(settings, key, request)),
          // An answer that is generated twice costs tokens and changes nothing.
          isIdempotent: true,
          signal: request.signal,
          readRefusal,
        });
        yield* readAnswer(parseSse(body, owner), key);
      }),
  };
}
