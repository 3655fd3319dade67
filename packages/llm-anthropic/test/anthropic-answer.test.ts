// The events of Anthropic's documentation in, our parts out; its refusals by the class they are.
import { ProviderError, type LlmPart } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { readAnswer, readRefusal } from '../src/anthropic-answer.js';

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-5-5',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 25,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 8,
      output_tokens: 1,
    },
  },
};
const block = (index: number, content_block: object) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: number, content: object) => ({ type: 'content_block_delta', index, delta: content });
const stop = (index: number) => ({ type: 'content_block_stop', index });
const text = (index: number, words: string) => delta(index, { type: 'text_delta', text: words });
const json = (index: number, partial_json: string) =>
  delta(index, { type: 'input_json_delta', partial_json });
const end = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 57 } },
  { type: 'message_stop' },
];

/** The events in order; a text stands for itself, as something that is no event. */
async function read(events: readonly (object | string)[]): Promise<LlmPart[]> {
  async function* stream() {
    for (const event of events) {
      const data = typeof event === 'string' ? event : JSON.stringify(event);
      yield await Promise.resolve({ event: undefined, data });
    }
  }
  const parts: LlmPart[] = [];
  for await (const part of readAnswer(stream(), 'here')) parts.push(part);
  return parts;
}

const finish = (parts: readonly LlmPart[]) => parts.find((part) => part.type === 'finish');

