// What a developer may say about Acme.
import * as z from 'zod';

export const acmeOptionsSchema = z.strictObject({
  /** Default: the environment's `ACME_API_KEY`. */
  apiKey: z.string().optional(),
  /** A region's, a proxy's or a self-hosted address. Default `https://api.acme.example`. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.acme.example'),
  /** Default `acme-fast`. */
  model: z.string().min(1).default('acme-fast'),
});

/** Options of `createAcmeLlm`; all may be left out where the environment has the key. */
export type AcmeLlmOptions = z.input<typeof acmeOptionsSchema>;
export type AcmeSettings = z.output<typeof acmeOptionsSchema>;
