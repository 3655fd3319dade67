import { describe, expect, it } from 'vitest';
import type { CallNews } from '../api/call-events.js';
import { emptyConversation, isReplying, reduceConversation, type Conversation } from './conversation.js';

type Unstamped<Item = CallNews> = Item extends CallNews ? Omit<Item, 'atMs'> : never;

const after = (...news: readonly Unstamped[]): Conversation =>
  news.reduce<Conversation>(
    (conversation, item, index) => reduceConversation(conversation, { ...item, atMs: index * 100 }),
    emptyConversation,
  );

const caller = (text: string, isFinal: boolean): Unstamped => ({
  type: 'caller-text',
  speaker: 'caller',
  text,
  isFinal,
});
const reply = (turnId: string, text: string): Unstamped => ({ type: 'reply-text', turnId, text });
const over = (turnId: string, heard: string, isCut = false): Unstamped => ({
  type: 'reply-over',
  turnId,
  heard,
  isCut,
});

describe('conversation', () => {
  it('keeps what is final and replaces what may change', () => {
    const { entries } = after(
      caller('where', false),
      caller('where is', false),
      caller('Where is it?', true),
      caller('I', false),
    );
    expect(entries).toMatchObject([{ kind: 'caller', text: 'Where is it?', partial: 'I', atMs: 0 }]);
  });

  it('begins a new entry when the other speaks, or another caller', () => {
    const { entries } = after(caller('Hi.', true), reply('1', 'Hello.'), caller('Order?', true), {
      type: 'caller-text',
      speaker: 'agent',
      text: 'Yes?',
      isFinal: true,
    });
    expect(entries.map(({ kind }) => kind)).toEqual(['caller', 'agent', 'caller', 'caller']);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(4);
  });

  it('makes no entry of an empty final', () => {
    expect(after(caller('', true)).entries).toEqual([]);
  });

  it('puts tools where they were called in the reply', () => {
    const { entries } = after(
      reply('1', 'Let me '),
      reply('1', 'see. '),
      { type: 'tool-started', turnId: '1', id: 't', name: 'order', input: { id: '1' } },
      reply('1', 'It is here.'),
      { type: 'tool-finished', id: 't', isOk: true, output: 'here', durationMs: 12 },
    );
    expect(entries).toMatchObject([
      {
        parts: [
          { kind: 'text', text: 'Let me see. ' },
          { kind: 'tool', name: 'order', outcome: { isOk: true, output: 'here', durationMs: 12 } },
          { kind: 'text', text: 'It is here.' },
        ],
      },
    ]);
  });

  it('gives a tool without a turn to the reply in progress', () => {
    const { entries } = after(reply('1', 'a'), over('1', 'a'), reply('2', 'b'), {
      type: 'tool-started',
      turnId: undefined,
      id: 't',
      name: 'x',
      input: {},
    });
    expect(entries.map((entry) => (entry.kind === 'agent' ? entry.parts.length : 0))).toEqual([1, 2]);
  });

  it('knows when the agent is done', () => {
    expect(isReplying(after())).toBe(false);
    expect(isReplying(after(reply('1', 'a')))).toBe(true);
    expect(isReplying(after(reply('1', 'a'), over('1', 'a')))).toBe(false);
  });

  it('adds late news to the turn they are about', () => {
    const latency = { sttMs: 1, endpointMs: 2, llmMs: 3, ttsMs: 4, totalMs: 10 };
    const { entries } = after(reply('1', 'a'), over('1', 'a'), caller('b', true), {
      type: 'reply-latency',
      turnId: '1',
      latency,
    });
    expect(entries.length).toBe(2);
    expect(entries[0]).toMatchObject({ latency });
  });

  it('joins keys, and notes who failed and who took over', () => {
    const { entries } = after(
      { type: 'key', digit: '1' },
      { type: 'key', digit: '#' },
      { type: 'provider', stage: 'tts', provider: 'loudly' },
      { type: 'provider', stage: 'tts', provider: 'loudly' },
      { type: 'provider-failed', stage: 'tts', provider: 'loudly', isHandled: true },
      { type: 'provider', stage: 'tts', provider: 'flite' },
      { type: 'error', stage: 'llm', message: 'No more words.' },
    );
    expect(entries).toMatchObject([
      { kind: 'keys', digits: '1#' },
      { kind: 'notice', tone: 'info', text: 'loudly failed.' },
      { kind: 'notice', tone: 'info', text: 'flite took over.' },
      { kind: 'notice', tone: 'error', text: 'No more words.' },
    ]);
  });
});