describe('an answer', () => {
  it('is text as it comes, then calls whole, usage and the finish', async () => {
    const parts = await read([
      start,
      block(0, { type: 'text', text: 'He' }),
      { type: 'ping' },
      text(0, 'llo'),
      stop(0),
      block(1, { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: {} }),
      json(1, ''),
      json(1, '{"id":'),
      json(1, ' 7}'),
      stop(1),
      block(2, { type: 'tool_use', id: 'toolu_2', name: 'hours', input: {} }),
      stop(2),
      ...end('tool_use'),
    ]);
    expect(parts).toEqual([
      { type: 'text', text: 'He' },
      { type: 'text', text: 'llo' },
      { type: 'tool-call', id: 'toolu_1', name: 'lookup', argumentsText: '{"id": 7}' },
      { type: 'tool-call', id: 'toolu_2', name: 'hours', argumentsText: '{}' },
      { type: 'usage', inputTokens: 133, outputTokens: 57, cachedInputTokens: 100 },
      { type: 'finish', reason: 'tool-calls', providerState: undefined },
    ]);
  });

  it('counts what it was told last, and nothing that it was not told', async () => {
    const usage = { input_tokens: 30, cache_read_input_tokens: null, output_tokens: 60 };
    const counted = await read([
      start,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
      { type: 'message_stop' },
    ]);
    expect(counted[0]).toEqual({ type: 'usage', inputTokens: 138, outputTokens: 60, cachedInputTokens: 100 });
    const uncounted = await read([{ type: 'message_start', message: {} }, ...end('end_turn')]);
    expect(uncounted[0]).toMatchObject({ inputTokens: 0, outputTokens: 57, cachedInputTokens: undefined });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['tool_use', 'tool-calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'length'],
    ['refusal', 'refusal'],
    ['not_yet_invented', 'stop'],
  ])('that ends with %s finishes with %s', async (reason, expected) => {
    expect(finish(await read([start, ...end(reason)]))).toMatchObject({ reason: expected });
  });

  it.each([
    ['max_tokens', ['{"amount": 1000', '']],
    ['refusal', []],
  ])('that is cut in a call by %s gives calls as they are: %j', async (reason, expected) => {
    const parts = await read([
      start,
      block(0, { type: 'tool_use', id: 'a', name: 'pay', input: {} }),
      json(0, '{"amount": 1000'),
      block(1, { type: 'tool_use', id: 'b', name: 'pay', input: {} }),
      ...end(reason),
    ]);
    expect(parts.flatMap((part) => (part.type === 'tool-call' ? [part.argumentsText] : []))).toEqual(
      expected,
    );
  });

  it('keeps thoughts in their places and says none of them', async () => {
    const parts = await read([
      start,
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'They ' }),
      delta(0, { type: 'thinking_delta', thinking: 'ask.' }),
      delta(0, { type: 'signature_delta', signature: 'c2ln' }),
      stop(0),
      block(1, { type: 'redacted_thinking', data: 'ZGF0YQ' }),
      block(2, { type: 'text', text: '' }),
      text(2, 'One moment.'),
      block(3, { type: 'tool_use', id: 'a', name: 'look', input: {} }),
      ...end('tool_use'),
    ]);
    expect(parts.filter((part) => part.type === 'text')).toEqual([{ type: 'text', text: 'One moment.' }]);
    expect(finish(parts)).toMatchObject({
      providerState: {
        healthKey: 'here',
        data: {
          text: 'One moment.',
          content: [
            { type: 'thinking', thinking: 'They ask.', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'ZGF0YQ' },
            { type: 'text', text: 'One moment.' },
            { type: 'tool_use', id: 'a', name: 'look', input: {} },
          ],
        },
      },
    });
  });

  it('skips events and blocks of a kind that is not known', async () => {
    const parts = await read([
      start,
      { type: 'weather' },
      block(0, { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: {} }),
      json(0, '{"query":"x"}'),
      block(1, { type: 'text', text: '' }),
      delta(1, { type: 'citations_delta', citation: {} }),
      text(1, 'Yes'),
      ...end('end_turn'),
    ]);
    expect(parts.map(({ type }) => type)).toEqual(['text', 'usage', 'finish']);
  });

  it('is whole without its last event if it said why, and says nothing after it', async () => {
    const [why = {}, last = {}] = end('end_turn');
    await expect(read([start])).rejects.toMatchObject({ class: 'protocol' });
    expect(finish(await read([start, why]))).toMatchObject({ reason: 'stop' });
    const afterwards = await read([start, why, last, block(0, { type: 'text', text: 'late' }), 'no JSON']);
    expect(afterwards.map(({ type }) => type)).toEqual(['usage', 'finish']);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['overloaded_error', 'unavailable'],
    ['api_error', 'unavailable'],
    ['timeout_error', 'timeout'],
    ['rate_limit_error', 'rate_limit'],
    ['billing_error', 'quota'],
    ['authentication_error', 'auth'],
    ['permission_error', 'auth'],
    ['invalid_request_error', 'invalid_request'],
    ['not_found_error', 'invalid_request'],
    ['request_too_large', 'invalid_request'],
    ['not_yet_invented', 'unavailable'],
  ])('%s in an answer is %s', async (type, expected) => {
    const wrong = read([start, { type: 'error', error: { type, message: 'secret words' } }]);
    const error = await wrong.catch((reason: unknown) => reason);
    expect(ProviderError.is(error)).toBe(true);
    expect(error).toMatchObject({ class: expected, provider: 'anthropic', stage: 'llm' });
    expect((error as ProviderError).message).not.toContain('secret');
  });

  it.each<[string, readonly (object | string)[]]>([
    ['no JSON', ['{"type":']],
    ['no event', ['["message_start"]']],
    ['a call without a name', [block(0, { type: 'tool_use', id: 'a' }), ...end('tool_use')]],
  ])('%s is a protocol failure', async (_, events) => {
    await expect(read([start, ...events])).rejects.toMatchObject({ class: 'protocol' });
  });

  const refusal = (status: number, error: object) =>
    readRefusal({ status, headers: {}, body: JSON.stringify({ type: 'error', error, request_id: 'req_1' }) });
  const tooLong = { code: 'provider.context_too_long' };

  it.each([
    [
      400,
      { type: 'invalid_request_error', message: 'prompt is too long: 208310 tokens > 200000 maximum' },
      tooLong,
    ],
    [
      400,
      { type: 'invalid_request_error', message: 'input length and `max_tokens` exceed context limit' },
      tooLong,
    ],
    [413, { type: 'request_too_large', message: 'Request exceeds the maximum size' }, tooLong],
    [400, { type: 'invalid_request_error', message: 'Your credit balance is too low' }, { class: 'quota' }],
    [
      400,
      { type: 'invalid_request_error', message: 'You have reached your specified API usage limits.' },
      { class: 'quota' },
    ],
    [
      429,
      { type: 'rate_limit_error', message: 'x', details: { error_code: 'enforced_spend_limit_reached' } },
      { class: 'quota' },
    ],
    [429, { type: 'rate_limit_error', message: 'x', details: { error_code: 'ramp_limit_exceeded' } }, {}],
    [
      400,
      { type: 'invalid_request_error', message: 'Output blocked by content filtering policy' },
      { class: 'content' },
    ],
    [529, { type: 'overloaded_error', message: 'Overloaded' }, {}],
  ])('%i %j says %j beyond its status', (status, error, expected) => {
    expect(refusal(status, error)).toEqual(expected);
  });

  it('a refusal that says nothing is told by its status', () => {
    for (const body of ['', '<html>', '{"error":"no"}']) {
      expect(readRefusal({ status: 500, headers: {}, body })).toEqual({});
    }
  });
});
