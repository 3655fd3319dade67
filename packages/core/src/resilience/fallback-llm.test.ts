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
import { collect } from '../../test/collect.js';
import type { AttemptReport } from '../spec/attempt.js';
import type { LlmAdapter, LlmMessage, LlmPart } from '../spec/llm.js';
import { fallbackLlm } from './fallback-llm.js';
import { createHealth } from './health.js';
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
  const answer = adapter.generate({
    messages,
    tools,
    temperature: 0.5,
    clock,
    signal: controller.signal,
    onAttempt: (report) => reports.push(report),
  });
  const { events: parts, ended } = collect(answer);
  let isOver = false;
  void ended.then(() => (isOver = true));
  await clock.run({ until: () => isOver });
  const error = await ended;
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  return { parts, error };
}

const model = (provider: string, options: Partial<ScriptedLlmOptions> = {}) =>
  createScriptedLlm({ provider, responses: () => `the answer of ${provider}`, ...options });

const said = (parts: readonly LlmPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

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

  it('has little time while somebody else could be asked, more where nobody could', async () => {
    const slow = () => model('slow', { delays: { firstMs: 2_000 } });
    const other = model('other');
    expect(said((await ask(llmChain([slow(), other]))).parts)).toBe('the answer of other');
    expect(clock.now()).toBe(1_400);
    expect(said((await ask(llmChain([slow()]))).parts)).toBe('the answer of slow');
    const health = createHealth({ clock });
    const locked = model('locked', { faults: () => ({ type: 'refuse', class: 'auth' }) });
    await ask(llmChain([locked, model('any')], { health }));
    expect(said((await ask(llmChain([slow(), locked], { health }))).parts)).toBe('the answer of slow');
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
      causes: [{ class: 'auth' }, { code: 'provider.empty' }, { code: 'provider.empty' }],
    });
    // Who may not is not asked again; who might is, once, after a while.
    expect(clock.now()).toBeGreaterThanOrEqual(800);
    expect(reports.at(-1)).toMatchObject({ provider: 'second', isHandled: false });
  });
});

