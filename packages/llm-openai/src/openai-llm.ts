// The factory: settings, addresses, and what OpenAI itself wants otherwise than the servers that speak like it.
import {
  healthKey,
  loadApiKey,
  loadBaseUrl,
  loadSetting,
  parseOptions,
  type LlmAdapter,
} from '@voicewire/core/adapter';
import { createChatLlm } from './dialect.js';
import { openAiOptionsSchema, type OpenAiLlmOptions } from './openai-options.js';

const provider = 'openai';

/**
 * Chat completions of OpenAI, or of any compatible server at `baseUrl`. Throws `ConfigError` for options that are wrong
 * and, at OpenAI's own address, for a missing key. https://platform.openai.com/docs/api-reference/chat
 */
export function createOpenAiLlm(options: OpenAiLlmOptions = {}): LlmAdapter {
  const settings = parseOptions(provider, openAiOptionsSchema, options);
  const key = { value: settings.apiKey, envVar: 'OPENAI_API_KEY' };
  const fallback = 'https://api.openai.com/v1';
  const url = loadBaseUrl({ baseUrl: settings.baseUrl, envVar: 'OPENAI_BASE_URL', provider, fallback });
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  const isOpenAi = /(^|\.)api\.openai\.com$/.test(url.hostname);
  const needsKey = isOpenAi || loadSetting(key) !== undefined;
  const apiKey = needsKey ? loadApiKey({ ...key, apiKey: key.value, provider }) : undefined;

  return createChatLlm({
    provider,
    healthKey: healthKey(provider, url.href, apiKey ?? ''),
    url: url.href,
    headers: {
      authorization: apiKey && `Bearer ${apiKey}`,
      'openai-organization': settings.organization,
      'openai-project': settings.project,
      ...settings.headers,
    },
    capabilities: { tools: true, parallelTools: true, responseSchema: true, prefill: false },
    model: settings.model,
    maxTokensField: isOpenAi ? 'max_completion_tokens' : 'max_tokens',
    extraBody: {
      // OpenAI pads chunks against eavesdroppers who count bytes; other servers may refuse a field they don't know.
      stream_options: { include_usage: true, include_obfuscation: isOpenAi ? false : undefined },
      reasoning_effort: settings.reasoningEffort,
      ...settings.extraBody,
    },
  });
}
