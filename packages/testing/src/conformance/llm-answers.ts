// What a model answers: text, whole tool calls, usage, one finish; and that a request reaches it as it was made.
import assert from 'node:assert/strict';
import {
  ConfigError,
  type FinishReason,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
  type LlmToolCall,
} from '@voicewire/core/adapter';
import type { LlmAsked } from '../fakes/dialects.js';
import { defaultLlmResponse } from '../fakes/llm-fake.js';
import { assertSocketsGone, leaveAfter } from './bench.js';
import type { Check } from './check.js';
import { textOf, type LlmBench, type LlmFacts } from './llm-bench.js';
import { assertVoiceError, pause } from './watch.js';

type LlmCheck = Check<LlmBench, LlmFacts>;

const needsTools = ({ capabilities }: LlmFacts): string | undefined =>
  capabilities.tools ? undefined : 'tools are not declared';

const tool = {
  name: 'look_up',
  description: 'Looks an order up.',
  parameters: {
    type: 'object',
    properties: { id: { type: 'integer' } },
    required: ['id'],
    additionalProperties: false,
  },
} as const;
const call: LlmToolCall = { id: 'call-1', name: 'look_up', argumentsText: '{"id":4711}' };
const otherCall: LlmToolCall = { id: 'call-2', name: 'look_up', argumentsText: '{"id":8}' };

/** A conversation with every kind of message in it. */
const conversation: readonly LlmMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Where is my order?' },
  { role: 'assistant', content: '', toolCalls: [call] },
  { role: 'tool', toolCallId: 'call-1', name: 'look_up', content: '{"status":"out"}' },
  { role: 'assistant', content: 'On its way.' },
  { role: 'user', content: 'Thank you ☕' },
];

async function answerTo(
  bench: LlmBench,
  request: Partial<LlmRequest> = {},
): Promise<ReturnType<LlmBench['ask']>['reading']> {
  const { reading } = bench.ask(request);
  assert.deepEqual(await reading.end(), { type: 'returned' });
  return reading;
}

async function askedBy(bench: LlmBench, request: Partial<LlmRequest>): Promise<LlmAsked> {
  await answerTo(bench, request);
  return bench.fake.sessions.at(-1)?.heard.asked ?? {};
}

/** Undeclared asks are told before anything connects, when asked or when first read. */
async function assertRefused(bench: LlmBench, request: Partial<LlmRequest>): Promise<void> {
  await assert.rejects(
    async () => {
      const outcome = await bench.ask(request).reading.end();
      if (outcome.type === 'threw') throw outcome.error;
    },
    (error) => ConfigError.is(error),
    'A ConfigError says what is not declared.',
  );
  await pause(20);
  assert.equal(bench.fake.requests.length, 0, 'Nothing was asked.');
}

