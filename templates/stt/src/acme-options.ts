// What a developer may say about Acme.
import * as z from 'zod';

export const acmeOptionsSchema = z.strictObject({
  /** Default: the environment's `ACME_API_KEY`. */
  apiKey: z.string().optional(),
  /** A region's, a proxy's or a self-hosted address. Default `wss://api.acme.example`. */
  baseUrl: z.url({ protocol: /^(https?|wss?)$/ }).default('wss://api.acme.example'),
  /** Default `general`. */
  model: z.string().min(1).default('general'),
  /** BCP 47; what a request asks for wins. Default: Acme's own. */
  language: z.string().min(1).optional(),
});

/** Options of `createAcmeStt`; all may be left out where the environment has the key. */
export type AcmeSttOptions = z.input<typeof acmeOptionsSchema>;
export type AcmeSettings = z.output<typeof acmeOptionsSchema>;
