// How the fake carrier asks an application: a signed form, and an answer that must be what it should.
import { isVoiceError, sendHttpRequest } from '@voicewire/core/adapter';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';

export interface FakeAccount {
  readonly accountSid: string;
  readonly authToken: string;
  /** Where a public URL is really served. */
  readonly resolve: (url: string) => string;
}

/** The headers by which an application knows that it is us; for forms, GETs and upgrades alike. */
export function signatureHeaders(
  { authToken }: Pick<FakeAccount, 'authToken'>,
  url: string,
  parameters: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const signed = url.replace(/#.*$/s, '');
  return { 'x-twilio-signature': getExpectedTwilioSignature(authToken, signed, parameters) };
}

export interface WebhookAnswer {
  readonly body: string;
  readonly contentType: string;
}

/** The application's answer, or in words why there is none; within the 15 s that the carrier waits. */
export async function askApplication(
  account: FakeAccount,
  url: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<WebhookAnswer | string> {
  try {
    const response = await sendHttpRequest({
      provider: 'twilio',
      stage: 'telephony',
      url: account.resolve(url).replace(/#.*$/s, ''),
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'user-agent': 'TwilioProxy/1.1',
        ...signatureHeaders(account, url, parameters),
      },
      body: new URLSearchParams(parameters).toString(),
      signal,
    });
    return { body: response.text(), contentType: response.headers['content-type'] ?? '' };
  } catch (error) {
    return isVoiceError(error) ? `11200: ${error.message}` : '11200: no answer in time';
  }
}
