// The conversation as a model is told it.
import { describe, expect, it } from 'vitest';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import type { LlmMessage } from '../spec/llm.js';
import { reduceHistory, shorten, toMessages, trimMessages, type History } from './history.js';

function told(bodies: readonly CallEventBody[]): readonly LlmMessage[] {
  const history = bodies.reduce<History>(
    (before, body, index) =>
      reduceHistory(before, { version: 1, seq: index + 1, atMs: 0, ...body } satisfies CallEvent),
    [],
  );
  return toMessages(history);
}

const user = (utterance: number, text: string): CallEventBody => ({
  type: 'user-turn',
  utterance,
  text,
  keypad: false,
});
const reply = (turnId: number, utterance: number): CallEventBody => ({
  type: 'reply-started',
  turnId,
  trigger: 'utterance',
  utterance,
});
const heard = (turnId: number, text: string): CallEventBody => ({
  type: 'agent-heard',
  turnId,
  text,
  outcome: text === '' ? 'cancelled' : 'heard',
  playedMs: 0,
});
const tool = (turnId: number, id: string, textOffset = 0, name = 'look'): CallEventBody => ({
  type: 'tool-started',
  turnId,
  id,
  name,
  argumentsText: '{}',
  idempotencyKey: id,
  textOffset,
});
const done = (turnId: number, id: string, result: string): CallEventBody => ({
  type: 'tool-finished',
  turnId,
  id,
  name: 'look',
  ok: true,
  result,
  durationMs: 1,
});

describe('a history', () => {
  it('has one message for an utterance that went on after its answer was cancelled', () => {
    expect(
      told([
        user(1, 'I want'),
        reply(1, 1),
        heard(1, ''),
        user(1, 'I want tea'),
        reply(2, 1),
        heard(2, 'Yes.'),
      ]),
    ).toEqual([
      { role: 'user', content: 'I want tea' },
      { role: 'assistant', content: 'Yes.' },
    ]);
  });

  it('keeps the finished tools of a reply nobody heard, and answers for those that never came back', () => {
    const messages = told([
      user(1, 'Go'),
      reply(1, 1),
      tool(1, 'a'),
      done(1, 'a', 'sent'),
      tool(1, 'b'),
      heard(1, ''),
    ]);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool']);
    expect(messages[2]?.content).toBe('sent');
    expect(messages[4]?.content).toMatch(/^No result/);
  });

  it('puts text before and after a tool where it was said', () => {
    const text = 'Let me see. It was sent.';
    const messages = told([reply(1, 1), tool(1, 'a', 12), done(1, 'a', 'sent'), heard(1, text)]);
    expect(messages.map(({ content }) => content)).toEqual(['Let me see.', 'sent', 'It was sent.']);
  });

  it('says that a transfer failed where it was asked for, and nowhere else', () => {
    const failed: CallEventBody = { type: 'transfer-failed', code: 'x' };
    const asked = [reply(1, 1), tool(1, 'a', 0, 'transfer_call'), done(1, 'a', 'soon'), heard(1, '')];
    expect(told([...asked, failed]).at(-1)?.content).toMatch(/^It failed/);
    expect(told([...asked, reply(2, 2), heard(2, 'Hm.'), failed])[1]?.content).toBe('soon');
  });
});

describe('a history that is too long', () => {
  const turn = (index: number): LlmMessage[] => [
    { role: 'user', content: `question ${index}` },
    { role: 'assistant', content: '', toolCalls: [{ id: `${index}`, name: 'look', argumentsText: '{}' }] },
    { role: 'tool', toolCallId: `${index}`, name: 'look', content: 'x'.repeat(1_000) },
    { role: 'assistant', content: 'answer' },
  ];
  const messages = [1, 2, 3].flatMap(turn);

  it('loses whole turns, the oldest first', () => {
    expect(trimMessages(messages, 10_000)).toBe(messages);
    expect(trimMessages(messages, 2_500)).toEqual(messages.slice(4));
    expect(trimMessages(messages, 1_500)).toEqual(messages.slice(8));
  });

  it('never loses the last question, nor keeps a result without its call', () => {
    expect(trimMessages(messages, 10)).toEqual(messages.slice(8));
    for (let budget = 0; budget < 4_000; budget += 50)
      expect(trimMessages(messages, budget)[0]?.role).toBe('user');
  });

  it('is shortened to half, with short results, and the instructions stay', () => {
    const system: LlmMessage = { role: 'system', content: 'Answer.' };
    const long = [system, ...messages, ...turn(4).map((one) => ({ ...one, content: one.content.repeat(5) }))];
    const short = shorten(long);
    expect(short[0]).toBe(system);
    expect(short[1]?.content).toContain('question 4');
    expect(Math.max(...short.map(({ content }) => content.length))).toBeLessThan(1_100);
    expect(shorten([system])).toEqual([system]);
  });
});
