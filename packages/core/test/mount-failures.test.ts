// Mounted Voicewire when providers fail, and when the process is to stop.
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryCallStore } from '../src/index.js';
import { announce, heardBy, mount, openSocket, say, tokenIn, type Mounted } from './mounted.js';

let mounted: Mounted;

afterEach(() => mounted.close());

describe('providers that fail', () => {
  it('are followed by the next, and the call does not notice', async () => {
    const dead = { provider: 'dead', faults: () => ({ type: 'refuse' }) as const };
    mounted = await mount({
      stt: [createScriptedStt(dead), createScriptedStt({ pauseMs: 200 })],
      llm: [
        createScriptedLlm({ ...dead, responses: () => '' }),
        createScriptedLlm({ responses: () => 'yes' }),
      ],
      tts: [createScriptedTts(dead), createScriptedTts({ msPerChar: 40 })],
    });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'is anybody there');
    await call.until(() => heardBy(call).endsWith('yes'));
    call.hangup();
    await call.ended;
    await expect.poll(() => mounted.over).toHaveLength(1);
    const events = mounted.over[0]?.events ?? [];
    const failed = events.filter((event) => event.type === 'provider-failed');
    expect(new Set(failed.map(({ stage }) => stage))).toEqual(new Set(['stt', 'llm', 'tts']));
    expect(failed.every(({ provider, handled }) => provider === 'dead' && handled)).toBe(true);
    const used = events.filter((event) => event.type === 'provider-used').map(({ provider }) => provider);
    expect(new Set(used)).toEqual(new Set(['scripted']));
    expect(events.filter(({ type }) => type === 'error')).toEqual([]);
  });

  it('all of them: the caller hears an apology that needs no voice, and the call ends', async () => {
    let isDead = false;
    const tts = createScriptedTts({ msPerChar: 40, faults: () => (isDead ? { type: 'refuse' } : undefined) });
    mounted = await mount({ tts, ladder: { retries: 0 } });
    await mounted.voicewire.ready;
    isDead = true;
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'is anybody there');
    await call.ended;
    expect(heardBy(call)).toContain('i am sorry something went wrong on our side');
    await expect.poll(() => mounted.over).toHaveLength(1);
    expect(mounted.over[0]?.events.at(-1)).toMatchObject({ reason: 'providers-failed' });
    expect(call.status).toBe('completed');
  });

  it("before anything was rendered: the carrier's own voice says the last words, and hangs up", async () => {
    mounted = await mount({ tts: createScriptedTts({ faults: () => ({ type: 'refuse' }) }) });
    const call = mounted.call();
    await call.ended;
    expect(call.steps.slice(-2)).toMatchObject([
      { name: 'Say', text: expect.stringMatching(/^I am sorry, something went wrong/) as string },
      { name: 'Hangup' },
    ]);
    expect(mounted.voicewire.store.get(call.sid)).toMatchObject({ standing: 'over' });
    expect(call.problems).toEqual([]);
  });

  it('a model that stays dead: the caller is connected to a person, by the carrier', async () => {
    const llm = createScriptedLlm({ responses: () => '', faults: () => ({ type: 'refuse' }) });
    const menu = { prompt: 'one for a person', keys: { '1': 'person' } } as const;
    mounted = await mount({ llm, ladder: { retries: 0, menu, person: '+4930111' } });
    await mounted.voicewire.ready;
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'is anybody there');
    await call.until(() => heardBy(call).endsWith('for a person'));
    call.press('1');
    await call.until(() => call.steps.some(({ name }) => name === 'Dial'));
    expect(JSON.stringify(call.steps.find(({ name }) => name === 'Dial'))).toContain('+4930111');
    expect(heardBy(call)).toContain('connecting you');
  });
});

it('webhooks are answered from memory, whatever else does not answer', async () => {
  mounted = await mount({
    stt: createScriptedStt({ faults: () => ({ type: 'hang' }) }),
    llm: createScriptedLlm({ responses: () => '', faults: () => ({ type: 'hang' }) }),
    tts: createScriptedTts({ sessionFaults: () => ({ type: 'hang' }) }),
  });
  let isRendered = false;
  void mounted.voicewire.ready.then(() => (isRendered = true));
  expect(tokenIn(await announce(mounted))).toBeDefined();
  expect(isRendered).toBe(false);
});

it('a process that is late is not ready, and tells new callers so in words', async () => {
  mounted = await mount({ maxLagMs: 20 });
  for (let count = 0; count < 15; count += 1) {
    const until = performance.now() + 80;
    while (performance.now() < until);
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
  expect(mounted.voicewire.isReady()).toBe(false);
  expect(await announce(mounted)).toMatch(/lines are busy/);
});

it('a process that has hardly a moment for itself takes no more calls either', async () => {
  mounted = await mount({ maxLagMs: Infinity });
  for (let count = 0; count < 35; count += 1) {
    const until = performance.now() + 80;
    while (performance.now() < until);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(mounted.voicewire.isReady()).toBe(false);
  expect(await announce(mounted)).toMatch(/lines are busy/);
});

describe('closing', () => {
  it('takes no new calls, lets live ones finish, then hangs up what is left', async () => {
    mounted = await mount();
    const [one, other] = [mounted.call(), mounted.call()];
    await one.until(() => heardBy(one) === 'hello');
    await other.until(() => heardBy(other) === 'hello');
    const closing = mounted.voicewire.close({ graceMs: 300 });
    expect(await announce(mounted, 'CA-new')).toMatch(/lines are busy/);
    one.hangup();
    await Promise.all([one.ended, other.ended, closing]);
    expect(mounted.voicewire.calls.size).toBe(0);
    const reasons = mounted.over
      .map(({ events }) => events.at(-1))
      .map((event) => event?.type === 'call-ended' && event.reason);
    expect(reasons).toEqual(['caller-hung-up', 'agent-hung-up']);
  });

  it('can let calls go, so that another process with the same store goes on', async () => {
    const store = createMemoryCallStore();
    mounted = await mount({ store });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    const { sid } = call;
    const over = mounted.voicewire.close({ leftovers: 'let-go' });
    await over;
    expect(store.get(sid)).toMatchObject({ standing: 'interrupted' });
    expect(mounted.fake.commands).toEqual([]);
    call.hangup();
  });

  it('leaves no socket, even of those who never said who they are', async () => {
    mounted = await mount();
    const { closed } = await openSocket(mounted);
    await mounted.voicewire.close();
    expect(await closed).toBe(1006);
  });
});
