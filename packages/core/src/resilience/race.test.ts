// Who begins first, in virtual time: who is asked besides, who answers, and nothing of the one that was not needed.
import { callTool, type ScriptedFault } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAsking, dies, hangs, model, question, tools, type Asking } from '../../test/asking.js';
import { playCall } from '../../test/play-call.js';
import type { LlmMessage } from '../spec/llm.js';
import { llmChain } from './provider-chains.js';

const sent = JSON.stringify([question, tools]).length;

let on: Asking;

beforeEach(() => {
  on = createAsking();
});

describe('a model that is late', () => {
  it.each([
    [undefined, 0],
    [false, 0],
    [{ share: 0 }, 0],
    [{}, 1],
    [true, 1],
  ])('with hedge %j: the next one is asked %s times', async (hedge, count) => {
    const first = model('first', { firstMs: 1_300 });
    const second = model('second');
    await on.ask(llmChain([first, second], { health: on.health, hedge }), [first, second]);
    expect(second.requests).toHaveLength(count);
  });

  it('shares its question with the next, who answers: nothing of the first is said or held against it', async () => {
    const first = model('first', { firstMs: 1_300 });
    const second = model('second', { firstMs: 100 });
    const { parts, firstMs, reports } = await on.ask(on.chain([first, second]), [first, second]);
    expect(firstMs).toBe(800);
    expect(parts.map((part) => (part.type === 'text' ? part.text : part.type))).toEqual([
      'the answer of second',
      'usage',
      'finish',
    ]);
    expect(second.requests).toMatchObject([{ messages: question, tools }]);
    expect([on.outcomes(first), on.outcomes(second)]).toEqual([
      { done: 0, failed: 0 },
      { done: 1, failed: 0 },
    ]);
    expect(reports).toEqual([
      { type: 'hedged', provider: 'second', winner: 'second', inputCharacters: sent },
      { type: 'used', provider: 'second' },
    ]);
  });

  it('and begins all the same before the other does: the other is not needed', async () => {
    const first = model('first', { firstMs: 900 });
    const second = model('second', { firstMs: 300 });
    const { firstMs, said, reports } = await on.ask(on.chain([first, second]), [first, second]);
    expect([firstMs, said]).toEqual([900, 'the answer of first']);
    expect(second.requests).toHaveLength(1);
    expect([on.outcomes(first), on.outcomes(second)]).toEqual([
      { done: 1, failed: 0 },
      { done: 0, failed: 0 },
    ]);
    expect(reports).toMatchObject([
      { type: 'hedged', provider: 'second', winner: 'first' },
      { type: 'used', provider: 'first' },
    ]);
  });

  it('and both begin at the same moment: one is heard', async () => {
    const first = model('first', { firstMs: 900 });
    const second = model('second', { firstMs: 200 });
    const { said, reports } = await on.ask(on.chain([first, second]), [first, second]);
    expect(['the answer of first', 'the answer of second']).toContain(said);
    expect(reports.filter(({ type }) => type === 'used')).toHaveLength(1);
  });

  it('is stopped when the other begins, not when it is done', async () => {
    let stoppedMs = 0;
    const first = model('first', {
      firstMs: 1_300,
      responses: ({ signal }) => {
        signal.addEventListener('abort', () => (stoppedMs = on.clock.now()), { once: true });
        return 'never said';
      },
    });
    const second = model('second', { delays: { firstMs: 100, partMs: 1_000 } });
    await on.ask(on.chain([first, second]), [first, second]);
    expect([stoppedMs, on.clock.now()]).toEqual([800, 2_800]);
  });

  it('costs what is asked twice, without what providers said for their own eyes', async () => {
    const sizes: unknown[] = [];
    for (const data of ['', 'secret '.repeat(100)]) {
      const providerState = { healthKey: 'first@script', data };
      const messages: readonly LlmMessage[] = [
        ...question,
        { role: 'assistant', content: 'one moment', providerState },
      ];
      const chain = on.chain([model('first', { firstMs: 1_300 }), model('second')]);
      const [hedged] = (await on.ask(chain, [], messages)).reports;
      sizes.push(hedged?.type === 'hedged' ? hedged.inputCharacters : undefined);
    }
    expect(sizes[0]).toBeGreaterThan(sent);
    expect(sizes[1]).toBe(sizes[0]);
  });

  it('has not begun with blanks', async () => {
    const parts = [' ', 'late'].map((text) => ({ type: 'text' as const, text }));
    const first = model('first', { responses: () => ({ parts }), delays: { firstMs: 0, partMs: 1_000 } });
    const { said } = await on.ask(on.chain([first, model('second')]));
    expect(said).toBe('the answer of second');
  });
});

