// What a mounted Voicewire runs on: settings that change while calls run, chains by label, health in the log.
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, type CallEvent } from '../src/index.js';
import { heardBy, mount, say, type Mounted } from './mounted.js';

let mounted: Mounted;

afterEach(() => mounted.close());

/** One call that asks, is answered and hangs up: all that its log has. */
async function askAndLeave(): Promise<readonly CallEvent[]> {
  const call = mounted.call();
  await call.until(() => call.isStreaming);
  await say(call, 'where is my order');
  await call.until(() => heardBy(call).endsWith('on its way'));
  call.hangup();
  await expect.poll(() => mounted.over).toHaveLength(1);
  return mounted.over[0]?.events ?? [];
}

describe('settings that change while calls run', () => {
  it('are for new calls: a live one keeps its voice', async () => {
    const voice = (provider: string) => createScriptedTts({ provider, msPerChar: 40 });
    const [before, after] = [voice('before'), voice('after')];
    const llm = createScriptedLlm({ responses: () => 'on its way' });
    const stt = createScriptedStt({ pauseMs: 200 });
    const agent = { name: 'shop', instructions: 'Answer.', greeting: 'hello' };
    mounted = await mount({ stt, llm, tts: before, agent });
    const live = mounted.call();
    await live.until(() => heardBy(live) === 'hello');
    mounted.voicewire.reload({ stt, llm, tts: after, agent: { ...agent, greeting: 'welcome' } });
    await say(live, 'where is my order');
    await live.until(() => heardBy(live).endsWith('on its way'));
    const next = mounted.call();
    await next.until(() => heardBy(next) === 'welcome');
    await say(next, 'where is my order');
    await next.until(() => heardBy(next).endsWith('on its way'));
    const said = ({ utterances }: typeof before) => utterances.map(({ text }) => text.trim());
    expect(said(before)).toContain('on its way');
    expect(said(after)).toContain('on its way');
    expect(said(after).filter((text) => text === 'on its way')).toHaveLength(1);
  });

  it('that can not be are refused whole: everything stays as it was', async () => {
    mounted = await mount();
    const agent = { name: 'shop', instructions: 'Answer.', greeting: 'welcome' };
    expect(() => {
      mounted.voicewire.reload({ stt: 'media', agent });
    }).toThrow(ConfigError);
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
  });

  it('go by the label of the call', async () => {
    const special = createScriptedTts({ provider: 'special', msPerChar: 40 });
    mounted = await mount({
      tenant: ({ to }) => (to === '+14155550199' ? 'acme' : undefined),
      overrides: [{ match: { tenant: 'acme' }, tts: special }],
    });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    expect(special.utterances.length).toBeGreaterThan(0);
  });
});

describe('hedging', () => {
  it('is in the log: who was asked besides, and who answered', async () => {
    const late = createScriptedLlm({
      provider: 'late',
      responses: () => 'never said',
      delays: { firstMs: 1_300 },
    });
    const llm = [late, createScriptedLlm({ provider: 'next', responses: () => 'on its way' })];
    const stt = createScriptedStt({ pauseMs: 200 });
    const tts = createScriptedTts({ msPerChar: 40 });
    const agent = { name: 'shop', instructions: 'Answer.', greeting: 'hello' };
    mounted = await mount({ stt, llm, tts, agent });
    mounted.voicewire.reload({ stt, llm, tts, agent, hedge: { llm: { afterMs: 50 } } });
    const events = await askAndLeave();
    expect(events.filter(({ type }) => type === 'provider-hedged')).toMatchObject([
      { stage: 'llm', provider: 'next', winner: 'next', inputCharacters: expect.any(Number) as number },
    ]);
    expect(events.filter(({ type }) => type === 'provider-failed')).toEqual([]);
  });
});

describe('how turns are taken', () => {
  it('is said for all agents at once, and an agent may say otherwise', async () => {
    const stt = createScriptedStt({ pauseMs: 200 });
    const llm = createScriptedLlm({ responses: () => 'on its way' });
    const tts = createScriptedTts({ msPerChar: 40 });
    const turn = { silenceMs: 300 };
    mounted = await mount({ stt, llm, tts, turn });
    const prompted = mounted.call();
    await prompted.until(() => heardBy(prompted).includes('still there'));
    const patient = { name: 'shop', instructions: 'Answer.', greeting: 'hello', turn: { silenceMs: 60_000 } };
    mounted.voicewire.reload({ stt, llm, tts, turn, agent: patient });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'where is my order');
    await call.until(() => heardBy(call).endsWith('on its way'));
    expect(heardBy(call)).not.toContain('still there');
  });
});

describe('health', () => {
  it("of a call's providers is in its log when it changes, with the cause", async () => {
    const refuse = { type: 'refuse', class: 'auth' } as const;
    const dead = createScriptedLlm({ provider: 'dead', responses: () => '', faults: () => refuse });
    mounted = await mount({ llm: [dead, createScriptedLlm({ responses: () => 'on its way' })] });
    const changes = (await askAndLeave()).filter(({ type }) => type === 'provider-health');
    expect(changes).toMatchObject([{ stage: 'llm', provider: 'dead', state: 'open', code: 'provider.auth' }]);
  });
});
