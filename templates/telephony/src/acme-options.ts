// What a developer may say about Acme.
import * as z from 'zod';

export const acmeOptionsSchema = z.strictObject({
  /** Default: the environment's `ACME_API_KEY`. */
  apiKey: z.string().optional(),
  /** What Acme signs its requests with. Default: the environment's `ACME_SIGNING_KEY`. */
  signingKey: z.string().optional(),
  /** A region's, a proxy's or a fake's address. Default `https://api.acme.example`. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.acme.example'),
});

/** Options of `createAcmeTelephony`; all may be left out where the environment has the keys. */
export type AcmeTelephonyOptions = z.input<typeof acmeOptionsSchema>;

/** What the rest of the adapter works with. */
export interface AcmeAccount {
  readonly apiKey: string;
  readonly signingKey: string;
  readonly baseUrl: string;
}
