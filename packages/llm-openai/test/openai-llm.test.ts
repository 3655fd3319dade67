// The adapter over a real socket, against the fake that the vendor's own client has proven.
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { startLlmFake, type LlmFake } from '@voicewire/testing';
import type { LlmPart, LlmRequest } from '@voicewire/core/adapter';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChatLlm } from '../src/dialect.js';
import { openAiDialect, startOpenAiFake } from '../src/fake.js';
import { createOpenAiLlm, type OpenAiLlmOptions } from '../src/index.js';

let fake: LlmFake;

beforeEach(async () => {
  vi.stubEnv('OPENAI_API_KEY', '');
  vi.stubEnv('OPENAI_BASE_URL', '');
  fake = await startOpenAiFake();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await fake.close();
});

const ask = (more: Partial<LlmRequest> = {}): LlmRequest => ({
  messages: [{ role: 'user', content: 'Grüße 👋' }],
  signal: new AbortController().signal,
  ...more,
});

const adapter = (options: OpenAiLlmOptions = {}) =>
  createOpenAiLlm({ baseUrl: `${fake.url}/v1`, apiKey: fake.apiKey, ...options });

async function readAll(stream: AsyncIterable<LlmPart>): Promise<LlmPart[]> {
  const parts: LlmPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const bodies = () =>
  fake.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>);

describe('what is asked', () => {
  it('is what the request says, whole', async () => {
    const request = ask({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Where is 7?' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'a', name: 'look', argumentsText: '{"id":7}' }],
        },
        { role: 'tool', toolCallId: 'a', name: 'look', content: '{"at":"depot"}' },
        { role: 'assistant', content: 'At the depot.' },
        { role: 'user', content: 'Thanks' },
      ],
      tools: [
        { name: 'look', description: 'Finds an order', parameters: { type: 'object', properties: {} } },
      ],
      toolChoice: { name: 'look' },
      responseSchema: { type: 'object', properties: {} },
      temperature: 0.3,
      maxTokens: 200,
    });
    await readAll(adapter({ model: 'tiny' }).generate(request));
    const { signal, ...asked } = request;
    expect(fake.sessions[0]?.heard.asked).toEqual({ model: 'tiny', ...asked });
    expect(signal.aborted).toBe(false);
  });

  it('has nothing in it that was not asked for', async () => {
    await readAll(adapter().generate(ask({ toolChoice: 'auto', tools: [] })));
    expect(bodies()).toEqual([
      {
        model: 'gpt-4.1-mini',
        messages: [{ role: 'user', content: 'Grüße 👋' }],
        stream: true,
        stream_options: { include_usage: true },
      },
    ]);
  });

  it.each([
    [true, { additionalProperties: false, required: ['a'] }],
    [false, { additionalProperties: false, required: [] }],
    [false, { required: ['a'] }],
    [
      false,
      { additionalProperties: false, required: ['a', 'b'], properties: { a: {}, b: { type: 'object' } } },
    ],
  ])('asks for strict JSON (%s) only where the schema can be kept to the letter', async (strict, more) => {
    const inner = { type: 'object', properties: { a: { type: 'string' } }, ...more };
    const responseSchema = { type: 'array', items: [inner] };
    await readAll(adapter().generate(ask({ responseSchema })));
    expect(bodies()[0]?.['response_format']).toMatchObject({
      json_schema: { strict, schema: responseSchema },
    });
  });

  it('carries the settings, and what a server needs beyond them', async () => {
    const llm = adapter({
      organization: 'org-1',
      project: 'proj-1',
      reasoningEffort: 'low',
      headers: { 'x-route': 'eu', 'openai-project': 'proj-2' },
      extraBody: { top_k: 5, stream_options: { include_usage: false } },
    });
    await readAll(llm.generate(ask({ maxTokens: 9 })));
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${fake.apiKey}`,
      'openai-organization': 'org-1',
      'openai-project': 'proj-2',
      'x-route': 'eu',
    });
    expect(bodies()[0]).toMatchObject({
      reasoning_effort: 'low',
      top_k: 5,
      max_tokens: 9,
      stream_options: { include_usage: false },
    });
  });

  it('at OpenAI itself asks in its newer words and without padding', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: (...args: unknown[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never);
    const { port } = new URL(fake.url);
    const llm = adapter({ baseUrl: `http://eu.api.openai.com:${port}/v1/` });
    await readAll(llm.generate(ask({ maxTokens: 9 })));
    expect(bodies()[0]).toMatchObject({
      max_completion_tokens: 9,
      stream_options: { include_usage: true, include_obfuscation: false },
    });
  });
});