export const llmAnswerChecks: readonly LlmCheck[] = [
  {
    title: 'sends nothing before it is read',
    async run(bench) {
      bench.begin();
      await pause(30);
      assert.equal(bench.fake.requests.length, 0);
    },
  },
  {
    title: 'gives all text in order, characters whole',
    async run(bench) {
      const text = textOf(
        defaultLlmResponse.parts.map((part) => (part.type === 'text' ? part : { type: 'text', text: '' })),
      );
      assert.equal(textOf((await answerTo(bench)).items), text);
    },
  },
  {
    title: 'gives text as it comes, not at the end',
    async run(bench) {
      bench.fake.misbehave({ type: 'stall', afterEvents: 1 });
      const { reading } = bench.ask();
      await reading.until(() => textOf(reading.items) !== '', 'the first text');
    },
  },
  {
    title: 'finishes exactly once, as the last part, and says why',
    async run(bench) {
      const reasons: readonly FinishReason[] = bench.dialect.finishReasons ?? [
        'stop',
        'length',
        'content-filter',
      ];
      for (const finish of reasons) {
        bench.fake.answer([{ parts: [{ type: 'text', text: 'Yes' }], finish }]);
        const { items } = await answerTo(bench);
        const finishes = items.filter((part) => part.type === 'finish');
        assert.deepEqual(
          finishes.map(({ reason }) => reason),
          [finish],
        );
        assert.equal(items.at(-1)?.type, 'finish');
      }
    },
  },
  {
    title: 'counts tokens',
    async run(bench) {
      bench.fake.answer([
        {
          parts: [{ type: 'text', text: 'Yes' }],
          usage: { inputTokens: 120, outputTokens: 9, cachedInputTokens: 64 },
        },
      ]);
      const usages = (await answerTo(bench)).items.filter((part) => part.type === 'usage');
      assert.equal(usages.length, 1, 'Usage comes once.');
      assert.deepEqual([usages[0]?.inputTokens, usages[0]?.outputTokens], [120, 9]);
      const cached = usages[0]?.cachedInputTokens;
      assert.ok(cached === undefined || cached === 64, 'Cached tokens are those the provider told.');
    },
  },
  {
    title: 'tools: gives a call whole, with its own id and the arguments as the model wrote them',
    notFor: needsTools,
    async run(bench) {
      bench.fake.answer([
        {
          parts: [
            { type: 'text', text: 'One moment.' },
            { type: 'tool-calls', calls: [call] },
          ],
        },
      ]);
      const { items } = await answerTo(bench, { tools: [tool] });
      const calls = items.filter((part) => part.type === 'tool-call');
      assert.equal(calls.length, 1);
      assert.deepEqual(JSON.parse(calls[0]?.argumentsText ?? ''), { id: 4711 });
      assert.equal(calls[0]?.name, 'look_up');
      assert.ok(calls[0]?.id, 'A call has an id.');
      assert.equal(
        items.at(-1)?.type === 'finish' && items.at(-1),
        items.find((part) => part.type === 'finish' && part.reason === 'tool-calls'),
      );
    },
  },
  {
    title: 'tools: passes arguments on that are no JSON',
    notFor: (facts) =>
      needsTools(facts) ??
      (facts.dialect.argumentsAreJson === true ? 'the provider sends arguments as JSON values' : undefined),
    async run(bench) {
      const cut = { ...call, argumentsText: '{"id": 47' };
      bench.fake.answer([{ parts: [{ type: 'tool-calls', calls: [cut] }] }]);
      const { items } = await answerTo(bench, { tools: [tool] });
      assert.deepEqual(
        items.flatMap((part) => (part.type === 'tool-call' ? [part.argumentsText] : [])),
        ['{"id": 47'],
      );
    },
  },
  {
    title: 'parallelTools: keeps interleaved calls apart, in their order',
    notFor: ({ capabilities }) =>
      capabilities.tools && capabilities.parallelTools ? undefined : 'parallelTools are not declared',
    async run(bench) {
      bench.fake.answer([{ parts: [{ type: 'tool-calls', calls: [call, otherCall] }] }]);
      const { items } = await answerTo(bench, { tools: [tool] });
      const calls = items.filter((part) => part.type === 'tool-call');
      assert.deepEqual(
        calls.map(({ argumentsText }) => JSON.parse(argumentsText) as unknown),
        [{ id: 4711 }, { id: 8 }],
      );
      assert.equal(new Set(calls.map(({ id }) => id)).size, 2, 'Every call has an id of its own.');
    },
  },
  {
    title: 'sends the conversation as it is',
    async run(bench) {
      const { messages = [] } = await askedBy(bench, {
        messages: conversation,
        tools: bench.capabilities.tools ? [tool] : undefined,
      });
      assert.deepEqual(
        messages.map(({ role }) => role),
        conversation.map(({ role }) => role),
      );
      assert.deepEqual(
        messages.map(({ content }) => content),
        conversation.map(({ content }) => content),
      );
      const [asked] = messages.flatMap((message) =>
        message.role === 'assistant' ? (message.toolCalls ?? []) : [],
      );
      assert.deepEqual(
        JSON.parse(asked?.argumentsText ?? '{}'),
        { id: 4711 },
        'Calls the model made are part of it.',
      );
      const result = messages.find((message) => message.role === 'tool');
      assert.ok(
        result?.role === 'tool' && (result.toolCallId === 'call-1' || result.name === 'look_up'),
        'A result names its call.',
      );
    },
  },
  {
    title: 'tools: sends them with their schemas, and the choice that was made',
    notFor: needsTools,
    async run(bench) {
      const asked = await askedBy(bench, {
        tools: [tool],
        toolChoice: bench.dialect.noToolChoice === true ? undefined : { name: 'look_up' },
      });
      assert.deepEqual(asked.tools, [tool]);
      if (bench.dialect.noToolChoice !== true) assert.deepEqual(asked.toolChoice, { name: 'look_up' });
    },
  },
  {
    title: 'no tools declared: refuses them with a ConfigError, before anything connects',
    notFor: ({ capabilities }) => (capabilities.tools ? 'tools are declared' : undefined),
    run: (bench) => assertRefused(bench, { tools: [tool] }),
  },
  {
    title: 'responseSchema: sends it',
    notFor: ({ capabilities }) =>
      capabilities.responseSchema ? undefined : 'responseSchema is not declared',
    async run(bench) {
      const responseSchema = {
        type: 'object',
        properties: { answer: { type: 'string' } },
        required: ['answer'],
        additionalProperties: false,
      };
      assert.deepEqual((await askedBy(bench, { responseSchema })).responseSchema, responseSchema);
    },
  },
  {
    title: 'no responseSchema declared: refuses one with a ConfigError, before anything connects',
    notFor: ({ capabilities }) => (capabilities.responseSchema ? 'responseSchema is declared' : undefined),
    run: (bench) => assertRefused(bench, { responseSchema: { type: 'object' } }),
  },
  {
    title: 'sends temperature and maxTokens, and only when asked',
    async run(bench) {
      const plain = await askedBy(bench, {});
      assert.equal(plain.temperature, undefined, 'The provider has its own default.');
      const { temperature, maxTokens } = await askedBy(bench, { temperature: 0.25, maxTokens: 77 });
      assert.deepEqual([temperature, maxTokens], [0.25, 77]);
    },
  },
  {
    title: 'prefill: leaves a trailing assistant message last',
    notFor: ({ capabilities }) => (capabilities.prefill ? undefined : 'prefill is not declared'),
    async run(bench) {
      const messages: readonly LlmMessage[] = [
        { role: 'user', content: 'Go on.' },
        { role: 'assistant', content: 'Your order is' },
      ];
      const last = (await askedBy(bench, { messages })).messages?.at(-1);
      assert.deepEqual([last?.role, last?.content], ['assistant', 'Your order is']);
    },
  },
  {
    title: 'gives state back to nobody but the provider that made it',
    async run(bench) {
      bench.fake.answer([{ parts: [{ type: 'text', text: 'Yes' }], state: 'state-of-this-provider' }]);
      const { items } = await answerTo(bench);
      const finish = items.find((part) => part.type === 'finish');
      const providerState = finish?.type === 'finish' ? finish.providerState : undefined;
      const foreign = { healthKey: 'somebody-else', data: 'state-of-another-provider' };
      const messages: readonly LlmMessage[] = [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Yes', providerState: foreign },
        { role: 'assistant', content: 'Yes', providerState },
        { role: 'user', content: 'And?' },
      ];
      await answerTo(bench, { messages });
      const body = Buffer.from(bench.fake.requests.at(-1)?.body ?? []).toString();
      assert.ok(!body.includes('state-of-another-provider'), 'State of another provider stays here.');
      if (providerState === undefined) return;
      assert.equal(providerState.healthKey, bench.adapter.healthKey, 'State is marked with whose it is.');
      assert.ok(body.includes('state-of-this-provider'), 'Its own state comes back to it.');
    },
  },
  {
    title: "fails with the class of the provider's own message of failure",
    notFor: ({ dialect }) =>
      dialect.undetectable?.includes('error') === true ? 'the provider has no such message' : undefined,
    async run(bench) {
      bench.fake.misbehave({ type: 'error', afterEvents: 1, status: 500 });
      const { reading } = bench.ask();
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'llm', [
        'unavailable',
        'protocol',
      ]);
      assert.notEqual(textOf(reading.items), '', 'What came before was given.');
    },
  },
  {
    title: 'leaving the loop closes the connection',
    async run(bench) {
      bench.fake.misbehave({ type: 'stall', afterEvents: 1 });
      await leaveAfter(bench, bench.begin().stream as AsyncIterable<LlmPart>, ({ type }) => type === 'text');
      await assertSocketsGone(bench);
    },
  },
  {
    title: 'stops reading the provider while nobody reads its parts, and loses none',
    isHeavy: true,
    async run(bench) {
      const piece = 'word '.repeat(200);
      const count = 12_000;
      bench.fake.answer([
        { parts: Array.from({ length: count }, () => ({ type: 'text', text: piece }) as const) },
      ]);
      const parts = (bench.begin().stream as AsyncIterable<LlmPart>)[Symbol.asyncIterator]();
      const next = (): Promise<IteratorResult<LlmPart>> => bench.wait(parts.next(), 'the next part');
      let length = textOf([(await next()).value as LlmPart]).length;
      await bench.fake.until(() => (bench.fake.sessions[0]?.sentCount ?? 0) >= count, {
        what: 'all text to be sent',
        timeoutMs: 4 * bench.deadlineMs,
      });
      // What the system takes without a reader it takes at once.
      await pause(100);
      assert.ok(
        (bench.fake.sessions[0]?.bufferedBytes ?? 0) > 0,
        'The connection was read although nobody read the parts.',
      );
      for (let part = await next(); part.done !== true; part = await next())
        length += textOf([part.value]).length;
      assert.equal(length, piece.length * count, 'All text came in the end.');
    },
  },
  {
    title: 'does not mix two answers that run at once',
    async run(bench) {
      bench.fake.answer(({ messages }) => ({
        parts: [{ type: 'text', text: `You said ${messages?.at(-1)?.content ?? ''}` }],
      }));
      const asked = ['one', 'two'].map((content) => bench.ask({ messages: [{ role: 'user', content }] }));
      for (const { reading } of asked) assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.deepEqual(
        asked.map(({ reading }) => textOf(reading.items)),
        ['You said one', 'You said two'],
      );
    },
  },
];
