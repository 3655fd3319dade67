import {
  ConfigError,
  type CallControl,
  type TelephonyAdapter,
  type VoiceError,
} from '@voicewire/core/adapter';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTwilioFake, type TwilioFake } from '../src/fake.js';
import { createTwilioTelephony } from '../src/index.js';

const from = '+14155550100';
const to = '+14155550199';
const waiting = '<Response><Gather timeout="600"/></Response>';
const { signal } = new AbortController();

let fake: TwilioFake;
let adapter: TelephonyAdapter;
/** Serves nothing: calls that ask it for instructions fail. */
const answerUrl = 'http://127.0.0.1:9/voice';

beforeEach(async () => {
  fake = await startTwilioFake({ apiKeys: { SK1: 'key-secret' } });
  adapter = createTwilioTelephony({
    accountSid: fake.accountSid,
    authToken: fake.authToken,
    baseUrl: `${fake.url}/`,
  });
});
afterEach(() => fake.close());

/** A command the adapter declares. */
function command<Name extends keyof CallControl>(name: Name, of = adapter): NonNullable<CallControl[Name]> {
  const found = of.control[name];
  if (found === undefined) throw new TypeError(`${name} is not declared`);
  return found;
}

const dial = (change: object = {}, of = adapter) =>
  command('dial', of)({ to, from, answerUrl, signal, ...change });

async function failureOf(doing: Promise<unknown>): Promise<VoiceError> {
  const failure: unknown = await doing.then(
    () => undefined,
    (error: unknown) => error,
  );
  const text = JSON.stringify([failure, String(failure), String((failure as Error).cause)]);
  expect(text).not.toMatch(/\+1415|auth-token|Basic/);
  return failure as VoiceError;
}

/** A call that stays. */
async function liveCall(): Promise<string> {
  const { callId } = await dial();
  await command('redirect')(callId, answerUrl, signal).catch(() => undefined);
  return callId;
}

/** A call that follows these instructions. */
async function dialWith(twiml: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${fake.accountSid}:${fake.authToken}`).toString('base64')}`;
  await fetch(`${fake.url}/2010-04-01/Accounts/${fake.accountSid}/Calls.json`, {
    method: 'POST',
    body: new URLSearchParams({ To: to, From: from, Twiml: twiml }),
    headers: { authorization },
  });
  const [call] = fake.calls;
  await call?.until(() => call.steps.length > 0);
  return call?.sid ?? '';
}

