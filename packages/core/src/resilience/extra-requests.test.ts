// How many requests more than pieces of work there are when providers fail: the breakers' budget of retries (fault P-23).
import { createScriptedLlm, createVirtualClock, type ScriptedLlm } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { collect } from '../../test/collect.js';
import type { LlmAdapter } from '../spec/llm.js';
import { createHealth } from './health.js';
import { llmChain } from './provider-chains.js';

const questions = 1_000;

/** Asks a question every so many ms, whatever becomes of those before. */
async function ask(
  members: readonly ScriptedLlm[],
  everyMs = 100,
): Promise<{ requests: number; answered: number }> {
  const clock = createVirtualClock();
  const health = createHealth({ clock, random: () => 0.5 });
  const chain: LlmAdapter = llmChain(members, { health });
  let over = 0;
  let answered = 0;
  for (let index = 0; index < questions; index += 1) {
    clock.setTimeout(() => {
      const { signal } = new AbortController();
      const { ended } = collect(
        chain.generate({ messages: [{ role: 'user', content: 'where is my order' }], clock, signal }),
      );
      void ended.then((error) => {
        over += 1;
        if (error === undefined) answered += 1;
      });
    }, index * everyMs);
  }
  await clock.run({ until: () => over === questions });
  return { requests: members.reduce((sum, { requests }) => sum + requests.length, 0), answered };
}

const model = (provider: string, isDown: () => boolean): ScriptedLlm =>
  createScriptedLlm({
    provider,
    responses: () => 'It is on its way.',
    faults: () => (isDown() ? { type: 'refuse' } : undefined),
  });

describe('1,000 questions to a chain', () => {
  it('that is down whole are hardly more requests than questions', async () => {
    const members = ['first', 'second', 'third'].map((provider) => model(provider, () => true));
    const { requests, answered } = await ask(members);
    expect(answered).toBe(0);
    expect(requests).toBeGreaterThanOrEqual(questions);
    expect(requests).toBeLessThanOrEqual(questions * 1.05);
  });

  it('whose first is down are hardly more requests than questions, and all are answered', async () => {
    const members = [model('first', () => true), model('second', () => false)];
    const { requests, answered } = await ask(members);
    expect(answered).toBe(questions);
    expect(requests).toBeLessThanOrEqual(questions * 1.02);
  });

  it('whose first fails each fifth are a fifth more, and all are answered', async () => {
    let asked = 0;
    const members = [model('first', () => (asked += 1) % 5 === 0), model('second', () => false)];
    const { requests, answered } = await ask(members);
    expect(answered).toBe(questions);
    expect(requests).toBeLessThanOrEqual(questions * 1.2);
  });

  it('all at once on a chain that is down whole are at most one request for each member and one more', async () => {
    const members = ['first', 'second'].map((provider) => model(provider, () => true));
    const { requests } = await ask(members, 0);
    expect(requests).toBeLessThanOrEqual(questions * (members.length + 1));
  });
});
