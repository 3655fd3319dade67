// Webhooks: checked, then read as events.
import type { CallStatus, ProviderError, TelephonyEvent, WebhookContext } from '@voicewire/core/adapter';
import type { TwilioDialect } from './dialect.js';
import { telephonyError } from './twilio-error.js';
import { verifyGet, verifyPost } from './twilio-signature.js';
import { isResumeUrl } from './twilio-twiml.js';

const liveStatuses: readonly CallStatus[] = ['queued', 'ringing', 'in-progress'];
const lastStatuses: readonly CallStatus[] = ['completed', 'busy', 'no-answer', 'failed', 'canceled'];

const streamStatuses = new Map([
  ['stream-started', 'started' as const],
  ['stream-stopped', 'stopped' as const],
  ['stream-error', 'failed' as const],
]);

/** What a webhook tells, if its signature fits; a forged one throws a ProviderError of class `auth`: nothing of it is used. */
export async function readWebhook(
  dialect: TwilioDialect,
  request: Request,
  { publicUrl: url }: WebhookContext,
): Promise<TelephonyEvent[]> {
  const signature = request.headers.get(dialect.signatureHeader);
  const signed = { key: dialect.signingKey, signature, url };
  const contentType = request.headers.get('content-type');
  const parameters =
    request.method === 'POST'
      ? verifyPost({ ...signed, contentType, body: new Uint8Array(await request.arrayBuffer()) })
      : verifyGet(signed);
  if (parameters === undefined) throw forged(dialect, 'webhook');
  return toEvents(new Map(parameters), url);
}

export function forged(dialect: TwilioDialect, what: string): ProviderError {
  const message = `A ${what} without a fitting ${dialect.provider} signature was refused. If it was genuine, this application has another public URL or auth token than the carrier.`;
  return telephonyError(dialect, 'auth', message, { status: 403 });
}

type Parameters = ReadonlyMap<string, string>;

function toEvents(parameters: Parameters, url: string): TelephonyEvent[] {
  const callId = parameters.get('CallSid');
  if (callId === undefined) return [{ type: 'unknown', name: 'no-call' }];
  // Not RecordingSid: the last report on a recorded call has that too.
  if (parameters.has('RecordingStatus')) return [{ type: 'unknown', name: 'recording' }];
  const streamStatus = streamStatuses.get(parameters.get('StreamEvent') ?? '');
  if (streamStatus !== undefined) return [{ type: 'stream-status', callId, status: streamStatus }];

  const events: TelephonyEvent[] = [];
  const answeredBy = parameters.get('AnsweredBy');
  if (answeredBy !== undefined) {
    events.push({ type: 'answered-by', callId, answeredBy: toAnsweredBy(answeredBy) });
  }
  const status = toStatus(parameters.get('CallStatus'));
  if (status !== undefined) events.push(toCallEvent(callId, status, parameters, url));
  return events.length > 0 ? events : [{ type: 'unknown', name: 'call' }];
}

/** What a call reports, or why it asks for instructions: keys were pressed, it came back, it is new. */
function toCallEvent(
  callId: string,
  status: CallStatus,
  parameters: Parameters,
  url: string,
): TelephonyEvent {
  if (lastStatuses.includes(status) || parameters.has('CallbackSource')) {
    const sequence = toNumber(parameters.get('SequenceNumber'));
    const seconds = toNumber(parameters.get('CallDuration'));
    const durationMs = seconds === undefined ? undefined : seconds * 1000;
    return { type: 'call-status', callId, status, sequence, durationMs };
  }
  const digits = parameters.get('Digits');
  if (digits !== undefined) return { type: 'dtmf', callId, digits };
  const from = parameters.get('From') ?? '';
  const to = parameters.get('To') ?? '';
  const transfer = toStatus(parameters.get('DialCallStatus'));
  if (isResumeUrl(url)) return { type: 'call-resumed', callId, from, to, transfer };
  const direction = parameters.get('Direction') === 'inbound' ? 'inbound' : 'outbound';
  return { type: 'call-incoming', callId, direction, from, to };
}

export function toStatus(name: string | undefined): CallStatus | undefined {
  if (name === 'initiated') return 'queued';
  return [...liveStatuses, ...lastStatuses].find((status) => status === name);
}

function toAnsweredBy(value: string): 'human' | 'machine' | 'fax' | 'unknown' {
  if (value.startsWith('machine_')) return 'machine';
  return value === 'human' || value === 'fax' ? value : 'unknown';
}

function toNumber(text = ''): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
