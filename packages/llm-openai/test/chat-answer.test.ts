// Messages as servers send them, in; our parts, out.
import { describe, expect, it } from 'vitest';
import { createChatAnswer, readChatRefusal } from '../src/chat-answer.js';

const target = { provider: 'acme', stage: 'llm' } as const;

function delta(content: object, finishReason: string | null = null): object {
  return { id: 'chatcmpl-1', choices: [{ index: 0, delta: content, finish_reason: finishReason }] };
}

/** All parts of an answer that comes in these chunks and then ends. */
function partsOf(...chunks: readonly object[]) {
  const answer = createChatAnswer(target);
  const parts = chunks.flatMap((chunk) => answer.read(JSON.stringify(chunk)));
  return [...parts, ...answer.end()];
}

const fragment = (index: number | undefined, args: string, id?: string, name?: string) => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id, type: 'function' }),
  function: { ...(name === undefined ? {} : { name }), arguments: args },
});

describe('createChatAnswer', () => {
  it('gives text as it comes, then usage and finish', () => {
    const chunks = [
      delta({ role: 'assistant', content: '', refusal: null }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({}, 'stop'),
      {
        choices: [],
        usage: {
          prompt_tokens: 12,
          completion_tokens: 9,
          total_tokens: 21,
          prompt_tokens_details: { cached_tokens: 4 },
        },
      },
    ];
    expect(partsOf(...chunks)).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'usage', inputTokens: 12, outputTokens: 9, cachedInputTokens: 4 },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('joins interleaved calls by index and gives each once it is whole', () => {
    const answer = createChatAnswer(target);
    const read = (chunk: object) => answer.read(JSON.stringify(chunk));
    expect(read(delta({ tool_calls: [fragment(0, '', 'a', 'look')] }))).toEqual([]);
    expect(read(delta({ tool_calls: [fragment(1, '{"n"', 'b', 'book')] }))).toEqual([]);
    expect(read(delta({ tool_calls: [fragment(0, '{"id":'), fragment(1, ':2}')] }))).toEqual([]);
    expect(read(delta({ tool_calls: [fragment(0, '7}')] }))).toEqual([]);
    expect(read(delta({}, 'tool_calls'))).toEqual([
      { type: 'tool-call', id: 'a', name: 'look', argumentsText: '{"id":7}' },
      { type: 'tool-call', id: 'b', name: 'book', argumentsText: '{"n":2}' },
    ]);
    expect(answer.end()).toEqual([{ type: 'finish', reason: 'tool-calls' }]);
  });

  it.each([
    ['the same index with new ids', [fragment(0, '{}', 'a', 'look'), fragment(0, '{}', 'b', 'book')]],
    ['no index', [fragment(undefined, '{}', 'a', 'look'), fragment(undefined, '{}', 'b', 'book')]],
  ])('tells calls apart that come with %s, and that finish with "stop"', (_, calls) => {
    expect(partsOf(delta({ tool_calls: calls }), delta({}, 'stop'))).toEqual([
      { type: 'tool-call', id: 'a', name: 'look', argumentsText: '{}' },
      { type: 'tool-call', id: 'b', name: 'book', argumentsText: '{}' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
  });

  it('tells calls apart by their place where there is nothing else', () => {
    const calls = [
      fragment(undefined, '{"a":1}', undefined, 'look'),
      fragment(undefined, '{}', undefined, 'book'),
    ];
    expect(partsOf(delta({ tool_calls: calls }), delta({}, 'tool_calls'))).toMatchObject([
      { name: 'look', argumentsText: '{"a":1}' },
      { name: 'book', argumentsText: '{}' },
      { type: 'finish' },
    ]);
  });

  it('gives a call without an id one of its own', () => {
    const calls = () =>
      partsOf(delta({ tool_calls: [fragment(0, '{}', undefined, 'look')] }), delta({}, 'stop'));
    const [first, second] = [calls()[0], calls()[0]];
    expect(first).toMatchObject({ id: expect.stringMatching(/^call_.{8}/), name: 'look' });
    expect(first).not.toEqual(second);
  });

  it('gives a call that the length limit cut, for the model to be told', () => {
    expect(
      partsOf(delta({ tool_calls: [fragment(0, '{"amount": 10', 'a', 'pay')] }), delta({}, 'length')),
    ).toEqual([
      { type: 'tool-call', id: 'a', name: 'pay', argumentsText: '{"amount": 10' },
      { type: 'finish', reason: 'length' },
    ]);
  });

  it.each(['content_filter', 'stop'])(
    'gives no call out of an answer that was filtered or refused: %s',
    (reason) => {
      const refusal = reason === 'stop' ? 'I can’t help with that.' : null;
      const chunks = [
        delta({ tool_calls: [fragment(0, '{}', 'a', 'pay')] }),
        delta({ refusal }),
        delta({}, reason),
      ];
      expect(partsOf(...chunks)).toEqual([
        { type: 'finish', reason: reason === 'stop' ? 'refusal' : 'content-filter' },
      ]);
    },
  );

  it('takes the last count of a server that counts in every chunk', () => {
    const usage = (completion: number) => ({ prompt_tokens: 3, completion_tokens: completion });
    const chunks = [
      { ...delta({ content: 'a' }), usage: usage(1) },
      { ...delta({}, 'stop'), usage: usage(2) },
    ];
    expect(partsOf(...chunks)).toContainEqual({ type: 'usage', inputTokens: 3, outputTokens: 2 });
  });

  it('skips chunks that are about something else', () => {
    const chunks = [
      { choices: [], prompt_filter_results: [] },
      { novelty: true },
      delta({ content: 'a', reasoning: 'hm' }, 'eos'),
    ];
    expect(partsOf(...chunks)).toEqual([
      { type: 'text', text: 'a' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it.each<[string, object, string]>([
    ['an error', { error: { message: 'hidden', type: 'server_error', code: null } }, 'unavailable'],
    [
      'no money',
      { error: { message: 'hidden', type: 'insufficient_quota', code: 'insufficient_quota' } },
      'quota',
    ],
    [
      'a status as code',
      { error: { message: 'hidden', code: 429 }, ...delta({ content: '' }, 'error') },
      'rate_limit',
    ],
    ['an error in one word', { error: 'hidden' }, 'unavailable'],
    ['a finish that is none', delta({}, 'abort'), 'unavailable'],
    ['another shape', { choices: 'hidden' }, 'protocol'],
  ])('fails on %s in mid-stream, without quoting it', (_, chunk, errorClass) => {
    expect(() => partsOf(delta({ content: 'a' }), chunk)).toThrow(
      expect.objectContaining({
        class: errorClass,
        provider: 'acme',
        stage: 'llm',
        message: expect.not.stringContaining('hidden'),
      }),
    );
  });

  it('fails on an answer that ends without a reason', () => {
    expect(() => partsOf(delta({ content: 'a' }))).toThrow(expect.objectContaining({ class: 'protocol' }));
  });
});

describe('readChatRefusal', () => {
  const read = (body: string) => readChatRefusal({ status: 429, headers: {}, body });

  it('tells no money from too many requests', () => {
    expect(read('{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}')).toEqual({
      class: 'quota',
    });
    expect(read('{"error":{"code":"rate_limit_exceeded","type":"requests"}}')).toEqual({
      class: 'rate_limit',
    });
    expect(read('{"error":{"code":"content_filter"}}')).toEqual({ class: 'content' });
  });

  it('tells a conversation that is too long, for core to shorten it', () => {
    expect(read('{"error":{"code":"context_length_exceeded"}}')).toEqual({
      class: 'invalid_request',
      code: 'provider.context_too_long',
    });
  });

  it.each(['', '<html>', '{"error":null}', '{"error":"no"}', '{"error":{"code":"constructor"}}', '[]'])(
    'leaves it to the status where there is nothing to read: %j',
    (body) => expect(read(body)).toEqual({}),
  );
});
