// Hedges in virtual time: how late is late, what it costs at most, and what it buys.
import { readFile } from 'node:fs/promises';
import type { ScriptedLlm } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAsking, dies, hangs, model, question, type Asking } from '../../test/asking.js';
import { collect } from '../../test/collect.js';
import { randomNumbers } from '../audio/test-signals.js';
import type { LlmAdapter } from '../spec/llm.js';
import { createHealth } from './health.js';
import type { HedgeOptions } from './hedge.js';
import { llmChain } from './provider-chains.js';

let on: Asking;

beforeEach(() => {
  on = createAsking();
});

describe('how late is late', () => {
  /** How long the first is waited for, seen from what the second was asked. */
  async function waitedMs(member: LlmAdapter, hedge: boolean | HedgeOptions = { share: 1 }, of = on.health) {
    let askedMs = 0;
    const beganMs = on.clock.now();
    const next = model('next', {
      responses: () => {
        askedMs = on.clock.now();
        return 'besides';
      },
    });
    const late = { ...model(member.provider, { faults: () => hangs }), healthKey: member.healthKey };
    await on.ask(llmChain([late, next], { health: of, hedge, budgets: { firstPartMs: 60_000 } }));
    return askedMs - beganMs;
  }

  async function answerIn(times: readonly number[], of = on.health) {
    let asked = 0;
    const first = model('first', {
      faults: () => ({ type: 'slow', delayMs: times[asked++] ?? 0 }),
    });
    const options = { health: of, hedge: { share: 1, afterMs: 5_000 }, budgets: { firstPartMs: 60_000 } };
    for (const _ of times) await on.ask(llmChain([first, model('second')], options));
    return first;
  }

  const repeated = (count: number, ms: number): number[] => Array<number>(count).fill(ms);

  it('is 700 ms until enough is known, then what is usual for that provider and half as much', async () => {
    const first = await answerIn(repeated(15, 400));
    expect(await waitedMs(first)).toBe(700);
    // The one that was late counts too: it would have taken longer than that.
    expect(await waitedMs(first)).toBe(600);
  });

  it('is known to all calls that share health, and to no others', async () => {
    const first = await answerIn(repeated(20, 400));
    expect(await waitedMs(first)).toBe(600);
    expect(await waitedMs(first, true, createHealth({ clock: on.clock }))).toBe(700);
    expect(await waitedMs(model('other'))).toBe(700);
  });

  it('is not moved by one slow answer of ten, and follows a provider that has become slow', async () => {
    const first = await answerIn([...repeated(58, 400), ...repeated(6, 1_200)]);
    expect(await waitedMs(first)).toBe(600);
    await answerIn([1_200, ...repeated(10, 400)]);
    expect(await waitedMs(first)).toBeGreaterThan(900);
    // What was before the last 64 is forgotten.
    await answerIn(repeated(64, 300));
    expect(await waitedMs(first)).toBe(450);
  });

  it('is not learnt from failures, nor from callers who do not wait', async () => {
    const patient = createHealth({ clock: on.clock, consecutiveFailures: 1_000, minimumUnits: 1_000 });
    const chain = (first: LlmAdapter) =>
      llmChain([first, model('second', { firstMs: 1_000 })], { health: patient, hedge: { share: 1 } });
    const first = model('first', { faults: (index) => (index % 2 === 0 ? dies : hangs) });
    for (let count = 0; count < 40; count += 1) await on.ask(chain(first));
    for (let count = 0; count < 20; count += 1) {
      on.clock.setTimeout(() => on.controller.abort(new Error('barge-in')), 100);
      await on.ask(chain(model('first', { firstMs: 1_000 })));
      on.controller = new AbortController();
    }
    expect(await waitedMs(first, { share: 1 }, patient)).toBe(700);
  });

  it('is never sooner than 250 ms, unless it is said', async () => {
    const first = await answerIn(repeated(20, 50));
    expect(await waitedMs(first)).toBe(250);
    expect(await waitedMs(first, { share: 1, afterMs: 80 })).toBe(80);
  });
});

