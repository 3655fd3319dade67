// What a developer may say about an Ollama server, and where it is.
import { loadBaseUrl, loadSetting } from '@voicewire/core/adapter';
import * as z from 'zod';

export const ollamaOptionsSchema = z.strictObject({
  /** Default: the environment's `OLLAMA_HOST`, else `http://127.0.0.1:11434`. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** For Ollama's cloud and servers behind a proxy. Default: `OLLAMA_API_KEY`; none is needed locally. */
  apiKey: z.string().optional(),
  /** A model that was pulled, and can call tools where the agent has any. Default `qwen3:8b`. */
  model: z.string().min(1).default('qwen3:8b'),
  /** Default false: the caller hears nothing while a model thinks. Some models know levels only. */
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])]).default(false),
  /** How long the model stays loaded after an answer, as `30m`; a negative one for ever. Default `30m`. */
  keepAlive: z.union([z.string(), z.number()]).default('30m'),
  /** What fits in the model's context, in tokens; what does not is cut without a word. Default: the server's. */
  contextTokens: z.int().positive().optional(),
  /** Sent with every request, over what the adapter sends. */
  headers: z.record(z.string(), z.string()).optional(),
});

/** Options of `createOllamaLlm`; all may be left out for a server on this machine. */
export type OllamaLlmOptions = z.input<typeof ollamaOptionsSchema>;

/**
 * Where the server is, without a slash at the end. `OLLAMA_HOST` also tells servers where to listen: it may leave out
 * the scheme and the port, and be an address that stands for all of the machine's.
 */
export function loadOllamaUrl(option: string | undefined): string {
  const envVar = 'OLLAMA_HOST';
  const host = loadSetting({ value: option, envVar }) ?? '127.0.0.1';
  const baseUrl = host.includes('://') ? host : `http://${host}`;
  const url = loadBaseUrl({ baseUrl, envVar, provider: 'ollama', fallback: baseUrl });
  if (baseUrl !== host && url.port === '') url.port = '11434';
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  return url.href.replace(/\/+$/, '');
}

export function authorization(apiKey: string | undefined): { readonly authorization?: string } {
  const key = loadSetting({ value: apiKey, envVar: 'OLLAMA_API_KEY' });
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
