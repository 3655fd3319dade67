// The fake, proven from outside: by OpenAI's own client, and by the schemas of its published API description.
import { readFileSync } from 'node:fs';
import type { LlmFake, LlmResponse } from '@voicewire/testing';
import OpenAI, { APIError, AuthenticationError, BadRequestError, RateLimitError } from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startOpenAiFake } from '../src/fake.js';
import { createOpenAiLlm } from '../src/index.js';

const look = { id: 'call_a', name: 'look', argumentsText: '{"id":7}' };
const book = { id: 'call_b', name: 'book', argumentsText: '{"day":"Monday","time":"10:00"}' };
const everything: LlmResponse = {
  parts: [
    { type: 'text', text: 'One moment ☕' },
    { type: 'tool-calls', calls: [look, book] },
  ],
};

const question: ChatCompletionCreateParamsStreaming = {
  model: 'gpt-4.1-mini',
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
  stream_options: { include_usage: true },
};

let fake: LlmFake;
let client: OpenAI;

beforeAll(async () => {
  fake = await startOpenAiFake();
  client = new OpenAI({ apiKey: fake.apiKey, baseURL: `${fake.url}/v1`, maxRetries: 0, logLevel: 'off' });
});

beforeEach(() => {
  fake.behave();
  fake.answer([everything]);
});

afterAll(() => fake.close());

async function chunksOf(params: ChatCompletionCreateParamsStreaming): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of await client.chat.completions.create(params)) chunks.push(chunk);
  return chunks;
}

describe('by the openai client', () => {
  it('answers with text, interleaved calls and usage that its own helper joins', async () => {
    const stream = client.chat.completions.stream(question);
    const { choices, usage } = await stream.finalChatCompletion();
    expect(choices[0]?.message.content).toBe('One moment ☕');
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_a', type: 'function', function: { name: 'look', arguments: look.argumentsText } },
      { id: 'call_b', type: 'function', function: { name: 'book', arguments: book.argumentsText } },
    ]);
    expect(usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 });
  });

  it('tells a refusal as the client expects it', async () => {
    fake.answer([{ parts: [], finish: 'refusal' }]);
    const { choices } = await client.chat.completions.stream(question).finalChatCompletion();
    expect(choices[0]?.message.refusal).toBeTruthy();
  });

  it('sends usage only where it is asked for, and padding unless it is declined', async () => {
    const plain = await chunksOf({ ...question, stream_options: { include_obfuscation: false } });
    expect(plain.some((chunk) => 'usage' in chunk || 'obfuscation' in chunk)).toBe(false);
    const padded = await chunksOf(question);
    expect(padded.filter((chunk) => 'obfuscation' in chunk)).toHaveLength(padded.length - 1);
    expect(padded.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 21 } });
  });

  it('fails as the client knows failures', async () => {
    fake.misbehave({ type: 'refuse', status: 429, retryAfterMs: 2_000 }, { times: 1 });
    const limited = await chunksOf(question).catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(RateLimitError);
    expect((limited as RateLimitError).headers.get('retry-after')).toBe('2');

    fake.misbehave({ type: 'error', afterEvents: 1 }, { times: 1 });
    await expect(chunksOf(question)).rejects.toBeInstanceOf(APIError);

    await expect(chunksOf({ ...question, tool_choice: 'auto' })).rejects.toBeInstanceOf(BadRequestError);
    await expect(chunksOf({ ...question, messages: [] })).rejects.toBeInstanceOf(BadRequestError);

    const stranger = client.withOptions({ apiKey: 'wrong' });
    await expect(stranger.chat.completions.create(question)).rejects.toBeInstanceOf(AuthenticationError);
  });
});

describe('by the published schemas', () => {
  const { $defs } = closed(
    JSON.parse(readFileSync(new URL('__fixtures__/openai-chat.schema.json', import.meta.url), 'utf8')),
  ) as { $defs: Record<string, object> };
  const schema = (name: string) => z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs } as never);

  it('every chunk is one', async () => {
    const chunk = schema('CreateChatCompletionStreamResponse');
    for (const response of [everything, { parts: [], finish: 'refusal' } as const]) {
      fake.answer([response]);
      for (const sent of await chunksOf(question)) expect(() => chunk.parse(sent)).not.toThrow();
    }
    expect(chunk.safeParse({ ...(await chunksOf(question))[0], choices: [{}] }).success).toBe(false);
  });

  it('every error is one, before and in the middle of an answer', async () => {
    const error = schema('Error');
    fake.misbehave({ type: 'refuse', status: 500 }, { times: 1 });
    const refused = (await chunksOf(question).catch((reason: unknown) => reason)) as APIError;
    fake.misbehave({ type: 'error', afterEvents: 1 }, { times: 1 });
    const broken = (await chunksOf(question).catch((reason: unknown) => reason)) as APIError;
    for (const { error: body } of [refused, broken]) expect(() => error.parse(body)).not.toThrow();
  });

  it('every request of our adapter is one, with no field that is not there', async () => {
    const request = schema('CreateChatCompletionRequest');
    const llm = createOpenAiLlm({ baseUrl: `${fake.url}/v1`, apiKey: fake.apiKey, reasoningEffort: 'none' });
    const before = fake.requests.length;
    const parts = llm.generate({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'One moment.', toolCalls: [look, book] },
        { role: 'tool', toolCallId: look.id, name: look.name, content: '{}' },
        { role: 'tool', toolCallId: book.id, name: book.name, content: '{}' },
      ],
      tools: [{ name: 'look', description: 'Finds', parameters: { type: 'object', properties: {} } }],
      toolChoice: { name: 'look' },
      responseSchema: { type: 'object', properties: {}, additionalProperties: false },
      temperature: 0.5,
      maxTokens: 100,
      signal: new AbortController().signal,
    });
    for await (const part of parts) expect(part.type).toBeTruthy();
    const sent = JSON.parse(Buffer.from(fake.requests[before]?.body ?? []).toString()) as object;
    expect(() => request.parse(sent)).not.toThrow();
    expect(request.safeParse({ ...sent, max_token: 1 }).success).toBe(false);
  });
});

/** An object with listed properties has no others: a misspelt field must not pass as one more that is allowed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return copy['type'] === 'object' && 'properties' in copy ? { additionalProperties: false, ...copy } : copy;
}
