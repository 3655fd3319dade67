// What a developer may say about Cartesia.
import * as z from 'zod';

export const cartesiaOptionsSchema = z.strictObject({
  /** Default: the environment's `CARTESIA_API_KEY`. */
  apiKey: z.string().optional(),
  /** A proxy's or a self-hosted address, without `/tts`. Default `https://api.cartesia.ai`. */
  baseUrl: z.url({ protocol: /^(https?|wss?)$/ }).default('https://api.cartesia.ai'),
  /** Default `sonic-3.5`. */
  model: z.string().min(1).default('sonic-3.5'),
  /** The id of a voice; what a request asks for wins. Default: the voice of Cartesia's own examples for agents. */
  voice: z.string().min(1).default('f786b574-daa5-4673-aa0c-cbe3e8534c02'),
  /** BCP 47; what a request asks for wins. Default: Cartesia's, which is English. */
  language: z.string().min(1).optional(),
  /** How long Cartesia may wait for more text before it speaks what it has; 0: never. Default: Cartesia's, 3000. */
  maxBufferDelayMs: z.int().min(0).max(5000).optional(),
  /** `speed`, `volume`, `emotion`, by Cartesia's names. Default: the voice's own. */
  generationConfig: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
  /** Any other field of a request by Cartesia's name, as `pronunciation_dict_id`, `normalization`. */
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/** Options of `createCartesiaTts`; all may be left out where the environment has the key. */
export type CartesiaTtsOptions = z.input<typeof cartesiaOptionsSchema>;
export type CartesiaSettings = z.output<typeof cartesiaOptionsSchema>;
