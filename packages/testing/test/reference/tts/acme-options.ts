// What a developer may say about Acme.
import * as z from 'zod';

export const acmeOptionsSchema = z.strictObject({
  /** Default: the environment's `ACME_API_KEY`. */
  apiKey: z.string().optional(),
  /** Default `https://api.acme.example`. */
  baseUrl: z.url({ protocol: /^(https?|wss?)$/ }).default('https://api.acme.example'),
  /** What a request asks for wins. Default `ada`. */
  voice: z.string().min(1).default('ada'),
});

/** Options of `createAcmeTts`; all may be left out where the environment has the key. */
export type AcmeTtsOptions = z.input<typeof acmeOptionsSchema>;
export type AcmeSettings = z.output<typeof acmeOptionsSchema>;
