// The adapter over a real socket, against the fake that the vendor's own client has proven.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { LlmPart, LlmRequest } from '@voicewire/core/adapter';
import type { LlmFake } from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOllamaFake } from '../src/fake.js';
import { createOllamaLlm, isReachable, listOllamaModels, type OllamaLlmOptions } from '../src/index.js';
import { loadOllamaUrl } from '../src/ollama-options.js';

let fake: LlmFake;

beforeEach(async () => {
  vi.stubEnv('OLLAMA_HOST', '');
  vi.stubEnv('OLLAMA_API_KEY', '');
  fake = await startOllamaFake();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

const never = new AbortController().signal;

const ask = (more: Partial<LlmRequest> = {}): LlmRequest => ({
  messages: [{ role: 'user', content: 'Grüße 👋' }],
  signal: never,
  ...more,
});

const adapter = (options: OllamaLlmOptions = {}) => createOllamaLlm({ baseUrl: fake.url, ...options });

async function readAll(stream: AsyncIterable<LlmPart>): Promise<LlmPart[]> {
  const parts: LlmPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const bodies = () =>
  fake.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>);

const look = { name: 'look', description: 'Finds an order', parameters: { type: 'object', properties: {} } };

describe('what is asked', () => {
  it('is what the request says, whole', async () => {
    const request = ask({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Where is 7?' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'look', argumentsText: '{"id":7}' }] },
        { role: 'tool', toolCallId: 'a', name: 'look', content: '{"at":"depot"}' },
        { role: 'assistant', content: 'At the depot.' },
      ],
      tools: [look],
      responseSchema: { type: 'object', properties: {} },
      temperature: 0.3,
      maxTokens: 200,
    });
    await readAll(adapter({ model: 'tiny' }).generate(request));
    const { signal, ...asked } = request;
    expect(fake.sessions[0]?.heard.asked).toEqual({ model: 'tiny', ...asked });
    expect(signal.aborted).toBe(false);
  });

  it('has nothing in it that was not asked for, but that the model answers at once and stays loaded', async () => {
    await readAll(adapter().generate(ask()));
    expect(bodies()).toEqual([
      {
        model: 'qwen3:8b',
        messages: [{ role: 'user', content: 'Grüße 👋' }],
        options: {},
        think: false,
        keep_alive: '30m',
        stream: true,
      },
    ]);
  });

  it('carries the settings', async () => {
    const options = {
      think: 'low',
      keepAlive: -1,
      contextTokens: 16_384,
      apiKey: 'key',
      headers: { 'x-route': 'eu' },
    } as const;
    await readAll(adapter(options).generate(ask()));
    expect(bodies()[0]).toMatchObject({ think: 'low', keep_alive: -1, options: { num_ctx: 16_384 } });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: 'Bearer key', 'x-route': 'eu' });
  });

  it('gives the server an object where the model once wrote none', async () => {
    const texts = ['{"amount": 10', '', '[1]', 'null', '"x"'];
    const toolCalls = texts.map((argumentsText, index) => ({
      id: String(index),
      name: 'pay',
      argumentsText,
    }));
    await readAll(adapter().generate(ask({ messages: [{ role: 'assistant', content: '', toolCalls }] })));
    const [message] = fake.sessions[0]?.heard.asked.messages ?? [];
    const sent = message?.role === 'assistant' ? (message.toolCalls ?? []) : [];
    expect(sent.map(({ argumentsText }) => argumentsText)).toEqual(texts.map(() => '{}'));
  });

  it('offers no tools where none may be called, and refuses to force one before it connects', async () => {
    await readAll(adapter().generate(ask({ tools: [look], toolChoice: 'none' })));
    expect(bodies()[0]).not.toHaveProperty('tools');
    for (const toolChoice of ['required', { name: 'look' }] as const) {
      const forced = readAll(adapter().generate(ask({ tools: [look], toolChoice })));
      await expect(forced).rejects.toMatchObject({ code: 'config.unsupported', provider: 'ollama' });
    }
    expect(fake.requests).toHaveLength(1);
  });
});

