// Lines as servers send them, in; our parts, out.
import { describe, expect, it } from 'vitest';
import { createChatReader } from '../src/ollama-wire.js';

const target = { provider: 'ollama', stage: 'llm' } as const;

function partsOf(...lines: readonly unknown[]) {
  const read = createChatReader(target);
  return lines.flatMap((line) => read(line));
}

const said = (message: object) => ({
  model: 'm',
  created_at: 'now',
  message: { role: 'assistant', ...message },
  done: false,
});
const done = (more: object = {}) => ({ ...said({ content: '' }), done: true, done_reason: 'stop', ...more });

describe('createChatReader', () => {
  it('gives text as it comes, then usage and finish; thoughts are nobody’s to hear', () => {
    const last = done({ total_duration: 5_043_500_667, prompt_eval_count: 26, eval_count: 290 });
    expect(
      partsOf(said({ content: 'Hel' }), said({ content: '', thinking: 'hm' }), said({ content: 'lo' }), last),
    ).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'usage', inputTokens: 26, outputTokens: 290 },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('gives calls whole, with ids of our own where the server has none', () => {
    const calls = [
      { id: 'call_x', function: { index: 0, name: 'look', arguments: { id: 7 } } },
      { function: { index: 1, name: 'book', arguments: null } },
    ];
    const parts = partsOf(said({ content: '', tool_calls: calls }), done());
    expect(parts).toMatchObject([
      { type: 'tool-call', id: 'call_x', name: 'look', argumentsText: '{"id":7}' },
      { type: 'tool-call', id: expect.stringMatching(/^call_.{8}/), name: 'book', argumentsText: '{}' },
      { type: 'usage' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
  });

  it('tells a length limit, also after a call, and counts nothing where nothing was counted', () => {
    const call = said({ content: '', tool_calls: [{ function: { name: 'look' } }] });
    expect(partsOf(call, done({ done_reason: 'length' })).slice(1)).toEqual([
      { type: 'usage', inputTokens: 0, outputTokens: 0 },
      { type: 'finish', reason: 'length' },
    ]);
  });

  it.each<[unknown, string]>([
    [{ error: 'hidden' }, 'unavailable'],
    [{ message: 'hidden' }, 'protocol'],
    [['hidden'], 'protocol'],
    [
      said({ content: '', tool_calls: [{ function: { name: 'look', arguments: '{"hidden":1}' } }] }),
      'protocol',
    ],
  ])('fails on %j, without quoting it', (line, errorClass) => {
    expect(() => partsOf(said({ content: 'a' }), line)).toThrow(
      expect.objectContaining({
        class: errorClass,
        provider: 'ollama',
        stage: 'llm',
        message: expect.not.stringContaining('hidden'),
      }),
    );
  });
});
