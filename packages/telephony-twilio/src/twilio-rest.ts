// Commands to the carrier: the SDK's Calls resource on the kit's connections, so that an abort ends the request, nothing is
// repeated and failures are typed. The SDK is loaded with the first command, its own HTTP client never.
import type { CallContext, CallListInstance } from 'twilio/lib/rest/api/v2010/account/call.js';
import type V2010 from 'twilio/lib/rest/api/V2010.js';
import {
  ConfigError,
  isVoiceError,
  sendHttpRequest,
  type CallControl,
  type DialRequest,
  type HttpRefusal,
  type ProviderError,
  type RefusalDetails,
} from '@voicewire/core/adapter';
import type { TwilioDialect } from './dialect.js';
import { telephonyError } from './twilio-error.js';
import { toResumeUrl, toSeconds, writeTwiml } from './twilio-twiml.js';
import { toStatus } from './twilio-webhook.js';

/** The code of a command that came too late. */
const callOverCode = 'telephony.call_over';

export function createCallControl(dialect: TwilioDialect): CallControl {
  const loadCall = async (callId: string, signal: AbortSignal): Promise<CallContext> =>
    (await loadCalls(dialect, signal))(encodeURIComponent(callId));
  return {
    dial: (request) => dial(dialect, request),
    async hangup(callId, signal) {
      const call = await loadCall(callId, signal);
      await call.update({ status: 'completed' }).catch(ignoreCallOver);
    },
    async status(callId, signal) {
      const call = await loadCall(callId, signal);
      const found = await call.fetch().catch(ignoreCallOver);
      const status = found === undefined ? 'completed' : toStatus(found.status);
      if (status !== undefined) return status;
      throw telephonyError(dialect, 'protocol', `${dialect.provider} gave a call a status that is none.`);
    },
    async redirect(callId, url, signal) {
      const call = await loadCall(callId, signal);
      await call.update({ url: toResumeUrl(url), method: 'POST' });
    },
    async transfer(callId, to, { from, returnUrl, signal }) {
      checkNumbers(dialect, from === undefined ? [to] : [to, from]);
      const call = await loadCall(callId, signal);
      await call.update({ twiml: writeTwiml(dialect, [{ type: 'dial', to, from, returnUrl }]) });
    },
    async recording(callId, action, signal) {
      const { recordings } = await loadCall(callId, signal);
      if (action === 'start') return recordings.create().then(() => undefined);
      const status = ({ pause: 'paused', resume: 'in-progress', stop: 'stopped' } as const)[action];
      const recording = await recordings('Twilio.CURRENT').update({ status });
      if (recording.status === status) return;
      const message = `${dialect.provider} took the command to ${action} a recording and did not do it.`;
      throw telephonyError(dialect, 'protocol', message);
    },
  };
}

function ignoreCallOver(error: unknown): undefined {
  if (!isVoiceError(error) || error.code !== callOverCode) throw error;
}

async function dial(dialect: TwilioDialect, request: DialRequest): Promise<{ callId: string }> {
  const { to, from, answerUrl, statusUrl, ringTimeoutMs, signal } = request;
  checkNumbers(dialect, [to, from]);
  const calls = await loadCalls(dialect, signal);
  const statusCallbackEvent = ['initiated', 'ringing', 'answered', 'completed'];
  const dialling = calls.create({
    to,
    from,
    url: answerUrl,
    method: 'POST',
    ...(ringTimeoutMs === undefined ? {} : { timeout: toSeconds(ringTimeoutMs) }),
    ...(statusUrl === undefined ? {} : { statusCallback: statusUrl, statusCallbackEvent }),
  });
  const { sid } = await dialling.catch((error: unknown) => {
    throw isRefusal(error) ? error : unclear(dialect, error);
  });
  if (!sid)
    throw unclear(dialect, telephonyError(dialect, 'protocol', 'A dial was answered without a call.'));
  return { callId: sid };
}

/** A failure that proves that nobody is being called: the carrier said no, or was never reached. */
function isRefusal(error: unknown): boolean {
  if (!isVoiceError(error)) return false;
  const { status = 0, message } = error;
  if (status >= 400 && status < 500 && status !== 408) return true;
  return /\((ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\)/.test(message);
}

function unclear(dialect: TwilioDialect, cause: unknown): ProviderError {
  const message = `${dialect.provider} was asked to dial and gave no clear answer. Wait for a status callback or look the call up: dialling again may ring twice.`;
  const errorClass = isVoiceError(cause) ? cause.class : 'aborted';
  const details = { code: 'telephony.dial_unclear', retryable: false, cause };
  return telephonyError(dialect, errorClass, message, details);
}

/** E.164, or an address that is no number. Without the + the carrier would guess the country. */
function checkNumbers({ provider }: TwilioDialect, numbers: readonly string[]): void {
  if (numbers.every((number) => /^(\+[1-9]\d{6,14}|(sips?|client):\S+)$/.test(number))) return;
  throw new ConfigError(
    {
      code: 'config.invalid_number',
      message: `${provider} can't dial this number`,
      allowed: 'E.164 (+, country code, at most 15 digits), or a sip: or client: address',
    },
    { provider },
  );
}

/** A request as the SDK's resources make it. */
type Command = Readonly<{ method: string; uri: string; data?: Record<string, unknown> }>;

async function loadCalls(dialect: TwilioDialect, signal: AbortSignal): Promise<CallListInstance> {
  const { CallListInstance } = await import('twilio/lib/rest/api/v2010/account/call.js');
  signal.throwIfAborted();
  const send = (command: Command): Promise<unknown> => sendCommand(dialect, command, signal);
  // The types ask for the whole client; of it, calls and their recordings use these four.
  const passOn = (promise: unknown): unknown => promise;
  const transport = { create: send, fetch: send, update: send, setPromiseCallback: passOn };
  return CallListInstance(transport as unknown as V2010, dialect.accountSid);
}

async function sendCommand(dialect: TwilioDialect, command: Command, signal: AbortSignal): Promise<unknown> {
  const { provider, baseUrl, credentials } = dialect;
  const form = Object.entries(command.data ?? {}).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, String(item)]),
  );
  const authorization = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  const response = await sendHttpRequest({
    provider,
    stage: 'telephony',
    url: `${baseUrl.replace(/\/$/, '')}/2010-04-01${command.uri}`,
    method: command.method.toUpperCase(),
    headers: {
      authorization: `Basic ${authorization}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: new URLSearchParams(form).toString(),
    readRefusal: (refusal) => readRefusal(provider, refusal),
    signal,
  });
  return response.json();
}

/** https://www.twilio.com/docs/api/errors */
const refusals: ReadonlyMap<string, RefusalDetails> = new Map<string, RefusalDetails>([
  ['20404', { code: callOverCode }], // not found
  ['21220', { code: callOverCode }], // found, and not in progress
  ['10004', { class: 'rate_limit' }], // too many calls at once
  ['20429', { class: 'rate_limit' }],
  ['10001', { class: 'quota' }], // the account is not active
  ['20005', { class: 'quota' }],
]);

/** The carrier's own text is left out: it quotes numbers. */
function readRefusal(provider: string, { status, body }: HttpRefusal): RefusalDetails {
  const [, error = ''] = /"code"\s*:\s*(\d{5})\b/.exec(body) ?? [];
  const message = `${provider} refused a command (HTTP ${status}${error && `, error ${error}`}).`;
  return { message, ...refusals.get(error) };
}
