// What a developer may say about OpenAI, or about a server that speaks its chat completions.
import * as z from 'zod';

export const openAiOptionsSchema = z.strictObject({
  /** Default: the environment's `OPENAI_API_KEY`. Only OpenAI's own address insists on one. */
  apiKey: z.string().optional(),
  /** Up to, not including, `/chat/completions`. Default: `OPENAI_BASE_URL`, else `https://api.openai.com/v1`. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Default `gpt-4.1-mini`: it speaks without thinking first, and takes a temperature. */
  model: z.string().min(1).default('gpt-4.1-mini'),
  organization: z.string().min(1).optional(),
  project: z.string().min(1).optional(),
  /** For reasoning models: the caller hears nothing while they reason. Default: the model's own. */
  reasoningEffort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).optional(),
  /** Sent with every request, over what the adapter sends. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Fields of the request's body, over what the adapter writes there: what a server needs beyond the contract. */
  extraBody: z.record(z.string(), z.unknown()).optional(),
});

/** Options of `createOpenAiLlm`; all may be left out where the environment has the key. */
export type OpenAiLlmOptions = z.input<typeof openAiOptionsSchema>;
