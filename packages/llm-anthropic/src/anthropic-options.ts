// What a developer may say about Anthropic.
import * as z from 'zod';

export const anthropicOptionsSchema = z.strictObject({
  /** Default: the environment's `ANTHROPIC_API_KEY`. */
  apiKey: z.string().optional(),
  /** Up to, not including, `/v1/messages`. Default: `ANTHROPIC_BASE_URL`, else `https://api.anthropic.com`. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Default `claude-haiku-5-5`: the quickest. */
  model: z.string().min(1).default('claude-haiku-5-5'),
  /** The API insists on a limit; what a request asks for wins. Default 1024. */
  maxTokens: z.int().positive().default(1024),
  /** Default `disabled`: the caller hears nothing while a model thinks. `model`: as the model does when it is not told. */
  thinking: z.enum(['disabled', 'adaptive', 'between_tools', 'model']).default('disabled'),
  /** Default: the model's own. */
  effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).optional(),
  /** How long instructions, tools and the conversation so far are kept ready for the next request. Default `5m`. */
  cache: z.enum(['5m', '1h', 'off']).default('5m'),
  /** Sent with every request, over what the adapter sends. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Fields of the request's body, over what the adapter writes there, as `service_tier`. */
  extraBody: z.record(z.string(), z.unknown()).optional(),
});

/** Options of `createAnthropicLlm`; all may be left out where the environment has the key. */
export type AnthropicLlmOptions = z.input<typeof anthropicOptionsSchema>;
export type AnthropicSettings = z.output<typeof anthropicOptionsSchema>;
