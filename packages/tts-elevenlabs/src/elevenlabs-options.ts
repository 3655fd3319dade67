// What a developer may say about ElevenLabs.
import * as z from 'zod';

const parameter = z.union([z.string(), z.number(), z.boolean()]);

export const elevenLabsOptionsSchema = z.strictObject({
  /** Default: the environment's `ELEVENLABS_API_KEY`. */
  apiKey: z.string().optional(),
  /** A region's address, without `/v1`. Default `https://api.elevenlabs.io`. */
  baseUrl: z.url({ protocol: /^(https?|wss?)$/ }).default('https://api.elevenlabs.io'),
  /** Default `eleven_flash_v2_5`. */
  model: z.string().min(1).default('eleven_flash_v2_5'),
  /** The id of a voice; what a request asks for wins. Default: one of the voices every account has. */
  voice: z.string().min(1).default('JBFqnCBsd6RMkjVDRZzb'),
  /** BCP 47; what a request asks for wins. Default: the model hears it from the text. */
  language: z.string().min(1).optional(),
  /** `websocket` takes text while it is written. Default: `http` for the v3 models, which know nothing else. */
  transport: z.enum(['websocket', 'http']).optional(),
  /** `stability`, `similarity_boost`, `style`, `speed` … by ElevenLabs' names. Default: the voice's own. */
  voiceSettings: z.record(z.string(), z.union([z.number(), z.boolean()])).optional(),
  /** Any other parameter by ElevenLabs' name, as `enable_logging`, `apply_text_normalization`, `seed`. */
  parameters: z.record(z.string(), parameter).default({}),
});

/** Options of `createElevenLabsTts`; all may be left out where the environment has the key. */
export type ElevenLabsTtsOptions = z.input<typeof elevenLabsOptionsSchema>;
export type ElevenLabsSettings = z.output<typeof elevenLabsOptionsSchema>;
