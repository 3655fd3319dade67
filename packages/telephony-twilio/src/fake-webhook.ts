// How the fake carrier asks an application: a signed form, and an answer that must be what it should.
import { isVoiceError, sendHttpRequest, type Clock } from '@voicewire/core/adapter';
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

/** What the carrier asks, and how. */
export interface FakeWebhook {
  readonly url: string;
  /** Default: POST. */
  readonly method?: 'GET' | 'POST' | undefined;
}

export interface WebhookAnswer {
  readonly body: string;
  readonly contentType: string;
}

/** How long the carrier waits for an answer. */
const answerLimitMs = 15_000;

/** The application's answer, or in words why there is none in time. */
export async function askApplication(
  { account, clock }: { readonly account: FakeAccount; readonly clock: Clock },
  { url: base, method = 'POST' }: FakeWebhook,
  parameters: Readonly<Record<string, string>>,
): Promise<WebhookAnswer | string> {
  const form = new URLSearchParams(parameters).toString();
  const url = method === 'POST' ? base : withQuery(base, form);
  const signed = method === 'POST' ? parameters : {};
  const controller = new AbortController();
  const timer = clock.setTimeout(() => controller.abort(), answerLimitMs);
  try {
    const response = await sendHttpRequest({
      provider: 'twilio',
      stage: 'telephony',
      url: account.resolve(url).replace(/#.*$/s, ''),
      method,
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'user-agent': 'TwilioProxy/1.1',
        ...signatureHeaders(account, url, signed),
      },
      body: method === 'POST' ? form : undefined,
      signal: controller.signal,
    });
    return { body: response.text(), contentType: response.headers['content-type'] ?? '' };
  } catch (error) {
    return isVoiceError(error) ? `11200: ${error.message}` : '11200: no answer in time';
  } finally {
    clock.clearTimeout(timer);
  }
}

function withQuery(url: string, query: string): string {
  const [base = '', ...fragment] = url.split(/(?=#)/);
  return [base, base.includes('?') ? '&' : '?', query, ...fragment].join('');
}