describe('how it goes', () => {
  it.each([
    [
      { type: 'refuse', status: 503 },
      { class: 'unavailable', status: 503 },
    ],
    [
      { type: 'refuse', status: 404 },
      { class: 'invalid_request', message: expect.stringContaining('ollama pull qwen3:8b') },
    ],
    [{ type: 'silent-eof', afterEvents: 2 }, { class: 'protocol' }],
    [{ type: 'early-end' }, { class: 'protocol' }],
    [{ type: 'empty-200' }, { class: 'protocol' }],
    [{ type: 'reset', afterEvents: 1 }, { class: 'unavailable' }],
    [{ type: 'garbage', afterEvents: 1 }, { class: 'protocol' }],
    [{ type: 'error', afterEvents: 1 }, { class: 'unavailable' }],
  ] as const)('%j is a typed failure, and is not tried again', async (misbehaviour, expected) => {
    fake.misbehave(misbehaviour);
    await expect(readAll(adapter().generate(ask()))).rejects.toMatchObject({
      provider: 'ollama',
      stage: 'llm',
      ...expected,
    });
    expect(fake.requests).toHaveLength(1);
  });

  it('keeps its connection though the body ends after the last line', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((incoming, outgoing) => {
      sockets.add(incoming.socket);
      outgoing.write('{"message":{"content":"a"},"done":true}\n');
      setImmediate(() => setImmediate(() => outgoing.end()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const llm = adapter({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (let round = 0; round < 2; round++) expect(await readAll(llm.generate(ask()))).toHaveLength(3);
    expect(sockets.size).toBe(1);
    server.close();
    server.closeAllConnections();
  });

  it('stops one answer and no other', async () => {
    const llm = adapter();
    const stop = new AbortController();
    const reason = new Error('caller spoke');
    fake.misbehave({ type: 'stall', afterEvents: 1 }, { times: 1 });
    const stalled = llm.generate(ask({ signal: stop.signal }))[Symbol.asyncIterator]();
    await stalled.next();
    const other = llm.generate(ask())[Symbol.asyncIterator]();
    await other.next();
    const waiting = stalled.next();
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await readAll({ [Symbol.asyncIterator]: () => other })).not.toHaveLength(0);
    await fake.until(() => fake.sessions[0]?.ended !== undefined);
  });
});

describe('where the server is', () => {
  it.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['box:1234', 'http://box:1234'],
    ['https://ollama.test/', 'https://ollama.test'],
    ['http://box/models/', 'http://box/models'],
  ])('OLLAMA_HOST=%s is %s', (host, url) => {
    vi.stubEnv('OLLAMA_HOST', host ?? '');
    expect(loadOllamaUrl(undefined)).toBe(url);
  });

  it('is refused where it is no address', () => {
    vi.stubEnv('OLLAMA_HOST', 'not an address');
    expect(() => createOllamaLlm()).toThrow(expect.objectContaining({ code: 'config.invalid_option' }));
    expect(() => createOllamaLlm({ url: 'x' } as OllamaLlmOptions)).toThrow(
      expect.objectContaining({ code: 'config.unknown_option' }),
    );
  });
});

describe('listOllamaModels', () => {
  it('gives the names of what was pulled', async () => {
    expect(await listOllamaModels({ baseUrl: fake.url, signal: never })).toEqual([
      'qwen3:8b',
      'llama3.2:latest',
    ]);
  });

  it('tells that nobody is there, and stops when it is told to', async () => {
    fake.misbehave({ type: 'black-hole' }, { times: 1 });
    const reason = new Error('long enough');
    const stop = new AbortController();
    const waiting = listOllamaModels({ baseUrl: fake.url, signal: stop.signal });
    await fake.until(() => fake.requests.length === 1);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await fake.close();
    await expect(listOllamaModels({ baseUrl: fake.url, signal: never })).rejects.toMatchObject({
      class: 'unavailable',
      provider: 'ollama',
    });
  });
});

describe('isReachable', () => {
  const reach = (options: OllamaLlmOptions = {}) =>
    isReachable({ baseUrl: fake.url, ...options }, { signal: never });

  it('is whether a server answers and has the model', async () => {
    expect(await reach()).toBe(true);
    expect(await reach({ model: 'llama3.2' })).toBe(true);
    expect(await reach({ model: 'nobody-pulled-this' })).toBe(false);
    fake.misbehave({ type: 'refuse', status: 500 }, { times: 1 });
    expect(await reach()).toBe(false);
    await fake.close();
    expect(await reach()).toBe(false);
  });
});
