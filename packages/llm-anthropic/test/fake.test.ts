// The fake, proven from outside by Anthropic's own client, in both of its ways to stream.
import Anthropic, { APIError, AuthenticationError, BadRequestError, RateLimitError } from '@anthropic-ai/sdk';
import type {
  MessageCreateParamsStreaming,
  MessageParam,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { LlmMessage, LlmPart } from '@voicewire/core/adapter';
import type { LlmFake, LlmResponse } from '@voicewire/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAnthropicFake } from '../src/fake.js';
import { createAnthropicLlm } from '../src/index.js';

const look = { id: 'toolu_a', name: 'look', argumentsText: '{"id":7}' };
const book = { id: 'toolu_b', name: 'book', argumentsText: '{"day":"Monday","time":"10:00"}' };
const everything: LlmResponse = {
  parts: [
    { type: 'text', text: 'One ' },
    { type: 'text', text: 'moment ☕' },
    { type: 'tool-calls', calls: [look, book] },
  ],
  state: 'c2lnbmVk',
};

const tools = [{ name: 'look', input_schema: { type: 'object' as const } }];
const question: MessageCreateParamsStreaming = {
  model: 'claude-haiku-5-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello' }],
  tools,
  stream: true,
};

let fake: LlmFake;
let client: Anthropic;

beforeAll(async () => {
  fake = await startAnthropicFake();
  client = new Anthropic({ apiKey: fake.apiKey, baseURL: fake.url, maxRetries: 0, logLevel: 'off' });
});

beforeEach(() => {
  fake.behave();
  fake.answer([everything]);
});

afterAll(() => fake.close());

async function eventsOf(params: MessageCreateParamsStreaming): Promise<RawMessageStreamEvent[]> {
  const events: RawMessageStreamEvent[] = [];
  for await (const event of await client.messages.create(params)) events.push(event);
  return events;
}

function lastBody(): { readonly messages: readonly unknown[] } {
  return JSON.parse(Buffer.from(fake.requests.at(-1)?.body ?? []).toString()) as never;
}

describe('by the client of Anthropic', () => {
  it('answers with text, calls, a thought and usage that its own helper joins', async () => {
    const message = await client.messages.stream(question).finalMessage();
    expect(message.content).toMatchObject([
      { type: 'text', text: 'One moment ☕' },
      { type: 'tool_use', id: 'toolu_a', name: 'look', input: { id: 7 } },
      { type: 'tool_use', id: 'toolu_b', name: 'book', input: { day: 'Monday', time: '10:00' } },
      { type: 'thinking', signature: 'c2lnbmVk' },
    ]);
    expect(message).toMatchObject({ role: 'assistant', stop_reason: 'tool_use' });
    expect(message.usage).toMatchObject({ input_tokens: 8, cache_read_input_tokens: 4, output_tokens: 9 });
  });

  it('sends its blocks one after the other, each begun and ended', async () => {
    const events = await eventsOf(question);
    const steps = events.map((event) => ('index' in event ? `${event.type} ${event.index}` : event.type));
    const once = steps.filter((step, place) => step !== steps[place - 1]);
    const block = (index: number) =>
      ['start', 'delta', 'stop'].map((step) => `content_block_${step} ${index}`);
    expect(once).toEqual([
      'message_start',
      ...[0, 1, 2].flatMap(block),
      ...block(3),
      'message_delta',
      'message_stop',
    ]);
  });

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['refusal', 'refusal'],
  ] as const)('says %s as the client knows it', async (finish, reason) => {
    fake.answer([{ parts: [{ type: 'text', text: 'Yes' }], finish }]);
    expect((await client.messages.stream(question).finalMessage()).stop_reason).toBe(reason);
  });

  it('fails as the client knows failures', async () => {
    fake.misbehave({ type: 'refuse', status: 429, retryAfterMs: 2_000 }, { times: 1 });
    const limited = await eventsOf(question).catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(RateLimitError);
    expect(limited).toMatchObject({ type: 'rate_limit_error' });
    expect((limited as RateLimitError).headers.get('retry-after')).toBe('2');

    fake.misbehave({ type: 'refuse', status: 529 }, { times: 1 });
    await expect(eventsOf(question)).rejects.toMatchObject({ status: 529, type: 'overloaded_error' });

    fake.misbehave({ type: 'error', afterEvents: 1, status: 529 }, { times: 1 });
    const broken = await eventsOf(question).catch((error: unknown) => error);
    expect(broken).toBeInstanceOf(APIError);
    expect(broken).toMatchObject({ status: undefined, type: 'overloaded_error' });

    const stranger = client.withOptions({ apiKey: 'wrong' });
    await expect(stranger.messages.create(question)).rejects.toBeInstanceOf(AuthenticationError);
  });

  it('takes the older version of the API, with a key and a temperature', async () => {
    const headers = {
      'anthropic-version': '2023-06-01',
      'x-api-key': fake.apiKey,
      authorization: 'Bearer x',
    };
    const older = { ...question, temperature: 0.5 };
    (await client.messages.create(older, { headers })).controller.abort();
    expect(fake.sessions.at(-1)?.heard.asked.temperature).toBe(0.5);
  });
});