describe('dialling', () => {
  test('sends what the carrier documents, once', async () => {
    const { callId } = await dial({ statusUrl: 'https://a.example/status', ringTimeoutMs: 25_500 });
    expect(fake.calls.map(({ sid }) => sid)).toEqual([callId]);
    expect(fake.commands).toHaveLength(1);
    expect(fake.commands[0]).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${fake.accountSid}/Calls.json`,
    });
    expect([...(fake.commands[0]?.form ?? [])]).toEqual([
      ['To', to],
      ['From', from],
      ['Method', 'POST'],
      ['StatusCallback', 'https://a.example/status'],
      ['StatusCallbackEvent', 'initiated'],
      ['StatusCallbackEvent', 'ringing'],
      ['StatusCallbackEvent', 'answered'],
      ['StatusCallbackEvent', 'completed'],
      ['Timeout', '26'],
      ['Url', answerUrl],
    ]);
  });

  test('takes an API key in place of the token', async () => {
    const { accountSid, authToken, url: baseUrl } = fake;
    const withKey = createTwilioTelephony({
      accountSid,
      authToken,
      baseUrl,
      apiKey: { sid: 'SK1', secret: 'key-secret' },
    });
    await dial({}, withKey);
    expect(fake.commands[0]?.authorization).toBe(`Basic ${Buffer.from('SK1:key-secret').toString('base64')}`);
    expect(withKey.healthKey).not.toBe(adapter.healthKey);
  });

  test.each(['14155550100', '+0155550100', '+1415', '0800 123', '', '+1415555010012345', "+14155550100'"])(
    '%j is no number: nothing is sent',
    async (number) => {
      for (const change of [{ to: number }, { from: number }]) {
        const failure = await failureOf(dial(change));
        expect(ConfigError.is(failure)).toBe(true);
        expect(failure.message).toContain('E.164');
      }
      expect(fake.commands).toEqual([]);
    },
  );

  test('an address is dialled as it is', async () => {
    await dial({ to: 'sip:desk@example.com' });
    expect(fake.commands[0]?.form.get('To')).toBe('sip:desk@example.com');
  });

  test.each([
    [
      'a wrong token',
      { type: 'refuse', status: 401, error: 20003 },
      { class: 'auth', status: 401, retryable: false },
    ],
    [
      'a number it does not know',
      { type: 'refuse', status: 400, error: 21211 },
      { class: 'invalid_request', retryable: false },
    ],
    [
      'too many requests',
      { type: 'refuse', status: 429, error: 20429, retryAfterS: 7 },
      { class: 'rate_limit', retryAfterMs: 7_000, retryable: true },
    ],
    [
      'too many calls',
      { type: 'refuse', status: 400, error: 10004 },
      { class: 'rate_limit', retryable: true },
    ],
    ['a closed account', { type: 'refuse', status: 403, error: 20005 }, { class: 'quota', retryable: false }],
  ] as const)('%s: refused, and clearly so', async (_, fault, failure) => {
    fake.misbehave(fault);
    const found = await failureOf(dial());
    expect(found).toMatchObject({
      name: 'ProviderError',
      stage: 'telephony',
      provider: 'twilio',
      ...failure,
    });
    expect(found.code).not.toBe('telephony.dial_unclear');
    expect(found.message).toContain(String(fault.error));
    expect(fake.commands).toHaveLength(1);
  });

  test.each([
    ['503', { type: 'refuse', status: 503 }, 'unavailable'],
    ['a time-out on the way', { type: 'refuse', status: 408 }, 'timeout'],
    ['a redirect', { type: 'refuse', status: 307 }, 'protocol'],
    ['a connection that breaks after it was done', { type: 'drop' }, 'unavailable'],
    ['an answer nobody can read', { type: 'garbage' }, 'protocol'],
    ['a success without a call', { type: 'pretend' }, 'protocol'],
  ] as const)('%s: unclear, and never repeated', async (_, fault, errorClass) => {
    fake.misbehave(fault);
    const failure = await failureOf(dial());
    expect(failure).toMatchObject({ code: 'telephony.dial_unclear', class: errorClass, retryable: false });
    expect(fake.commands).toHaveLength(1);
  });

  test('given up while unanswered: unclear', async () => {
    fake.misbehave({ type: 'silent' });
    const controller = new AbortController();
    const failing = failureOf(dial({ signal: controller.signal }));
    await expect.poll(() => fake.commands.length).toBe(1);
    controller.abort(new RangeError('too slow'));
    expect(await failing).toMatchObject({
      code: 'telephony.dial_unclear',
      class: 'aborted',
      retryable: false,
      cause: new RangeError('too slow'),
    });
  });

  test('given up before: nothing is sent', async () => {
    const reason = new RangeError('before');
    await expect(dial({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(fake.commands).toEqual([]);
  });

  test('a carrier that is not reached has dialled nobody: the next may', async () => {
    const { accountSid, authToken } = fake;
    const unreachable = createTwilioTelephony({ accountSid, authToken, baseUrl: 'http://127.0.0.1:9' });
    const failure = await failureOf(dial({}, unreachable));
    expect(failure).toMatchObject({ code: 'provider.unavailable', retryable: true });
  });
});

describe('a live call', () => {
  test('is hung up; doing it again is a success too', async () => {
    const { callId } = await dial();
    await command('hangup')(callId, signal);
    expect(fake.calls[0]?.status).not.toBe('in-progress');
    await command('hangup')(callId, signal);
    await command('hangup')('CAunknown', signal);
  });

  test('a hang-up that fails says so', async () => {
    const { callId } = await dial();
    fake.misbehave({ type: 'refuse', status: 503 });
    await expect(command('hangup')(callId, signal)).rejects.toMatchObject({
      class: 'unavailable',
      retryable: true,
    });
    fake.misbehave({ type: 'refuse', status: 404 });
    await expect(command('hangup')(callId, signal)).rejects.toMatchObject({ class: 'invalid_request' });
  });

  test('a call id can not lead elsewhere', async () => {
    await command('hangup')('../../Accounts', signal);
    expect(fake.commands[0]?.path).toBe(
      `/2010-04-01/Accounts/${fake.accountSid}/Calls/..%2F..%2FAccounts.json`,
    );
  });

  test('is sent to another URL, marked as one it comes back to', async () => {
    const callId = await liveCall();
    expect(fake.commands[1]?.form.get('Url')).toBe(`${answerUrl}?voicewire=resumed`);
    expect(fake.commands[1]?.path).toContain(callId);
  });

  test('is asked about, and what the carrier does not know is over', async () => {
    const callId = await dialWith(waiting);
    expect(await command('status')(callId, signal)).toBe('in-progress');
    expect(fake.commands.at(-1)).toMatchObject({
      method: 'GET',
      path: `/2010-04-01/Accounts/${fake.accountSid}/Calls/${callId}.json`,
    });
    fake.calls[0]?.hangup();
    expect(await command('status')(callId, signal)).toBe('completed');
    expect(await command('status')('CAunknown', signal)).toBe('completed');
  });

  test.each([
    ['queued', 'queued'],
    ['initiated', 'queued'],
    ['ringing', 'ringing'],
    ['in-progress', 'in-progress'],
    ['completed', 'completed'],
    ['busy', 'busy'],
    ['failed', 'failed'],
    ['no-answer', 'no-answer'],
    ['canceled', 'canceled'],
  ] as const)('that is %s stands so', async (says, status) => {
    fake.misbehave({ type: 'pretend', status: says });
    expect(await command('status')('CA1', signal)).toBe(status);
  });

  test('of a status nobody knows, or none, or of which nothing is said, is a failure', async () => {
    const callId = await dialWith(waiting);
    fake.misbehave({ type: 'pretend', status: 'asleep' });
    await expect(command('status')(callId, signal)).rejects.toMatchObject({ class: 'protocol' });
    fake.misbehave({ type: 'garbage' });
    await expect(command('status')(callId, signal)).rejects.toMatchObject({ class: 'protocol' });
    fake.misbehave({ type: 'refuse', status: 503 });
    await expect(command('status')(callId, signal)).rejects.toMatchObject({ class: 'unavailable' });
  });

  test('is transferred', async () => {
    fake.misbehave({ type: 'refuse', status: 400, error: 21220 });
    await expect(command('transfer')('CA1', to, { from, signal })).rejects.toMatchObject({
      code: 'telephony.call_over',
    });
    expect(fake.commands[0]?.form.get('Twiml')).toContain(
      `<Dial answerOnBridge="true" callerId="${from}"><Number>${to}</Number></Dial>`,
    );
    await expect(command('transfer')('CA1', 'nobody', { signal })).rejects.toSatisfy(ConfigError.is);
  });

  test('what was given up ends with its reason', async () => {
    fake.misbehave({ type: 'silent' });
    const controller = new AbortController();
    const hangingUp = command('hangup')('CA1', controller.signal);
    await expect.poll(() => fake.commands.length).toBe(1);
    const reason = new RangeError('enough');
    controller.abort(reason);
    await expect(hangingUp).rejects.toBe(reason);
  });
});

test('recording starts, pauses, goes on and stops; what the carrier did not do is a failure', async () => {
  const seen: string[] = [];
  const callId = await dialWith(waiting);
  for (const action of ['start', 'pause', 'resume', 'stop'] as const) {
    await command('recording')(callId, action, signal);
    seen.push(String(fake.commands.at(-1)?.form.get('Status')));
  }
  expect(seen).toEqual(['null', 'paused', 'in-progress', 'stopped']);
  expect(fake.commands.at(-1)?.path).toMatch(/Recordings\/Twilio\.CURRENT\.json$/);
  fake.misbehave({ type: 'pretend' }, 1);
  await expect(command('recording')(callId, 'pause', signal)).rejects.toMatchObject({ class: 'protocol' });
  fake.misbehave({ type: 'refuse', status: 404, error: 20404 });
  await expect(command('recording')(callId, 'pause', signal)).rejects.toMatchObject({
    code: 'telephony.call_over',
  });
});

test('what can not be done well is not there, and declared so', () => {
  const { control } = adapter.capabilities;
  for (const [name, isThere] of Object.entries(control)) {
    expect(typeof adapter.control[name as keyof CallControl]).toBe(isThere ? 'function' : 'undefined');
  }
  expect(control).toMatchObject({ hold: false, warmTransfer: false, sendDtmf: false });
});
