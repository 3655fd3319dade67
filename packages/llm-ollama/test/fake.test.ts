// The fake, proven from outside: by Ollama's own client, and by the schemas of its published API description.
import { readFileSync } from 'node:fs';
import type { LlmFake, LlmResponse } from '@voicewire/testing';
import { Ollama, type ChatRequest, type ChatResponse } from 'ollama';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startOllamaFake } from '../src/fake.js';
import { createOllamaLlm } from '../src/index.js';

const look = { id: 'call_a', name: 'look', argumentsText: '{"id":7}' };
const book = { id: 'call_b', name: 'book', argumentsText: '{"day":"Monday"}' };
const everything: LlmResponse = {
  parts: [
    { type: 'text', text: 'One moment ☕' },
    { type: 'tool-calls', calls: [look, book] },
  ],
};

const question: ChatRequest & { stream: true } = {
  model: 'qwen3:8b',
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
};

let fake: LlmFake;
let client: Ollama;

beforeAll(async () => {
  fake = await startOllamaFake();
  client = new Ollama({ host: fake.url });
});

beforeEach(() => {
  fake.behave();
  fake.answer([everything]);
});

afterAll(() => fake.close());

async function linesOf(request: ChatRequest & { stream: true }): Promise<ChatResponse[]> {
  const lines: ChatResponse[] = [];
  for await (const line of await client.chat(request)) lines.push(line);
  return lines;
}

describe('by the ollama client', () => {
  it('answers with text, whole calls and counts', async () => {
    const lines = await linesOf(question);
    expect(lines.map(({ message }) => message.content).join('')).toBe('One moment ☕');
    const calls = lines.flatMap(({ message }) => message.tool_calls ?? []);
    expect(calls.map((call) => call.function)).toMatchObject([
      { name: 'look', arguments: { id: 7 } },
      { name: 'book', arguments: { day: 'Monday' } },
    ]);
    expect(lines.at(-1)).toMatchObject({
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 12,
      eval_count: 9,
    });
  });

  it('lists models', async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toContain('qwen3:8b');
  });

  it('fails as the client knows failures', async () => {
    fake.misbehave({ type: 'refuse', status: 404 }, { times: 1 });
    await expect(linesOf(question)).rejects.toMatchObject({ name: 'ResponseError', status_code: 404 });
    fake.misbehave({ type: 'error', afterEvents: 1 }, { times: 1 });
    await expect(linesOf(question)).rejects.toThrow(/the fake failed/i);
    fake.misbehave({ type: 'early-end' }, { times: 1 });
    await expect(linesOf(question)).rejects.toThrow(/did not receive done/i);
    await expect(linesOf({ ...question, model: '' })).rejects.toMatchObject({ status_code: 400 });
  });
});

describe('by the published schemas', () => {
  const { $defs } = closed(
    JSON.parse(readFileSync(new URL('__fixtures__/ollama-chat.schema.json', import.meta.url), 'utf8')),
  ) as { $defs: Record<string, object> };
  const schema = (name: string) => z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs } as never);

  /** The description leaves out what the API's own page and the client have: ids of calls, and whose result a message is. */
  const undescribed = (key: string, value: unknown): unknown =>
    ['id', 'index', 'tool_name', 'tool_call_id'].includes(key) ? undefined : value;
  const described = (text: string): unknown => JSON.parse(text, undescribed);

  it('every line is one', async () => {
    const [event, last] = [schema('ChatStreamEvent'), schema('ChatResponse')];
    const lines = (await linesOf(question)).map((line) => described(JSON.stringify(line)));
    for (const line of lines.slice(0, -1)) expect(() => event.parse(line)).not.toThrow();
    expect(() => last.parse(lines.at(-1))).not.toThrow();
    expect(event.safeParse({ ...(lines[0] as object), contents: '' }).success).toBe(false);
  });

  it('every error and the list of models is one', async () => {
    fake.misbehave({ type: 'refuse', status: 500 }, { times: 1 });
    const refused = await fetch(`${fake.url}/api/tags`);
    expect(() => schema('ErrorResponse').parse(undefined)).toThrow();
    const error: unknown = await refused.json();
    expect(() => schema('ErrorResponse').parse(error)).not.toThrow();
    const list: unknown = await (await fetch(`${fake.url}/api/tags`)).json();
    expect(() => schema('ListResponse').parse(list)).not.toThrow();
  });

  it('every request of our adapter is one, with no field that is not there', async () => {
    const request = schema('ChatRequest');
    const before = fake.requests.length;
    const parts = createOllamaLlm({ baseUrl: fake.url, contextTokens: 8_192, think: 'low' }).generate({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'One moment.', toolCalls: [look, book] },
        { role: 'tool', toolCallId: look.id, name: look.name, content: '{}' },
        { role: 'tool', toolCallId: book.id, name: book.name, content: '{}' },
      ],
      tools: [{ name: 'look', description: 'Finds', parameters: { type: 'object' } }],
      responseSchema: { type: 'object' },
      temperature: 0.5,
      maxTokens: 100,
      signal: new AbortController().signal,
    });
    for await (const part of parts) expect(part.type).toBeTruthy();
    const sent = described(Buffer.from(fake.requests[before]?.body ?? []).toString()) as object;
    expect(() => request.parse(sent)).not.toThrow();
    expect(request.safeParse({ ...sent, keepalive: 1 }).success).toBe(false);
  });
});

/** An object with listed properties has no others: a misspelt field must not pass as one more that is allowed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return copy['type'] === 'object' && 'properties' in copy ? { additionalProperties: false, ...copy } : copy;
}
