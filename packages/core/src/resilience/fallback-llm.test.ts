// Chains of language models in virtual time: the same request, nothing of a failed answer, state only to its maker.
import { getEventListeners } from 'node:events';
import {
  callTool,
  createScriptedLlm,
  createVirtualClock,
  type ScriptedFault,
  type ScriptedLlmOptions,
  type VirtualClock,
} from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptReport } from '../spec/attempt.js';
import type { LlmAdapter, LlmMessage, LlmPart } from '../spec/llm.js';
import { fallbackLlm } from './fallback-llm.js';
import { llmChain } from './provider-chains.js';

const question: readonly LlmMessage[] = [{ role: 'user', content: 'where is my order' }];
const tools = [{ name: 'look_up', description: 'Looks up.', parameters: { type: 'object' } }];

let clock: VirtualClock;
let controller: AbortController;
let reports: AttemptReport[];

beforeEach(() => {
  clock = createVirtualClock();
  controller = new AbortController();
  reports = [];
});

async function ask(adapter: LlmAdapter, messages = question) {
  const parts: LlmPart[] = [];
  const answer = adapter.generate({
    messages,
    tools,
    temperature: 0.5,
    clock,
    signal: controller.signal,
    onAttempt: (report) => reports.push(report),
  });
  let isOver = false;
  const ended = (async () => {
    try {
      for await (const part of answer) parts.push(part);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      isOver = true;
    }
  })();
  await clock.run({ until: () => isOver });
  const error = await ended;
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  return { parts, error };
}

const model = (provider: string, options: Partial<ScriptedLlmOptions> = {}) =>
  createScriptedLlm({ provider, responses: () => `the answer of ${provider}`, ...options });

describe('a model that fails before its first content', () => {
  it.each<[string, ScriptedFault | undefined, ScriptedLlmOptions['responses']]>([
    ['refuses', { type: 'refuse', class: 'rate_limit' }, () => ''],
    ['hangs', { type: 'hang' }, () => ''],
    ['fails', { type: 'fail' }, () => 'never said'],
    ['answers 200 with nothing in it', undefined, () => ({ parts: [] })],
    ['answers with blanks', undefined, () => ({ parts: [{ type: 'text', text: '\n' }] })],
    ['dies after blanks', { type: 'fail', afterEvents: 1 }, () => ({ parts: [{ type: 'text', text: ' ' }] })],
  ])('%s: the next one answers the same request', async (_, fault, responses) => {
    const second = model('second');
    const { parts, error } = await ask(
      llmChain([model('first', { responses, faults: () => fault }), second]),
    );
    expect(error).toBeUndefined();
    expect(parts).toMatchObject([
      { type: 'text', text: 'the answer of second' },
      { type: 'usage' },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(second.requests).toMatchObject([{ messages: question, tools, temperature: 0.5 }]);
    expect(reports).toMatchObject([
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
  });

  it('nobody is left: every cause is told', async () => {
    const { parts, error } = await ask(
      llmChain([
        model('first', { faults: () => ({ type: 'refuse', class: 'auth' }) }),
        model('second', { responses: () => ({ parts: [] }) }),
      ]),
    );
    expect(parts).toEqual([]);
    expect(error).toMatchObject({
      code: 'provider.all_failed',
      causes: [{ class: 'auth' }, { code: 'provider.empty' }],
    });
    expect(reports.at(-1)).toMatchObject({ provider: 'second', isHandled: false });
  });
});

describe('after the first content', () => {
  it.each([
    ['words', 'one two'],
    ['a tool call', callTool('look_up', {})],
  ])('a failure is the response’s own: %s', async (_, response) => {
    const second = model('second');
    const first = model('first', {
      responses: () => response,
      faults: () => ({ type: 'fail', afterEvents: 1 }),
    });
    const { parts, error } = await ask(llmChain([first, second]));
    expect(parts).toHaveLength(1);
    expect(error).toMatchObject({ provider: 'first', class: 'unavailable' });
    expect(second.requests).toHaveLength(0);
    expect(reports).toMatchObject([{ type: 'used' }, { type: 'failed', isHandled: false }]);
  });

  it('nothing that came before it is lost', async () => {
    const parts = [' ', 'Yes', '.'].map((text) => ({ type: 'text' as const, text }));
    const answered = await ask(llmChain([model('first', { responses: () => ({ parts }) })]));
    expect(answered.parts.slice(0, 3)).toEqual(parts);
  });
});

describe('a refusal', () => {
  it('is an answer', async () => {
    const second = model('second');
    const first = model('first', { responses: () => ({ parts: [], finish: 'content-filter' }) });
    const { parts } = await ask(llmChain([first, second]));
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'content-filter' });
    expect(second.requests).toHaveLength(0);
    expect(reports).toMatchObject([{ type: 'used', provider: 'first' }]);
  });
});

describe('what a provider said for its own eyes', () => {
  it('goes back to it alone', async () => {
    const first = model('first', { faults: () => ({ type: 'refuse' }) });
    const second = model('second');
    const stateOf = (name: string) => ({ healthKey: `${name}@script`, data: `secret of ${name}` });
    const messages: readonly LlmMessage[] = [
      ...question,
      {
        role: 'assistant',
        content: 'one moment',
        providerState: stateOf('first'),
        toolCalls: [
          { id: 'a', name: 'look_up', argumentsText: '{}', providerState: stateOf('first') },
          { id: 'b', name: 'look_up', argumentsText: '{}', providerState: stateOf('second') },
        ],
      },
    ];
    await ask(llmChain([first, second]), messages);
    const seen = (requests: readonly { readonly messages: readonly LlmMessage[] }[]): string =>
      JSON.stringify(requests.map((request) => request.messages));
    expect(seen(first.requests)).toMatch(/secret of first.*secret of first/);
    expect(seen(first.requests)).not.toContain('secret of second');
    expect(seen(second.requests)).toContain('secret of second');
    expect(seen(second.requests)).not.toContain('secret of first');
  });
});

describe('a chain', () => {
  it('declares what every member has, and does nothing before it is read', () => {
    const first = model('first');
    const chain = fallbackLlm([first, model('second', { capabilities: { prefill: false } })]);
    expect(chain.capabilities).toEqual({
      tools: true,
      parallelTools: true,
      responseSchema: true,
      prefill: false,
    });
    const answer = chain.generate({ messages: question, clock, signal: controller.signal });
    expect(first.requests).toHaveLength(0);
    answer[Symbol.asyncIterator]();
    expect(() => answer[Symbol.asyncIterator]()).toThrow(/one reader/);
  });

  it('ends with the reason of its signal', async () => {
    const reason = new Error('barge-in');
    clock.setTimeout(() => controller.abort(reason), 100);
    const second = model('second');
    const { error } = await ask(llmChain([model('first', { faults: () => ({ type: 'hang' }) }), second]));
    expect(error).toBe(reason);
    expect(second.requests).toHaveLength(0);
  });
});
