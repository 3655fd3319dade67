// Budgets around a language model, in virtual time: whatever hangs, fails, and nothing is left behind.
import { createScriptedLlm, type VirtualClock } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReader, deaf, type Reader } from '../../test/read-in-time.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import { defaultBudgets, type Urgency } from './budgets.js';
import { limitLlm } from './limit-llm.js';

let clock: VirtualClock;
let controller: AbortController;
let read: Reader['read'];
let expectNothingLeft: () => void;

beforeEach(() => {
  ({ clock, controller, read, expectNothingLeft } = createReader());
});

describe('a language model', () => {
  const ask = (adapter: LlmAdapter, isLastResort = false) => {
    const request: LlmRequest & Urgency = {
      messages: [{ role: 'user', content: 'hi' }],
      clock,
      signal: controller.signal,
      isLastResort,
    };
    return read<LlmPart>(limitLlm(adapter, defaultBudgets.llm).generate(request));
  };
  const text = { parts: ['a ', 'b ', 'c '].map((part) => ({ type: 'text' as const, text: part })) };

  it.each([
    ['say something', { type: 'hang' }, 1_400, 'timeout', 4],
    ['go on', { type: 'stall', afterEvents: 2 }, 1_400, 'stalled', 4],
    ['come to an end', { type: 'slow', delayMs: 1_300 }, 60_000, 'timeout', 1],
  ] as const)(
    'must %s in time, later where nobody else could be asked',
    async (_, fault, atMs, errorClass, patience) => {
      const parts = Array.from({ length: 80 }, () => ({ type: 'text' as const, text: 'x ' }));
      const adapter = () => createScriptedLlm({ responses: [{ parts }], faults: [fault] });
      const [one, last] = [ask(adapter()), ask(adapter(), true)];
      await clock.run();
      expect(one.ended).toMatchObject({ atMs, error: { class: errorClass, stage: 'llm' } });
      expect(last.ended).toMatchObject({ atMs: atMs * patience, error: { class: errorClass } });
      expectNothingLeft();
    },
  );

  it('must say something in time, even if it heeds no signal', async () => {
    const reading = ask({ ...createScriptedLlm({ responses: [] }), generate: () => deaf });
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 1_400, error: { class: 'timeout' } });
    expectNothingLeft();
  });

  it('owes nothing while its reader is at work', async () => {
    const parts = limitLlm(createScriptedLlm({ responses: [text] }), defaultBudgets.llm).generate({
      messages: [],
      clock,
      signal: controller.signal,
    });
    const seen: LlmPart[] = [];
    const reading = (async () => {
      for await (const part of parts) {
        seen.push(part);
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 4_000));
      }
    })();
    await clock.run();
    await reading;
    expect(seen.at(-1)).toMatchObject({ type: 'finish' });
    expectNothingLeft();
  });

  it.each([{ parts: [] }, { parts: [{ type: 'text' as const, text: ' \n' }] }])(
    'that ends well without content has failed: %j',
    async (response) => {
      const reading = ask(createScriptedLlm({ responses: [response] }));
      await clock.run();
      expect(reading.ended?.error).toMatchObject({ code: 'provider.empty', class: 'protocol' });
    },
  );

  it('may refuse without words', async () => {
    const reading = ask(createScriptedLlm({ responses: [{ parts: [], finish: 'refusal' }] }));
    await clock.run();
    expect(reading.events.at(-1)).toMatchObject({ type: 'finish', reason: 'refusal' });
  });

  it('has one reader, who may leave', async () => {
    const answer = limitLlm(createScriptedLlm({ responses: [text] }), defaultBudgets.llm).generate({
      messages: [],
      clock,
      signal: controller.signal,
    });
    for await (const part of answer) {
      expect(part).toEqual({ type: 'text', text: 'a ' });
      break;
    }
    expect(() => answer[Symbol.asyncIterator]()).toThrow(/one reader/);
    expectNothingLeft();
  });

  it('ends with the reason of its signal', async () => {
    const reading = ask(
      createScriptedLlm({ responses: [text], faults: [{ type: 'stall', afterEvents: 1 }] }),
    );
    await clock.advance(100);
    const reason = new Error('barge-in');
    controller.abort(reason);
    await clock.advance(0);
    expect(reading.ended?.error).toBe(reason);
    expectNothingLeft();
  });
});
