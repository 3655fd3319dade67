import { createHash } from 'node:crypto';
import { ProviderError } from '@voicewire/core/adapter';
import twilio from 'twilio';
import { describe, expect, test } from 'vitest';
import { createTwilioTelephony } from '../src/index.js';

const authToken = 'auth-token';
const publicUrl = 'https://voice.example.com/twilio/voice';
const adapter = createTwilioTelephony({ accountSid: 'AC1', authToken });

/** A webhook as it reaches the server behind a proxy: the host is not the public one. */
function post(parameters: Record<string, string>, url = publicUrl): Request {
  const { pathname, search } = new URL(url);
  return new Request(`http://10.0.0.7:8080${pathname}${search}`, {
    method: 'POST',
    headers: { 'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, url, parameters) },
    body: new URLSearchParams(parameters),
  });
}

async function eventsOf(parameters: Record<string, string>, url = publicUrl) {
  const webhook = await adapter.webhook?.(post(parameters, url), { publicUrl: url });
  return webhook?.events;
}

const call = {
  CallSid: 'CA1',
  AccountSid: 'AC1',
  From: '+14155550100',
  To: '+14155550199',
  ApiVersion: '2010-04-01',
};
const parties = { callId: 'CA1', from: '+14155550100', to: '+14155550199' };
const progress = { ...call, CallbackSource: 'call-progress-events', SequenceNumber: '2' };

describe('events', () => {
  test.each([
    [
      'a new call',
      { CallStatus: 'ringing', Direction: 'inbound' },
      { type: 'call-incoming', direction: 'inbound', ...parties },
    ],
    [
      'a dialled call that was answered',
      { CallStatus: 'in-progress', Direction: 'outbound-api' },
      { type: 'call-incoming', direction: 'outbound', ...parties },
    ],
    ['keys', { CallStatus: 'in-progress', Digits: '12#' }, { type: 'dtmf', callId: 'CA1', digits: '12#' }],
    [
      'a stream',
      { StreamSid: 'MZ1', StreamEvent: 'stream-error', StreamError: 'handshake' },
      { type: 'stream-status', callId: 'CA1', status: 'failed' },
    ],
    [
      'a recording',
      { RecordingSid: 'RE1', RecordingStatus: 'completed' },
      { type: 'unknown', name: 'recording' },
    ],
    [
      'who answered, later',
      { AnsweredBy: 'machine_end_beep' },
      { type: 'answered-by', callId: 'CA1', answeredBy: 'machine' },
    ],
    ['something new', { Weather: 'fine' }, { type: 'unknown', name: 'call' }],
    ['a status nobody knows', { CallStatus: 'levitating' }, { type: 'unknown', name: 'call' }],
  ])('%s', async (_, parameters, event) => {
    expect(await eventsOf({ ...call, ...parameters })).toEqual([event]);
  });

  test('a call that comes back says so by its URL alone', async () => {
    const parameters = { ...call, CallStatus: 'in-progress', Direction: 'outbound-api' };
    expect(await eventsOf(parameters, `${publicUrl}?voicewire=resumed`)).toEqual([
      { type: 'call-resumed', ...parties },
    ]);
  });

  test.each([
    ['busy', 'busy'],
    ['no-answer', 'no-answer'],
    ['completed', 'completed'],
  ])('a call that comes back from a transfer says how that ended: %s', async (DialCallStatus, transfer) => {
    const parameters = { ...call, CallStatus: 'in-progress', Direction: 'inbound', DialCallStatus };
    expect(await eventsOf(parameters, `${publicUrl}?voicewire=resumed`)).toEqual([
      { type: 'call-resumed', ...parties, transfer },
    ]);
  });

  test('who answered, with the first request for instructions', async () => {
    const events = await eventsOf({
      ...call,
      CallStatus: 'in-progress',
      Direction: 'outbound-api',
      AnsweredBy: 'human',
    });
    expect(events?.map(({ type }) => type)).toEqual(['answered-by', 'call-incoming']);
  });

  test.each([
    ['initiated', 'queued'],
    ['ringing', 'ringing'],
    ['in-progress', 'in-progress'],
    ['busy', 'busy'],
    ['no-answer', 'no-answer'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ])('progress: %s', async (CallStatus, status) => {
    const event = { type: 'call-status', callId: 'CA1', status, sequence: 2, durationMs: undefined };
    expect(await eventsOf({ ...progress, CallStatus })).toEqual([event]);
  });

  test('the end of a call has its length', async () => {
    const event = {
      type: 'call-status',
      callId: 'CA1',
      status: 'completed',
      sequence: 3,
      durationMs: 61_000,
    };
    const last = {
      ...progress,
      CallStatus: 'completed',
      SequenceNumber: '3',
      CallDuration: '61',
      RecordingSid: 'RE1',
    };
    expect(await eventsOf(last)).toEqual([event]);
    const bare = { ...call, CallStatus: 'completed', CallDuration: 'soon' };
    expect(await eventsOf(bare)).toEqual([{ ...event, sequence: undefined, durationMs: undefined }]);
  });

  test('a message that is about no call', async () => {
    expect(await eventsOf({ MessageSid: 'SM1' })).toEqual([{ type: 'unknown', name: 'no-call' }]);
  });

  test('parameters of a GET are in its URL', async () => {
    const query = new URLSearchParams({ ...call, CallStatus: 'ringing', Direction: 'inbound' });
    const url = `${publicUrl}?${query.toString()}`;
    const signature = twilio.getExpectedTwilioSignature(authToken, url, {});
    const request = new Request(url, { headers: { 'x-twilio-signature': signature } });
    const webhook = await adapter.webhook?.(request, { publicUrl: url });
    expect(webhook?.events).toEqual([{ type: 'call-incoming', direction: 'inbound', ...parties }]);
  });
});

describe('genuine or not', () => {
  const forged = expect.objectContaining({
    class: 'auth',
    status: 403,
    provider: 'twilio',
    retryable: false,
  }) as unknown;

  test.each([
    ['no signature', (request: Request) => request.headers.delete('x-twilio-signature')],
    [
      'a wrong signature',
      (request: Request) => request.headers.set('x-twilio-signature', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
    ],
  ])('%s: refused before anything is read', async (_, spoil) => {
    const request = post({ ...call, CallStatus: 'ringing' });
    spoil(request);
    await expect(adapter.webhook?.(request, { publicUrl })).rejects.toThrow(forged);
  });

  test('the URL that counts is the public one', async () => {
    const request = post({ ...call, CallStatus: 'ringing' });
    const context = { publicUrl: 'http://10.0.0.7:8080/twilio/voice' };
    await expect(adapter.webhook?.(request, context)).rejects.toThrow(forged);
  });

  test('the refusal tells nothing of the request', async () => {
    const request = post({ ...call, CallStatus: 'ringing' });
    request.headers.set('x-twilio-signature', 'wrong');
    const error: unknown = await adapter.webhook?.(request, { publicUrl }).catch((reason: unknown) => reason);
    expect(ProviderError.is(error) && error.message).not.toMatch(/wrong|\+1415|auth-token|example/);
  });

  test('a JSON body counts by its hash, which the carrier adds to the URL it was given', async () => {
    const body = JSON.stringify({ CallSid: 'CA1' });
    const url = `${publicUrl}?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const headers = {
      'content-type': 'application/json',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, url, {}),
    };
    const webhook = await adapter.webhook?.(new Request(url, { method: 'POST', headers, body }), {
      publicUrl: url,
    });
    expect(webhook?.events).toEqual([{ type: 'unknown', name: 'no-call' }]);
    const other = new Request(url, { method: 'POST', headers, body: body.replace('CA1', 'CA2') });
    await expect(adapter.webhook?.(other, { publicUrl: url })).rejects.toThrow(forged);
  });
});

describe('media sockets', () => {
  const mediaUrl = 'wss://voice.example.com/media';
  const upgrade = (signature: string | undefined) => () =>
    adapter.media?.verifyUpgrade?.({ publicUrl: mediaUrl, headers: { 'x-twilio-signature': signature } });

  test('a signed upgrade is let in', () => {
    expect(upgrade(twilio.getExpectedTwilioSignature(authToken, mediaUrl, {}))).not.toThrow();
  });

  test.each([undefined, '', 'wrong', twilio.getExpectedTwilioSignature('other', mediaUrl, {})])(
    'one signed %j is not',
    (signature) => {
      expect(upgrade(signature)).toThrow(expect.objectContaining({ class: 'auth', status: 403 }));
    },
  );
});

test('answers in TwiML', async () => {
  const webhook = await adapter.webhook?.(post({ ...call, CallStatus: 'ringing' }), { publicUrl });
  const response = webhook?.respond([{ type: 'hangup' }]);
  expect(response?.status).toBe(200);
  expect(response?.headers.get('content-type')).toBe('text/xml; charset=utf-8');
  expect(await response?.text()).toBe('<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>');
});
