// What an application may set, and what is used when it does not.
import * as z from 'zod';
import { ConfigError, loadSetting } from '@voicewire/core/adapter';

export const twilioOptionsSchema = z.strictObject({
  /** `AC…`. Default: `TWILIO_ACCOUNT_SID`. */
  accountSid: z.string().optional(),
  /** What the account is called here and in the paths of its webhooks, where there is more than one. */
  name: z.string().default('twilio'),
  /** The primary auth token, which webhooks are signed with. Default: `TWILIO_AUTH_TOKEN`. */
  authToken: z.string().optional(),
  /** An API key (`SK…`) that takes the auth token's place for commands. */
  apiKey: z.strictObject({ sid: z.string(), secret: z.string() }).optional(),
  /** Where commands go: a region (`https://api.sydney.au1.twilio.com`), a proxy or a fake. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.twilio.com'),
  /** Messages in a row that are of no use before a media socket is given up. */
  maxSkippedInRow: z.int().min(1).max(1_000).default(10),
  /** Bytes of ours in a media socket's queue above which nothing is added to it. */
  maxBufferedBytes: z.int().min(16_384).max(16_777_216).default(524_288),
});

/** Options of `createTwilioTelephony`; none is needed where the environment has the account. */
export type TwilioTelephonyOptions = z.input<typeof twilioOptionsSchema>;

/** The account and its token, from the options, else from the environment; says at once all that is missing. */
export function loadAccount(options: TwilioTelephonyOptions): { accountSid: string; authToken: string } {
  const accountSid = loadSetting({ value: options.accountSid, envVar: 'TWILIO_ACCOUNT_SID' });
  const authToken = loadSetting({ value: options.authToken, envVar: 'TWILIO_AUTH_TOKEN' });
  if (accountSid !== undefined && authToken !== undefined) return { accountSid, authToken };
  const missing = [
    ...(accountSid === undefined ? [['accountSid', 'TWILIO_ACCOUNT_SID']] : []),
    ...(authToken === undefined ? [['authToken', 'TWILIO_AUTH_TOKEN']] : []),
  ];
  const problems = missing.map(([path, envVar]) => ({
    code: 'config.missing_key',
    path,
    message: `twilio needs this: set the environment variable ${envVar} or pass the option ${path}`,
  }));
  throw new ConfigError(problems, { provider: 'twilio' });
}