describe('who is asked besides', () => {
  it('is one, however late that is', async () => {
    const members = ['first', 'second', 'third'].map((name) => model(name, { firstMs: 1_300 }));
    await on.ask(on.chain(members), members);
    expect(members.map(({ requests }) => requests.length)).toEqual([1, 1, 0]);
  });

  it('is one for each question: whoever takes over after both failed is waited for', async () => {
    const dead = ['first', 'second'].map((name) => model(name, { faults: () => hangs }));
    const living = ['third', 'fourth'].map((name) => model(name, { firstMs: 1_300 }));
    const { said } = await on.ask(on.chain([...dead, ...living]), [...dead, ...living]);
    expect(said).toBe('the answer of third');
    expect(living.map(({ requests }) => requests.length)).toEqual([1, 0]);
  });

  it('is nobody once an answer has begun', async () => {
    const first = model('first', {
      responses: () => ({ parts: [{ type: 'text', text: 'Your order' }] }),
      faults: () => ({ type: 'fail', afterEvents: 1 }),
    });
    const second = model('second', { responses: () => ' is on its way.', firstMs: 1_300 });
    const third = model('third');
    const { said } = await on.ask(on.chain([first, second, third]), [first, second, third]);
    expect([said, third.requests.length]).toEqual(['Your order is on its way.', 0]);
  });

  it('is nobody who may not be asked: not the least bad, nor the first again', async () => {
    const locked = model('locked', { faults: () => ({ type: 'refuse', class: 'auth' }) });
    await on.ask(on.chain([locked, model('any')]));
    const slow = model('slow', { firstMs: 1_300 });
    expect((await on.ask(on.chain([slow, locked]))).said).toBe('the answer of slow');
    expect((await on.ask(on.chain([slow]))).said).toBe('the answer of slow');
    expect([locked.requests.length, slow.requests.length]).toEqual([1, 2]);
  });

  it('is nobody who could be asked at first, and not any more', async () => {
    const other = model('other');
    on.clock.setTimeout(() => {
      on.breakDown(other);
    }, 200);
    const slow = model('slow', { firstMs: 1_300 });
    expect((await on.ask(on.chain([slow, other]), [slow, other])).said).toBe('the answer of slow');
    expect(other.requests).toHaveLength(0);
  });

  it('may be who could not be asked at first: nobody hears that it fails again', async () => {
    const other = model('other', { faults: () => dies });
    on.breakDown(other);
    await on.clock.advance(700);
    const slow = model('slow', { firstMs: 1_300 });
    expect((await on.ask(on.chain([slow, other]), [slow, other])).said).toBe('the answer of slow');
    expect(other.requests).toHaveLength(1);
  });
});

