// The adapter over a real socket, against the fake that the vendor's own client has proven.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { LlmMessage, LlmPart, LlmRequest } from '@voicewire/core/adapter';
import { startLlmFake, type LlmFake } from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anthropicDialect, startAnthropicFake } from '../src/fake.js';
import { createAnthropicLlm, type AnthropicLlmOptions } from '../src/index.js';

let fake: LlmFake;

beforeEach(async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', '');
  vi.stubEnv('ANTHROPIC_BASE_URL', '');
  fake = await startAnthropicFake();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

const user = (content: string): LlmMessage => ({ role: 'user', content });
const assistant = (content: string): LlmMessage => ({ role: 'assistant', content });
const system = (content: string): LlmMessage => ({ role: 'system', content });
const tool = { name: 'look', description: 'Finds an order', parameters: { type: 'object', properties: {} } };
const called: readonly LlmMessage[] = [
  user('Where is 7?'),
  {
    role: 'assistant',
    content: '',
    toolCalls: [
      { id: 'a', name: 'look', argumentsText: '{"id":7}' },
      { id: 'b', name: 'look', argumentsText: '{"id": 1' },
    ],
  },
  { role: 'tool', toolCallId: 'a', name: 'look', content: '{"at":"depot"}' },
  { role: 'tool', toolCallId: 'b', name: 'look', content: '' },
];

const ask = (more: Partial<LlmRequest> = {}): LlmRequest => ({
  messages: [user('Grüße 👋')],
  signal: new AbortController().signal,
  ...more,
});

const adapter = (options: AnthropicLlmOptions = {}) =>
  createAnthropicLlm({ baseUrl: fake.url, apiKey: fake.apiKey, ...options });

async function readAll(stream: AsyncIterable<LlmPart>): Promise<LlmPart[]> {
  const parts: LlmPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

async function bodyOf(
  request: Partial<LlmRequest>,
  options: AnthropicLlmOptions = {},
): Promise<Record<string, unknown>> {
  await readAll(adapter(options).generate(ask(request)));
  return JSON.parse(Buffer.from(fake.requests.at(-1)?.body ?? []).toString()) as Record<string, unknown>;
}

const text = (words: string) => ({ type: 'text', text: words });
const nothingSaid = { role: 'user', content: [text('(Nothing was said.)')] };

describe('what is asked', () => {
  it('has nothing in it that was not asked for', async () => {
    expect(await bodyOf({ toolChoice: 'auto', tools: [] })).toEqual({
      model: 'claude-haiku-5-5',
      max_tokens: 1024,
      cache_control: { type: 'ephemeral', ttl: '5m' },
      messages: [{ role: 'user', content: [text('Grüße 👋')] }],
      thinking: { type: 'disabled' },
      stream: true,
    });
    expect(fake.requests[0]?.headers).toMatchObject({
      'x-api-key': fake.apiKey,
      'anthropic-version': '2026-10-21',
    });
  });

  it('is a conversation of turns, with results first, and arguments that are no JSON as none', async () => {
    const { messages } = await bodyOf({
      messages: [...called, user('Hello?'), user('Still there?')],
      tools: [tool],
    });
    expect(messages).toEqual([
      { role: 'user', content: [text('Where is 7?')] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'look', input: { id: 7 } },
          { type: 'tool_use', id: 'b', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: '{"at":"depot"}' },
          { type: 'tool_result', tool_use_id: 'b', content: '' },
          text('Hello?'),
          text('Still there?'),
        ],
      },
    ]);
  });

  it.each([
    ['{"id":7}', { id: 7 }],
    ['', {}],
    ['[7]', {}],
    ['null', {}],
    ['7', {}],
  ])('gives the arguments %j back as an object', async (argumentsText, input) => {
    const reply: LlmMessage = {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'a', name: 'look', argumentsText }],
    };
    const { messages } = await bodyOf({
      messages: [user('Hi'), reply, ...called.slice(2, 3)],
      tools: [tool],
    });
    expect(messages).toMatchObject([{}, { content: [{ type: 'tool_use', input }] }, {}]);
  });

  it.each<[string, readonly LlmMessage[], readonly object[]]>([
    [
      'a greeting that comes first',
      [assistant('Good day.'), user('Hi')],
      [
        nothingSaid,
        { role: 'assistant', content: [text('Good day.')] },
        { role: 'user', content: [text('Hi')] },
      ],
    ],
    [
      'a reply that nobody answered, which is not to be continued',
      [user('Hi'), assistant('Good day.'), assistant('Hello?')],
      [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [text('Good day.'), text('Hello?')] },
        nothingSaid,
      ],
    ],
    ['instructions alone', [system('Greet.')], [nothingSaid]],
    [
      'instructions between turns, which not every model takes as such',
      [user('Hi'), assistant('It is'), system('Go on.')],
      [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [text('It is')] },
        { role: 'user', content: [text('<system>\nGo on.\n</system>')] },
      ],
    ],
    ['a greeting after blank words', [user(''), assistant('Good day.'), user('Hi')], [nothingSaid, {}, {}]],
    ['blank words', [user('Hi'), assistant(' '), user('')], [{ role: 'user', content: [text('Hi')] }]],
  ])('takes %s', async (_, messages, expected) => {
    expect((await bodyOf({ messages }))['messages']).toMatchObject(expected);
  });

  it('marks what is the same in every call, and what this one has said so far', async () => {
    const messages = [system('You answer the phone.'), system('Found: 9 to 5.'), user('When?')];
    const marked = { type: 'ephemeral', ttl: '5m' };
    expect(await bodyOf({ messages })).toMatchObject({
      cache_control: marked,
      system: [{ ...text('You answer the phone.'), cache_control: marked }, text('Found: 9 to 5.')],
    });
    const hour = { type: 'ephemeral', ttl: '1h' };
    expect(await bodyOf({ messages }, { cache: '1h' })).toMatchObject({
      cache_control: hour,
      system: [{ cache_control: hour }, {}],
    });
    expect(JSON.stringify(await bodyOf({ messages }, { cache: 'off' }))).not.toContain('cache_control');
  });

  it.each([
    ['required', { type: 'any' }],
    ['none', { type: 'none' }],
    [{ name: 'look' }, { type: 'tool', name: 'look' }],
    ['auto', undefined],
  ] as const)('chooses tools: %j', async (toolChoice, expected) => {
    const { tools, tool_choice } = await bodyOf({ tools: [tool], toolChoice });
    expect(tool_choice).toEqual(expected);
    expect(tools).toEqual([
      { name: 'look', description: 'Finds an order', input_schema: { type: 'object', properties: {} } },
    ]);
  });

  it('has the tools that were called before, but not to be called, where it is given none', async () => {
    expect(await bodyOf({ messages: called })).toMatchObject({
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
  });

  it('gives an answer with its thoughts back as it came, while its text is what was said, and to nobody else', async () => {
    const { healthKey } = adapter();
    const thought = { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' };
    const content = [text('Yes'), thought];
    const contentWith = async (said: string, maker: string): Promise<unknown> => {
      const providerState = { healthKey: maker, data: { text: 'Yes', content } };
      const reply: LlmMessage = { role: 'assistant', content: said, providerState };
      const body = await bodyOf({ messages: [user('Hi'), reply, user('And?')] });
      return (body['messages'] as { readonly content: unknown }[])[1]?.content;
    };
    expect(await contentWith('Yes', healthKey)).toEqual(content);
    expect(await contentWith('Y', healthKey)).toEqual([text('Y')]);
    expect(await contentWith('Yes', 'another')).toEqual([text('Yes')]);
  });

  it('has the limit it was given, and no temperature, which is refused', async () => {
    const body = await bodyOf({ temperature: 0.3, maxTokens: 9 });
    expect(body).toMatchObject({ max_tokens: 9 });
    expect(body).not.toHaveProperty('temperature');
  });

  it('takes the older version of the API by its settings, with what that one knows', async () => {
    const headers = { 'anthropic-version': '2023-06-01' };
    expect(await bodyOf({}, { headers, extraBody: { temperature: 0.3 } })).toMatchObject({
      temperature: 0.3,
    });
  });

  it('carries the settings, and what a model needs beyond them', async () => {
    const body = await bodyOf(
      { responseSchema: { type: 'object', properties: {} } },
      {
        thinking: 'adaptive',
        effort: 'low',
        maxTokens: 50,
        headers: { 'anthropic-beta': 'x' },
        extraBody: { service_tier: 'standard_only' },
      },
    );
    expect(body).toMatchObject({
      max_tokens: 50,
      thinking: { type: 'adaptive' },
      output_config: {
        effort: 'low',
        format: { type: 'json_schema', schema: { additionalProperties: false } },
      },
      service_tier: 'standard_only',
    });
    expect(fake.requests.at(-1)?.headers['anthropic-beta']).toBe('x');
    expect(await bodyOf({}, { thinking: 'model' })).not.toHaveProperty('thinking');
  });
});

describe('how it goes', () => {
  it('keeps its connection though the body ends after the marker, and has given everything when it breaks there', async () => {
    const sockets = new Set<Socket>();
    let requests = 0;
    const events = [
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ];
    const server = createServer((incoming, outgoing) => {
      sockets.add(incoming.socket);
      requests += 1;
      outgoing.write(
        events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
      );
      setImmediate(() => setImmediate(() => (requests < 3 ? outgoing.end() : outgoing.destroy())));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const llm = adapter({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    for (let count = 1; count <= 3; count += 1) {
      expect((await readAll(llm.generate(ask()))).at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
    }
    expect([requests, sockets.size]).toEqual([3, 1]);
    server.close();
    server.closeAllConnections();
  });

  it.each([
    [
      { type: 'refuse', status: 429, retryAfterMs: 3_000 },
      { class: 'rate_limit', status: 429, retryAfterMs: 3_000 },
    ],
    [
      { type: 'refuse', status: 401 },
      { class: 'auth', status: 401 },
    ],
    [
      { type: 'refuse', status: 402 },
      { class: 'quota', status: 402 },
    ],
    [
      { type: 'refuse', status: 529 },
      { class: 'unavailable', status: 529 },
    ],
    [{ type: 'error', afterEvents: 1, status: 529 }, { class: 'unavailable' }],
    [{ type: 'error', afterEvents: 1, status: 429 }, { class: 'rate_limit' }],
    [{ type: 'silent-eof', afterEvents: 2 }, { class: 'protocol' }],
    [{ type: 'early-end' }, { class: 'protocol' }],
    [{ type: 'empty-200' }, { class: 'protocol' }],
    [{ type: 'reset', afterEvents: 1 }, { class: 'unavailable' }],
    [{ type: 'garbage', afterEvents: 1 }, { class: 'protocol' }],
  ] as const)('%j is a typed failure, and is not tried again', async (misbehaviour, expected) => {
    fake.misbehave(misbehaviour);
    await expect(readAll(adapter().generate(ask()))).rejects.toMatchObject({
      provider: 'anthropic',
      stage: 'llm',
      ...expected,
    });
    expect(fake.requests).toHaveLength(1);
  });

  it('tells a conversation that is too long by the words of the refusal', async () => {
    const message = 'prompt is too long: 208310 tokens > 200000 maximum';
    const body = JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } });
    const strict = await startLlmFake({ ...anthropicDialect, refusal: () => ({ body }) });
    strict.misbehave({ type: 'refuse', status: 400 });
    await expect(readAll(adapter({ baseUrl: strict.url }).generate(ask()))).rejects.toMatchObject({
      class: 'invalid_request',
      code: 'provider.context_too_long',
      message: 'anthropic answered 400 Bad Request.',
    });
    await strict.close();
  });

  it('throws the reason of an abort, and hangs up: what is generated is paid for', async () => {
    const stop = new AbortController();
    const reason = new Error('caller spoke');
    fake.misbehave({ type: 'stall', afterEvents: 1 });
    const reading = (async () => {
      for await (const part of adapter().generate(ask({ signal: stop.signal }))) {
        if (part.type === 'text') stop.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await fake.until(() => fake.connections === 0);
  });
});

describe('options', () => {
  it('come from the environment where they are left out', async () => {
    expect(() => createAnthropicLlm()).toThrow(expect.objectContaining({ code: 'config.missing_key' }));
    vi.stubEnv('ANTHROPIC_API_KEY', fake.apiKey);
    vi.stubEnv('ANTHROPIC_BASE_URL', fake.url);
    expect(await readAll(createAnthropicLlm().generate(ask()))).not.toHaveLength(0);
  });

  it('that are wrong are told all at once', () => {
    const options = { modle: 'x', effort: 'huge', baseUrl: 'nowhere', maxTokens: 0 } as unknown;
    expect(() => createAnthropicLlm(options as AnthropicLlmOptions)).toThrow(
      expect.objectContaining({ problems: Array.from({ length: 4 }, () => expect.anything() as unknown) }),
    );
  });

  it('tell health by address and key', () => {
    const key = adapter().healthKey;
    expect(adapter({ model: 'other' }).healthKey).toBe(key);
    expect(adapter({ apiKey: 'other' }).healthKey).not.toBe(key);
    expect(key).not.toContain(fake.apiKey);
  });
});