describe('the budget', () => {
  async function askOften(first: ScriptedLlm, hedge: boolean | HedgeOptions, count = 1_000) {
    const second = model('second', { firstMs: 100 });
    let hedges = 0;
    for (let index = 0; index < count; index += 1) {
      // Chains are made for each call.
      const { reports } = await on.ask(on.chain([first, second], hedge));
      hedges += reports.filter(({ type }) => type === 'hedged').length;
    }
    expect([first, second].map((member) => on.health.of(member).inFlight)).toEqual([0, 0]);
    return { hedges, extra: first.requests.length + second.requests.length - count };
  }

  it.each([0.02, 0.1, 0.3])(
    'keeps to a share of %s of 1,000 requests to a model that is always late',
    async (share) => {
      const { hedges, extra } = await askOften(model('first', { firstMs: 900 }), { share, afterMs: 300 });
      expect(hedges).toBe(extra);
      expect(extra).toBeLessThanOrEqual(1_000 * share + 3);
      expect(extra).toBeGreaterThanOrEqual(1_000 * share);
    },
  );

  it('saves up three, whatever time was', async () => {
    let isLate = false;
    const first = model('first', { faults: () => ({ type: 'slow', delayMs: isLate ? 290 : 50 }) });
    await askOften(first, { afterMs: 300 }, 200);
    isLate = true;
    const { hedges } = await askOften(first, { afterMs: 280 }, 20);
    expect(hedges).toBe(4);
  });

  it('is one for all calls: a hundred at once ask three besides', async () => {
    const second = model('second');
    const asking = Array.from({ length: 100 }, () => {
      const chain = on.chain([model('first', { firstMs: 900 }), second]);
      const { signal } = new AbortController();
      return collect(chain.generate({ messages: question, clock: on.clock, signal })).ended;
    });
    await on.clock.run();
    await Promise.all(asking);
    expect(second.requests).toHaveLength(3);
  });

  it('is earned by each call as its own settings say: a small share is not starved by a large one', async () => {
    const hedges = { 0.5: 0, 0.1: 0 };
    for (let index = 0; index < 200; index += 1) {
      const share = index % 2 === 0 ? 0.5 : 0.1;
      hedges[share] += (await askOften(model('first', { firstMs: 900 }), { share, afterMs: 300 }, 1)).hedges;
    }
    expect(hedges[0.1]).toBeGreaterThan(0);
    expect(hedges[0.1] + hedges[0.5]).toBeLessThanOrEqual(100 * 0.5 + 100 * 0.1 + 3);
  });

  it('is hardly touched by a model that is slow as a rule: that is what is usual for it', async () => {
    const { extra } = await askOften(model('first', { firstMs: 900 }), true);
    expect(extra).toBeLessThanOrEqual(5);
  });
});

describe('the table of docs/guides/failover.md', () => {
  it('is what hedging buys and costs', async () => {
    const count = 2_000;
    const row = async (name: string, hedge: boolean | HedgeOptions): Promise<string> => {
      const random = randomNumbers(7);
      const share = (): number => (random() + 1) / 2;
      const tailed = (provider: string): ScriptedLlm =>
        model(provider, {
          record: false,
          faults: () => ({ type: 'slow', delayMs: share() < 0.05 ? 1_200 : 150 + 100 * share() }),
        });
      on = createAsking();
      const members = [tailed('first'), tailed('second')];
      const times: number[] = [];
      let hedges = 0;
      for (let index = 0; index < count; index += 1) {
        const { firstMs = Infinity, reports } = await on.ask(on.chain(members, hedge));
        times.push(firstMs);
        hedges += reports.filter(({ type }) => type === 'hedged').length;
      }
      times.sort((one, other) => one - other);
      const at = (rank: number): string => `${Math.round(times[Math.ceil(count * rank) - 1] ?? 0)} ms`;
      const part = (number: number): string => `${((100 * number) / count).toFixed(1)} %`;
      const waited = part(times.filter((ms) => ms > 1_000).length);
      return `| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${waited} | ${part(hedges)} |`;
    };
    const rows = [await row('off', false), await row('on', true)];
    const guide = await readFile(new URL('../../../../docs/guides/failover.md', import.meta.url), 'utf8');
    expect(guide.split('\n')).toEqual(expect.arrayContaining(rows));
  });
});
