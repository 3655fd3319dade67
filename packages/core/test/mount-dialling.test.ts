// Calling out by a chain of carriers: two accounts of one carrier, each with its own fake and credentials, on real sockets.
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { startTwilioFake, type TwilioFake, type TwilioFakeOptions } from '@voicewire/telephony-twilio/fake';
import { afterEach, describe, expect, it } from 'vitest';
import { signatureHeaders } from '../../telephony-twilio/src/fake-webhook.js';
import { createHealth } from '../src/index.js';
import { heardBy, mount, type Mounted } from './mounted.js';

const from = { main: '+14155550100', backup: '+14155550111' };
const to = '+4930111';

let mounted: Mounted;
const fakes: TwilioFake[] = [];

afterEach(async () => {
  await mounted.close();
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

const accountAt = (name: string, { accountSid, authToken, url: baseUrl }: TwilioFake) =>
  createTwilioTelephony({ name, accountSid, authToken, baseUrl });

async function twoCarriers(reaction?: TwilioFakeOptions['reaction']) {
  const [main, backup] = await Promise.all([startTwilioFake({ reaction }), startTwilioFake()]);
  fakes.push(main, backup);
  const health = createHealth();
  mounted = await mount({ health, telephony: [accountAt('main', main), accountAt('backup', backup)] });
  return { main, backup, health };
}

const dials = ({ commands }: TwilioFake): number =>
  commands.filter(({ path, method }) => method === 'POST' && path.endsWith('/Calls.json')).length;

describe('dialling', () => {
  it('goes to the second carrier, with its own number, when the first refuses; the callee is talked to', async () => {
    const { main, backup } = await twoCarriers();
    main.misbehave({ type: 'refuse', status: 429 });
    const record = await mounted.voicewire.dial({ from, to });
    expect(record).toMatchObject({ provider: 'backup', from: from.backup, direction: 'outbound' });
    const [call] = backup.calls;
    await call?.until(() => heardBy(call) === 'hello');
    expect([dials(main), dials(backup), main.calls.length]).toEqual([1, 1, 0]);
  });

  it('leaves a carrier alone whose key is refused: one attempt, and none by the next call', async () => {
    const { main, backup, health } = await twoCarriers();
    main.misbehave({ type: 'refuse', status: 401 });
    await mounted.voicewire.dial({ from, to });
    await mounted.voicewire.dial({ from, to });
    expect([dials(main), dials(backup)]).toEqual([1, 2]);
    const carriers = health.list().filter(({ stage }) => stage === 'telephony');
    expect(carriers).toMatchObject([
      { provider: 'main', isLocked: true },
      { provider: 'backup', isLocked: false },
    ]);
  });

  it('is not repeated after an unclear answer: the telephone may ring', async () => {
    const { main, backup } = await twoCarriers();
    main.misbehave({ type: 'drop' });
    await expect(mounted.voicewire.dial({ from, to })).rejects.toMatchObject({
      code: 'telephony.dial_unclear',
    });
    expect([dials(main), dials(backup), main.calls.length]).toEqual([1, 0, 1]);
  });

  it('goes on by itself when the first took the call and could not place it', async () => {
    const { backup, main } = await twoCarriers(() => 'failed');
    const first = await mounted.voicewire.dial({ from, to, context: { order: 7 } });
    expect(first.provider).toBe('main');
    await expect.poll(() => backup.calls.length).toBe(1);
    const [call] = backup.calls;
    await call?.until(() => heardBy(call) === 'hello');
    expect(mounted.voicewire.store.get(first.callId)).toMatchObject({ standing: 'over' });
    expect(mounted.voicewire.store.get(call?.sid ?? '')).toMatchObject({
      provider: 'backup',
      replaces: first.callId,
      context: { order: 7 },
    });
    expect([dials(main), dials(backup)]).toEqual([1, 1]);
  });

  it.each(['busy', 'no-answer'] as const)('never rings twice: %s is an answer', async (reaction) => {
    const { main, backup } = await twoCarriers(() => reaction);
    const { callId } = await mounted.voicewire.dial({ from, to });
    await expect.poll(() => mounted.voicewire.store.get(callId)?.standing).toBe('over');
    expect([dials(main), dials(backup)]).toEqual([1, 0]);
  });

  it('hears late news, and news that come twice, without going back', async () => {
    const { main, backup } = await twoCarriers();
    const { callId } = await mounted.voicewire.dial({ from, to });
    const [call] = main.calls;
    await call?.until(() => heardBy(call) === 'hello');
    call?.hangup();
    await expect.poll(() => mounted.voicewire.store.get(callId)?.standing).toBe('over');
    const url = `${mounted.url}/voicewire/main/status`;
    for (const CallStatus of ['ringing', 'completed', 'failed', 'in-progress', 'completed']) {
      const form = { CallSid: callId, CallStatus, Direction: 'outbound-api', From: from.main, To: to };
      const response = await fetch(url, {
        method: 'POST',
        headers: signatureHeaders(main, url, form),
        body: new URLSearchParams(form),
      });
      expect(response.status).toBe(200);
      expect(mounted.voicewire.store.get(callId)).toMatchObject({ standing: 'over' });
    }
    expect([dials(main), dials(backup)]).toEqual([1, 0]);
    expect(mounted.warnings).toEqual([]);
  });

  it('asks only carriers that have a number to call from, in the order that is asked for', async () => {
    const { main, backup } = await twoCarriers();
    await mounted.voicewire.dial({ from: { backup: from.backup }, to });
    await mounted.voicewire.dial({ from, to, provider: ['backup', 'main'] });
    expect([dials(main), dials(backup)]).toEqual([0, 2]);
    await expect(mounted.voicewire.dial({ from: {}, to })).rejects.toMatchObject({
      code: 'config.no_dialler',
    });
  });

  it('says what each carrier said when nobody takes the call', async () => {
    const { main, backup } = await twoCarriers();
    main.misbehave({ type: 'refuse', status: 404 });
    backup.misbehave({ type: 'refuse', status: 429 });
    await expect(mounted.voicewire.dial({ from, to })).rejects.toMatchObject({
      causes: [{ provider: 'main' }, { provider: 'backup', class: 'rate_limit' }],
    });
    expect([dials(main), dials(backup)]).toEqual([1, 1]);
  });
});