describe('how it goes', () => {
  it('sends nothing before it is read', async () => {
    const parts = adapter().generate(ask());
    await readAll(adapter().generate(ask()));
    expect(fake.requests).toHaveLength(1);
    await readAll(parts);
    expect(fake.requests).toHaveLength(2);
  });

  it('keeps its connection though the body ends after the marker, and replaces one the server has dropped', async () => {
    const sockets = new Set<Socket>();
    let requests = 0;
    const server = createServer((incoming, outgoing) => {
      sockets.add(incoming.socket);
      requests += 1;
      if (requests === 3) return void incoming.socket.resetAndDestroy();
      outgoing.write(
        'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
      );
      setImmediate(() => setImmediate(() => outgoing.end()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const llm = adapter({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await readAll(llm.generate(ask()));
    await readAll(llm.generate(ask()));
    expect([requests, sockets.size]).toEqual([2, 1]);
    expect(await readAll(llm.generate(ask()))).toHaveLength(2);
    expect([requests, sockets.size]).toEqual([4, 2]);
    server.close();
    server.closeAllConnections();
  });

  it('has given everything when the connection dies after the end marker', async () => {
    const dialect = {
      ...openAiDialect,
      open(request: Parameters<typeof openAiDialect.open>[0]) {
        const conversation = openAiDialect.open(request);
        if ('status' in conversation) return conversation;
        // A late event, for the fault to strike after the marker has gone out.
        const late = (event: Parameters<typeof conversation.write>[0]) =>
          event.type === 'done'
            ? [...conversation.write(event), 'data: {"late": true}\n\n']
            : conversation.write(event);
        return { ...conversation, write: late };
      },
    };
    const late = await startLlmFake(dialect);
    const llm = adapter({ baseUrl: `${late.url}/v1` });
    const iterator = llm.generate(ask())[Symbol.asyncIterator]();
    let last: LlmPart | undefined;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      last = next.value;
      if (last.type === 'finish') await late.close();
    }
    expect(last).toEqual({ type: 'finish', reason: 'stop' });
  });

  it('takes a clean end without the marker for whole once it said why it finished', async () => {
    const unmarked = await startLlmFake({
      ...openAiDialect,
      open(request) {
        const conversation = openAiDialect.open(request);
        if ('status' in conversation) return conversation;
        return {
          ...conversation,
          write: (event) => (event.type === 'done' ? [] : conversation.write(event)),
        };
      },
    });
    const parts = await readAll(adapter({ baseUrl: `${unmarked.url}/v1` }).generate(ask()));
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
    await unmarked.close();
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
      { type: 'refuse', status: 500 },
      { class: 'unavailable', status: 500 },
    ],
    [{ type: 'silent-eof', afterEvents: 2 }, { class: 'protocol' }],
    [{ type: 'early-end' }, { class: 'protocol' }],
    [{ type: 'empty-200' }, { class: 'protocol' }],
    [{ type: 'reset', afterEvents: 1 }, { class: 'unavailable' }],
    [{ type: 'garbage', afterEvents: 1 }, { class: 'protocol' }],
    [{ type: 'binary', afterEvents: 1 }, { class: 'protocol' }],
    [{ type: 'error', afterEvents: 1 }, { class: 'unavailable' }],
  ] as const)('%j is a typed failure, and is not tried again', async (misbehaviour, expected) => {
    fake.misbehave(misbehaviour);
    await expect(readAll(adapter().generate(ask()))).rejects.toMatchObject({
      provider: 'openai',
      stage: 'llm',
      ...expected,
    });
    expect(fake.requests).toHaveLength(1);
  });

  it('throws the reason of an abort, and hangs up', async () => {
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
    vi.stubEnv('OPENAI_API_KEY', fake.apiKey);
    vi.stubEnv('OPENAI_BASE_URL', `${fake.url}/v1`);
    expect(await readAll(createOpenAiLlm().generate(ask()))).not.toHaveLength(0);
  });

  it('insist on a key only at OpenAI’s own address', async () => {
    expect(() => createOpenAiLlm()).toThrow(expect.objectContaining({ code: 'config.missing_key' }));
    const keyless = createOpenAiLlm({ baseUrl: `${fake.url}/v1` });
    await expect(readAll(keyless.generate(ask()))).rejects.toMatchObject({ class: 'auth' });
    expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that are wrong are told all at once', () => {
    const options = {
      modle: 'x',
      reasoningEffort: 'huge',
      baseUrl: 'nowhere',
    } as unknown as OpenAiLlmOptions;
    expect(() => createOpenAiLlm(options)).toThrow(
      expect.objectContaining({ problems: [expect.anything(), expect.anything(), expect.anything()] }),
    );
  });

  it('tell health by address and key', () => {
    const key = adapter().healthKey;
    expect(adapter({ model: 'other' }).healthKey).toBe(key);
    expect(adapter({ apiKey: 'other' }).healthKey).not.toBe(key);
    expect(key).not.toContain(fake.apiKey);
  });
});

describe('createChatLlm', () => {
  it('makes an adapter for another vendor of the dialect', async () => {
    const llm = createChatLlm({
      provider: 'acme',
      healthKey: 'acme@here',
      url: `${fake.url}/v1/chat/completions`,
      headers: { authorization: `Bearer ${fake.apiKey}`, 'x-nothing': undefined },
      capabilities: { tools: false, parallelTools: false, responseSchema: false, prefill: false },
      model: 'nova',
      maxTokensField: 'max_tokens',
    });
    expect(llm).toMatchObject({ kind: 'llm', specVersion: 1, provider: 'acme', healthKey: 'acme@here' });
    expect(await readAll(llm.generate(ask()))).toHaveLength(5);
    const tools = [{ name: 'look', description: '', parameters: {} }];
    await expect(readAll(llm.generate(ask({ tools })))).rejects.toMatchObject({ code: 'config.unsupported' });
    expect(fake.requests).toHaveLength(1);
    fake.misbehave({ type: 'refuse', status: 503 });
    await expect(readAll(llm.generate(ask()))).rejects.toMatchObject({ provider: 'acme' });
  });
});
