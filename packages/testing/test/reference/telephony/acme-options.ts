// What a developer may say about Acme.
import * as z from 'zod';

export const acmeOptionsSchema = z.strictObject({
  /** Signs webhooks and media upgrades, and opens the API. Default: the environment's `ACME_API_KEY`. */
  apiKey: z.string().optional(),
  /** Default `https://api.acme.example`. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.acme.example'),
});

/** Options of `createAcmeTelephony`; all may be left out where the environment has the key. */
export type AcmeTelephonyOptions = z.input<typeof acmeOptionsSchema>;