describe('what Anthropic refuses, the fake refuses', () => {
  const call = { type: 'tool_use', id: 'toolu_a', name: 'look', input: {} } as const;
  const result = { type: 'tool_result', tool_use_id: 'toolu_a', content: '1' } as const;
  const asks = { role: 'user', content: 'Where?' } as const;
  const calls: MessageParam = { role: 'assistant', content: [call] };

  it.each<[string, object]>([
    ['a temperature', { temperature: 1 }],
    ['a field it does not know', { maxTokens: 1 }],
    ['no limit', { max_tokens: undefined }],
    ['no messages', { messages: [] }],
    ['an assistant that begins', { messages: [{ role: 'assistant', content: 'Hi' }, asks] }],
    ['blank text', { messages: [{ role: 'user', content: ' ' }] }],
    ['a trailing assistant message', { messages: [asks, { role: 'assistant', content: 'It is' }] }],
    [
      'white space at the end of what is to be continued',
      { model: 'claude-haiku-4-5', messages: [asks, { role: 'assistant', content: 'It ' }] },
    ],
    ['a call without its result', { messages: [asks, calls, asks] }],
    [
      'a result that does not come first',
      { messages: [asks, calls, { role: 'user', content: [{ type: 'text', text: 'Hm' }, result] }] },
    ],
    ['a result nobody asked for', { messages: [{ role: 'user', content: [result] }] }],
    [
      'calls without tools',
      { tools: undefined, messages: [asks, calls, { role: 'user', content: [result] }] },
    ],
    ['a choice among no tools', { tools: undefined, tool_choice: { type: 'any' } }],
  ])('%s', async (_, more) => {
    await expect(eventsOf({ ...question, ...more })).rejects.toBeInstanceOf(BadRequestError);
  });

  it('and turns of one role that follow each other are one', async () => {
    const messages: MessageParam[] = [asks, calls, { role: 'user', content: [result] }, asks];
    await expect(eventsOf({ ...question, messages })).resolves.not.toHaveLength(0);
  });
});

describe('our adapter beside the client', () => {
  it('gives an answer back, with the result of its tools, as the client does', async () => {
    const { content } = await client.messages.stream(question).finalMessage();
    const results = [look, book].map(({ id }) => {
      return { type: 'tool_result', tool_use_id: id, content: 'ok' } as const;
    });
    const turns: MessageParam[] = [
      ...question.messages,
      { role: 'assistant', content },
      { role: 'user', content: results },
    ];
    await eventsOf({ ...question, messages: turns });
    const theirs = lastBody();

    const llm = createAnthropicLlm({ baseUrl: fake.url, apiKey: fake.apiKey });
    const ask = async (messages: readonly LlmMessage[]): Promise<LlmPart[]> => {
      const parts: LlmPart[] = [];
      for await (const part of llm.generate({ messages, signal: new AbortController().signal })) {
        parts.push(part);
      }
      return parts;
    };
    const hello = { role: 'user', content: 'Hello' } as const;
    const parts = await ask([hello]);
    const finish = parts.find((part) => part.type === 'finish');
    await ask([
      hello,
      {
        role: 'assistant',
        content: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
        toolCalls: parts.filter((part) => part.type === 'tool-call'),
        providerState: finish?.providerState,
      },
      { role: 'tool', toolCallId: look.id, name: look.name, content: 'ok' },
      { role: 'tool', toolCallId: book.id, name: book.name, content: 'ok' },
    ]);
    const [said, ...rest] = lastBody().messages;
    expect(said).toEqual({ role: 'user', content: [{ type: 'text', text: 'Hello' }] });
    // The client sends back what it was given for a text beside the text.
    expect(theirs.messages.slice(1)).toMatchObject(rest as object[]);
  });
});
