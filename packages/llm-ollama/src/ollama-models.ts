// What a server has to offer, by Ollama's own client: how an application finds out whether one is there at all.
import { createHttpFetch, parseOptions } from '@voicewire/core/adapter';
import { Ollama } from 'ollama';
import {
  authorization,
  loadOllamaUrl,
  ollamaOptionsSchema,
  type OllamaLlmOptions,
} from './ollama-options.js';

export interface ListOllamaModelsOptions extends Pick<OllamaLlmOptions, 'baseUrl' | 'apiKey'> {
  /** Give it a deadline: a server that is not there may not answer at all. */
  readonly signal: AbortSignal;
}

/**
 * The names of the models that were pulled, as `qwen3:8b`. Throws `ProviderError` of class `unavailable` where no server
 * answers, or the signal's reason.
 */
export async function listOllamaModels(options: ListOllamaModelsOptions): Promise<readonly string[]> {
  const client = new Ollama({
    host: loadOllamaUrl(options.baseUrl),
    headers: { ...authorization(options.apiKey) },
    fetch: createHttpFetch({ provider: 'ollama', stage: 'llm', signal: options.signal }),
  });
  const { models } = await client.list();
  return models.map(({ name }) => name);
}

/**
 * Whether a server answers and has pulled the model that `options` mean: what `when: reachable` in a configuration asks.
 * Never throws.
 */
export async function isReachable(
  options: OllamaLlmOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    const { model, baseUrl, apiKey } = parseOptions('ollama', ollamaOptionsSchema, options);
    const models = await listOllamaModels({ baseUrl, apiKey, signal });
    return models.includes(model) || models.includes(`${model}:latest`);
  } catch {
    // Whatever is wrong, nobody is there to answer calls.
    return false;
  }
}
