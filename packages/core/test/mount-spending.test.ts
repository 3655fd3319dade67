// Tenants that may spend so much and no more, on real sockets: each answer of the model costs one.
import { createBrowserTelephony } from '@voicewire/telephony-browser';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import type { FakeCall } from '@voicewire/telephony-twilio/fake';
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, createVoicewire, systemClock, type Prices, type ReloadSettings } from '../src/index.js';
import { announce, heardBy, mount, say, type Mounted } from './mounted.js';

let mounted: Mounted | undefined;

afterEach(async () => {
  await mounted?.close();
  mounted = undefined;
});

const prices: Prices = {
  stt: { scripted: { perMinute: 0 } },
  llm: { scripted: { perMillionInputTokens: 0, perMillionOutputTokens: 1_000_000 } },
  tts: { scripted: { perThousandCharacters: 0 } },
  telephony: { twilio: { perMinute: 0 } },
};
const [ours, others] = ['+14155550199', '+14155550198'];
const tenant = ({ to, context }: { to: string; context: object }): string | undefined =>
  'tenant' in context ? String(context.tenant) : to === ours ? 'acme' : 'other';

/** What `mount` gives a Voicewire, so that it can be reloaded with one thing changed. */
const settings = (): ReloadSettings => ({
  stt: createScriptedStt({ pauseMs: 200 }),
  llm: createScriptedLlm({ responses: () => 'on its way' }),
  tts: createScriptedTts({ msPerChar: 40 }),
  agent: { name: 'shop', instructions: 'Answer.', greeting: 'hello' },
  prices,
});

async function ask(call: FakeCall): Promise<void> {
  await call.until(() => heardBy(call) === 'hello');
  await say(call, 'where is my order');
  await call.until(() => heardBy(call).endsWith('on its way'));
}

const refused = 'We can not take your call at the moment. Please call again later.';
const dialled = { from: '+14155550100', to: '+4930111' };
const incoming = (callSid: string, to: string) =>
  announce(mounted as Mounted, callSid, 'voice', 'ringing', { To: to });

describe('a tenant that has spent what it may', () => {
  it('gets no new calls, in words or by a typed error; its live call goes on, and others do not notice', async () => {
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    mounted = await mount({ prices, tenant, clock, spending: { perTenant: 1 } });
    const { voicewire } = mounted;
    const live = mounted.call();
    expect(await incoming('CA7', ours)).toContain('<Stream');
    await ask(live);
    expect(await incoming('CA8', ours)).toContain(refused);
    expect(await incoming('CA9', others)).toContain('<Stream');
    expect(voicewire.store.get('CA8')).toBeUndefined();
    expect(mounted.warnings).toMatchObject([{ code: 'call.spending_limit' }]);
    const error = { code: 'call.spending_limit', class: 'quota', retryable: false };
    await expect(voicewire.dial({ ...dialled, context: { tenant: 'acme' } })).rejects.toMatchObject(error);
    expect(() => voicewire.invite({ provider: 'twilio', context: { tenant: 'acme' } })).toThrow(
      expect.objectContaining(error) as Error,
    );
    await voicewire.dial({ ...dialled, context: { tenant: 'other' } });
    await say(live, 'and the other one');
    await live.until(() => heardBy(live).endsWith('on its way on its way'));
    live.hangup();
    await expect.poll(() => mounted?.over.map(({ cost }) => cost)).toContain(2);
    expect(await incoming('CA10', ours)).toContain(refused);
    laterMs = 24 * 3_600_000;
    expect(await incoming('CA11', ours)).toContain('<Stream');
  });

  it('may have another limit than others, and what is reloaded counts for new calls', async () => {
    const spending = { perTenant: 1 };
    mounted = await mount({
      prices,
      tenant,
      spending,
      overrides: [{ match: { tenant: 'acme' }, spending: { perTenant: 100 } }],
    });
    const call = mounted.call();
    await ask(call);
    expect(await incoming('CA8', ours)).toContain('<Stream');
    mounted.voicewire.reload({ ...settings(), spending });
    expect(await incoming('CA9', ours)).toContain(refused);
    mounted.voicewire.reload(settings());
    expect(await incoming('CA10', ours)).toContain('<Stream');
  });

  it('may come back: a call that was taken before is no new one, and costs nothing twice', async () => {
    mounted = await mount({ prices, tenant, spending: { perTenant: 1 } });
    const call = mounted.call();
    await ask(call);
    mounted.sockets[0]?.destroy();
    await call.until(() => heardBy(call).includes('we were cut off'));
    call.hangup();
    await expect.poll(() => mounted?.over.at(-1)).toMatchObject({ standing: 'over', cost: 1 });
    mounted.voicewire.reload({ ...settings(), spending: { perTenant: 1.5 } });
    expect(await incoming('CA8', ours)).toContain('<Stream');
  });
});

it('a choice of tenants that throws costs the caller the call, and is told', async () => {
  mounted = await mount({
    prices,
    spending: { perTenant: 1 },
    tenant: () => {
      throw new TypeError('no tenant');
    },
  });
  expect(await incoming('CA1', ours)).toContain('Something went wrong on our side');
  expect(mounted.warnings).toMatchObject([{ code: 'call.agent_failed' }]);
});

it('a call that has cost what it may ends with a goodbye, whoever answers it', async () => {
  mounted = await mount({ prices, spending: { perCall: 1 } });
  const call = mounted.call();
  await call.until(() => heardBy(call) === 'hello');
  await say(call, 'where is my order');
  await call.ended;
  expect(heardBy(call)).toMatch(/goodbye$/);
  await expect.poll(() => mounted?.over[0]).toMatchObject({ cost: 1 });
  expect(mounted.over[0]?.events.at(-1)).toMatchObject({ reason: 'limit', cost: 1 });
});

it('limits that would not see all, or can not be, are refused before the first call, all at once', () => {
  const create = () =>
    createVoicewire({
      ...settings(),
      publicUrl: 'https://voice.example.com',
      telephony: [
        createTwilioTelephony({ accountSid: `AC${'0'.repeat(32)}`, authToken: 'token' }),
        createBrowserTelephony(),
      ],
      tts: createScriptedTts({ provider: 'voice' }),
      prices: { ...prices, telephony: { twilio: { perMinute: -1 } } },
      spending: { perTenant: Number.NaN, withinHours: 0.5 },
      overrides: [
        {
          match: { language: 'de' },
          llm: createScriptedLlm({ provider: 'mind', responses: [] }),
          spending: {},
        },
      ],
    });
  let problems: unknown;
  try {
    create();
  } catch (error) {
    problems = ConfigError.is(error) ? error.problems.map(({ path }) => path) : error;
  }
  expect(problems).toEqual([
    'prices.telephony.twilio.perMinute',
    'spending.perTenant',
    'spending.withinHours',
    'overrides[0].spending',
    'prices.llm.mind',
    'prices.tts.voice',
    'prices.telephony.browser',
  ]);
});
