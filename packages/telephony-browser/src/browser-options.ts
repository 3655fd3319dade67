// What a developer may set for browser calls.
import * as z from 'zod';

export const browserOptionsSchema = z.strictObject({
  tracks: z.array(z.string().min(1).max(64)).min(1).max(8).optional(),
  allowedOrigins: z.array(z.string().min(1)).optional(),
});

/** Options of `createBrowserTelephony`. */
export interface BrowserTelephonyOptions {
  /** Labels of the tracks a page may send, the first being what it sends when it says nothing. Default `['caller']`. */
  readonly tracks?: readonly string[] | undefined;
  /** Pages that may open a media socket, as `https://shop.example`. Default: any that has a token. */
  readonly allowedOrigins?: readonly string[] | undefined;
}
