// What a developer may say about Deepgram.
import * as z from 'zod';

const parameter = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

export const deepgramOptionsSchema = z.strictObject({
  /** Default: the environment's `DEEPGRAM_API_KEY`. */
  apiKey: z.string().optional(),
  /** A region's or a self-hosted address, without `/v1`. Default `https://api.deepgram.com`. */
  baseUrl: z.url({ protocol: /^(https?|wss?)$/ }).default('https://api.deepgram.com'),
  /** A `flux-…` model tells turns, all others tell pauses. Default `nova-3`. */
  model: z.string().min(1).default('nova-3'),
  /** BCP 47, or `multi`; what a request asks for wins. Default: the model's own. */
  language: z.string().min(1).optional(),
  /** Any other parameter of `/listen` by Deepgram's name, as `endpointing`, `redact`, `smart_format`, `eager_eot_threshold`. */
  parameters: z.record(z.string(), parameter).default({}),
});

/** Options of `createDeepgramStt`; all may be left out where the environment has the key. */
export type DeepgramSttOptions = z.input<typeof deepgramOptionsSchema>;
export type DeepgramSettings = z.output<typeof deepgramOptionsSchema>;

export function isFlux({ model }: DeepgramSettings): boolean {
  return model.startsWith('flux');
}