describe('a model that dies in the middle of its answer', () => {
  const words = (text: string) => text.split(/(?= )/u).map((word) => ({ type: 'text' as const, text: word }));
  const dying = (parts: ReturnType<typeof words>, afterEvents: number) =>
    model('first', { responses: () => ({ parts }), faults: () => ({ type: 'fail', afterEvents }) });
  const whole = 'Your order is on its way. It comes at five.';

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('after word %s: the next one says the rest', async (count) => {
    const rest = words(whole)
      .slice(count)
      .map(({ text }) => text)
      .join('');
    const second = model('second', { responses: () => ({ parts: words(rest) }) });
    const { parts, error } = await ask(llmChain([dying(words(whole), count), second]));
    expect(error).toBeUndefined();
    expect(said(parts)).toBe(whole);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
    const begun = words(whole)
      .slice(0, count)
      .map(({ text }) => text)
      .join('');
    expect(second.requests).toMatchObject([
      { messages: [...question, { role: 'assistant', content: begun }] },
    ]);
    expect(reports).toMatchObject([
      { type: 'used', provider: 'first' },
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
  });

  it.each([
    ['the whole of it', whole],
    ['the last words', 'is on its way. It comes at five.'],
    ['the last word', 'way. It comes at five.'],
    ['nothing, and no blank either', 'It comes at five.'],
    ['nothing', ' It comes at five.'],
  ])('repetition is left out: %s', async (_, rest) => {
    const second = model('second', {
      capabilities: { prefill: false },
      responses: () => ({ parts: [...rest].map((letter) => ({ type: 'text' as const, text: letter })) }),
    });
    const { parts } = await ask(llmChain([dying(words(whole), 6), second]));
    expect(said(parts)).toBe(whole);
    // Who can't be given a beginning is told to go on.
    expect(second.requests[0]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it('a third goes on where the second stopped', async () => {
    const second = model('second', {
      responses: () => ({ parts: words(' on its way. It comes at five.') }),
      faults: () => ({ type: 'fail', afterEvents: 3 }),
    });
    const third = model('third', { responses: () => ({ parts: words(' It comes at five.') }) });
    const { parts } = await ask(llmChain([dying(words(whole), 3), second, third]));
    expect(said(parts)).toBe(whole);
    expect(third.requests[0]?.messages.at(-1)).toMatchObject({ content: 'Your order is on its way.' });
  });

  it('a tool call that was delivered is the end of the answer, and nothing is asked for twice', async () => {
    const second = model('second');
    const first = model('first', {
      responses: () => callTool('look_up', {}),
      faults: () => ({ type: 'fail', afterEvents: 1 }),
    });
    const { parts, error } = await ask(llmChain([first, second]));
    expect(error).toBeUndefined();
    expect(parts).toMatchObject([
      { type: 'tool-call', name: 'look_up' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
    expect(second.requests).toHaveLength(0);
    expect(reports).toMatchObject([{ type: 'used' }, { type: 'failed', isHandled: true }]);
  });

  it('half a document is nobody’s to finish', async () => {
    const second = model('second');
    const answer = llmChain([dying(words('{"a": 1, "b"'), 2), second]).generate({
      messages: question,
      responseSchema: { type: 'object' },
      clock,
      signal: controller.signal,
    });
    const ended = (async () => {
      for await (const _ of answer);
    })().catch((error: unknown) => error);
    await clock.run();
    expect(await ended).toMatchObject({ provider: 'first', class: 'unavailable' });
    expect(second.requests).toHaveLength(0);
  });

  it('alone in its chain it is asked to go on itself, once', async () => {
    let asked = 0;
    const first = model('first', {
      responses: () => ({ parts: words(asked === 1 ? whole : ' on its way. It comes at five.') }),
      faults: () => (++asked === 1 ? { type: 'fail', afterEvents: 3 } : undefined),
    });
    const { parts } = await ask(llmChain(first));
    expect(said(parts)).toBe(whole);
    expect(clock.now()).toBeGreaterThanOrEqual(800);
  });
});

describe('health', () => {
  const dead = () => model('first', { faults: () => ({ type: 'refuse' }) });

  it('of a provider that calls found dead is known to the next call', async () => {
    const health = createHealth({ clock, random: () => 0.5 });
    const first = dead();
    for (let call = 0; call < 5; call += 1) await ask(llmChain([first, model('second')], { health }));
    expect(first.requests).toHaveLength(3);
    expect(health.list().map(({ provider, state }) => [provider, state])).toEqual([
      ['first', 'open'],
      ['second', 'closed'],
    ]);
  });

  it('is tried again by a real question, whose failure nobody hears', async () => {
    const health = createHealth({ clock, random: () => 0.5 });
    let isDead = true;
    const first = model('first', { faults: () => (isDead ? { type: 'refuse' } : undefined) });
    const chain = llmChain([first, model('second')], { health });
    for (let call = 0; call < 3; call += 1) await ask(chain);
    await clock.advance(1_000);
    expect((await ask(chain)).parts[0]).toMatchObject({ text: 'the answer of second' });
    isDead = false;
    await clock.advance(2_000);
    expect((await ask(chain)).parts[0]).toMatchObject({ text: 'the answer of first' });
    expect(health.of(first)).toMatchObject({ state: 'closed', inFlight: 0 });
    expect(first.requests).toHaveLength(5);
  });

  it('hears nothing of a caller who interrupts', async () => {
    const health = createHealth({ clock });
    const first = model('first', { faults: () => ({ type: 'hang' }) });
    clock.setTimeout(() => controller.abort(new Error('barge-in')), 100);
    await ask(llmChain([first], { health }));
    expect(health.of(first)).toMatchObject({ inFlight: 0, recent: { done: 0, failed: 0 } });
  });

  it('of everybody refused for their keys leaves nobody to ask', async () => {
    const health = createHealth({ clock });
    const chain = llmChain([model('first', { faults: () => ({ type: 'refuse', class: 'auth' }) })], {
      health,
    });
    expect((await ask(chain)).error).toMatchObject({ class: 'auth' });
    expect((await ask(chain)).error).toMatchObject({ code: 'provider.none_available' });
  });
});

describe('after the first content', () => {
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
  it('that is left by its reader leaves its member', async () => {
    let hasLeft = false;
    const endless: LlmAdapter = {
      ...model('endless'),
      async *generate() {
        try {
          for (;;) yield { type: 'text', text: await Promise.resolve('again and ') };
        } finally {
          hasLeft = true;
        }
      },
    };
    const { signal } = controller;
    for await (const _ of fallbackLlm([endless]).generate({ messages: question, clock, signal })) break;
    await clock.advance(0);
    expect(hasLeft).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

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