describe('a failure', () => {
  const failedAndUsed = [
    { type: 'failed', isHandled: true },
    { type: 'hedged', provider: 'second' },
    { type: 'used' },
  ];

  it('before anybody else was asked takes the usual way', async () => {
    const first = model('first', { firstMs: 300, faults: () => ({ type: 'fail', afterEvents: 0 }) });
    const { said, reports } = await on.ask(on.chain([first, model('second')]), [first]);
    expect(said).toBe('the answer of second');
    expect(reports).toMatchObject([
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
  });

  it('of the first while both are asked leaves the second to go on', async () => {
    const first = model('first', { faults: () => hangs });
    const second = model('second', { firstMs: 1_000 });
    const { firstMs, said, reports } = await on.ask(on.chain([first, second]), [first, second]);
    expect([firstMs, said]).toEqual([1_700, 'the answer of second']);
    expect([on.outcomes(first), on.outcomes(second)]).toEqual([
      { done: 0, failed: 1 },
      { done: 1, failed: 0 },
    ]);
    expect(reports).toMatchObject(failedAndUsed);
    expect(second.requests).toHaveLength(1);
  });

  it('of the second leaves the first to go on', async () => {
    const first = model('first', { firstMs: 1_000 });
    const second = model('second', { faults: () => dies });
    const { firstMs, said, reports } = await on.ask(on.chain([first, second]), [first, second]);
    expect([firstMs, said]).toEqual([1_000, 'the answer of first']);
    expect(on.outcomes(second)).toEqual({ done: 0, failed: 1 });
    expect(reports).toMatchObject(failedAndUsed);
  });

  it('of both leads to the third, and every cause is known', async () => {
    const first = model('first', { faults: () => hangs });
    const second = model('second', { faults: () => hangs });
    const third = model('third');
    const { said, reports } = await on.ask(on.chain([first, second, third]), [first, second, third]);
    expect(said).toBe('the answer of third');
    expect(reports).toMatchObject([
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'hedged', provider: 'second', winner: undefined },
      { type: 'failed', provider: 'second', isHandled: true },
      { type: 'used', provider: 'third' },
    ]);
    expect([first, second, third].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  it('of both with nobody left: the least bad is tried once more', async () => {
    let isDead = true;
    const faults = (): ScriptedFault | undefined => (isDead ? hangs : undefined);
    const [first, second] = [model('first', { faults }), model('second', { faults })];
    on.clock.setTimeout(() => (isDead = false), 6_400);
    const { error, said } = await on.ask(on.chain([first, second]), [first, second]);
    expect(error).toBeUndefined();
    expect(said).toBe('the answer of first');
    expect(first.requests).toHaveLength(2);
  });

  it('of the winner in the middle of its answer: the one that was not needed goes on', async () => {
    const answers = ['Your order is on its way.', ' It comes at five.'];
    let asked = 0;
    const first = model('first', {
      responses: () => answers[asked - 1] ?? '',
      faults: () => ((asked += 1) === 1 ? hangs : undefined),
    });
    const second = model('second', {
      responses: () => ({ parts: [{ type: 'text', text: 'Your order is on its way.' }] }),
      faults: () => ({ type: 'fail', afterEvents: 1 }),
    });
    const { said } = await on.ask(on.chain([first, second]), [first, second]);
    expect(said).toBe('Your order is on its way. It comes at five.');
    expect(on.clock.now()).toBe(700);
    expect(first.requests[1]?.messages.at(-1)).toMatchObject({ content: 'Your order is on its way.' });
  });
});

describe('a tool', () => {
  const calls = (provider: string, firstMs: number, fault?: ScriptedFault) =>
    model(provider, {
      firstMs,
      responses: () => callTool('look_up', { by: provider }),
      faults: () => fault,
    });

  it.each([
    ['by the first in time', 750, 100],
    ['by the second', 1_300, 100],
    ['by both at the same moment', 800, 100],
  ])('is called once: %s', async (_, firstMs, secondMs) => {
    const members = [calls('first', firstMs), calls('second', secondMs)];
    const { parts } = await on.ask(on.chain(members), members);
    expect(parts.map(({ type }) => type)).toEqual(['tool-call', 'usage', 'finish']);
    expect(members.map(({ requests }) => requests.length)).toEqual([1, 1]);
  });

  it('that was called by a winner who dies then is not called by the other', async () => {
    const first = calls('first', 1_300);
    const second = calls('second', 100, { type: 'fail', afterEvents: 1 });
    const { parts } = await on.ask(on.chain([first, second]), [first, second]);
    expect(parts).toMatchObject([
      { type: 'tool-call', argumentsText: '{"by":"second"}' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
    expect(first.requests).toHaveLength(1);
  });
});

describe('a caller who interrupts', () => {
  it('ends both, and health hears nothing', async () => {
    const members = ['first', 'second'].map((name) => model(name, { faults: () => hangs }));
    const reason = new Error('barge-in');
    on.clock.setTimeout(() => on.controller.abort(reason), 900);
    const { error, parts, reports } = await on.ask(on.chain(members), members);
    expect([error, parts, on.clock.now()]).toEqual([reason, [], 900]);
    expect(members.map((member) => on.outcomes(member))).toEqual(Array(2).fill({ done: 0, failed: 0 }));
    // It was asked twice all the same.
    expect(reports).toEqual([
      { type: 'hedged', provider: 'second', winner: undefined, inputCharacters: sent },
    ]);
  });

  it('before anybody else was asked leaves no timer', async () => {
    const first = model('first', { faults: () => hangs });
    on.clock.setTimeout(() => on.controller.abort(new Error('barge-in')), 100);
    const { reports } = await on.ask(on.chain([first, model('second')]), [first]);
    expect(reports).toEqual([]);
  });
});

describe('a caller who hangs up', () => {
  it('while both are asked: it is in the log, and nothing comes after the end', async () => {
    const members = ['first', 'second'].map((name) => model(name, { faults: () => hangs }));
    const { events, of } = await playCall({
      virtualClock: on.clock,
      providers: { llm: on.chain(members) },
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('where is my order');
        await hands.wait(500 + 700 + 300);
        hands.hangup();
      },
    });
    expect(of('provider-hedged')).toMatchObject([{ stage: 'llm', provider: 'second', winner: undefined }]);
    expect(of('provider-hedged')[0]?.inputCharacters).toBeGreaterThan('where is my order'.length);
    expect(events.at(-1)?.type).toBe('call-ended');
    expect(members.map(({ requests }) => requests.length)).toEqual([1, 1]);
    expect(on.clock.pendingTimers).toBe(0);
  });
});

describe('the first request after an outage', () => {
  it.each([
    { place: 'first', probedMs: 750, otherMs: 600, afterMs: 100 },
    { place: 'second', probedMs: 600, otherMs: 750, afterMs: 200 },
  ])('gives its place back where it was not needed: $place', async ({ place, afterMs, ...times }) => {
    const probed = model('probed', { firstMs: times.probedMs });
    const other = model('other', { firstMs: times.otherMs });
    on.breakDown(probed);
    await on.clock.advance(1_000);
    const members = place === 'first' ? [probed, other] : [other, probed];
    expect((await on.ask(on.chain(members, { afterMs }), members)).said).toBe('the answer of other');
    expect(probed.requests).toHaveLength(1);
    expect(on.health.of(probed)).toMatchObject({ state: 'open', retryAfterMs: 0, inFlight: 0 });
    // The next one may try it.
    await on.ask(on.chain([probed, other], false));
    expect(on.health.of(probed)).toMatchObject({ state: 'closed', inFlight: 0 });
  });
});
