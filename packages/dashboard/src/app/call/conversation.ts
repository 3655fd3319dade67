// What was said, as a reduction of the call's news: turns, tool calls, keys and notices in the order they began.
import type { CallNews, Latency } from '../api/call-events.js';

export interface ToolCall {
  readonly kind: 'tool';
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** Absent while it runs. */
  readonly outcome?:
    { readonly isOk: boolean; readonly output: unknown; readonly durationMs: number } | undefined;
}

export interface SaidText {
  readonly kind: 'text';
  readonly text: string;
}

export interface CallerEntry {
  readonly kind: 'caller';
  readonly id: string;
  readonly atMs: number;
  readonly speaker: string;
  readonly text: string;
  /** What may still change. */
  readonly partial: string;
}

export interface AgentEntry {
  readonly kind: 'agent';
  readonly id: string;
  readonly atMs: number;
  readonly parts: readonly (SaidText | ToolCall)[];
  /** Absent while the agent speaks. `isCut`: only `heard` reached the ear. */
  readonly end?: { readonly isCut: boolean; readonly heard: string } | undefined;
  readonly latency?: Latency | undefined;
}

export interface KeyEntry {
  readonly kind: 'keys';
  readonly id: string;
  readonly atMs: number;
  readonly digits: string;
}

export interface NoticeEntry {
  readonly kind: 'notice';
  readonly id: string;
  readonly atMs: number;
  readonly tone: 'info' | 'error';
  readonly text: string;
}

export type Entry = CallerEntry | AgentEntry | KeyEntry | NoticeEntry;

export interface Conversation {
  readonly entries: readonly Entry[];
  /** Who worked last for each stage, or failed. */
  readonly providers: Readonly<Record<string, string>>;
  /** Why the call ended, in words. */
  readonly endReason?: string | undefined;
}

export const emptyConversation: Conversation = { entries: [], providers: {} };

export function reduceConversation(conversation: Conversation, news: CallNews): Conversation {
  switch (news.type) {
    case 'heard-speech':
      return conversation;
    case 'caller-text':
      return withCallerText(conversation, news);
    case 'reply-started':
      return withReply(conversation, news, (entry) => entry);
    case 'reply-text':
      return withReply(conversation, news, (entry) => ({
        ...entry,
        parts: withText(entry.parts, news.text),
      }));
    case 'reply-over':
      return withReply(conversation, news, (entry) => ({
        ...entry,
        end: { isCut: news.isCut, heard: news.heard },
      }));
    case 'reply-latency':
      return withReply(conversation, news, (entry) => ({ ...entry, latency: news.latency }));
    case 'tool-started':
      return withReply(
        conversation,
        { ...news, turnId: news.turnId ?? currentTurn(conversation) },
        (entry) => ({
          ...entry,
          parts: [...entry.parts, { kind: 'tool', id: news.id, name: news.name, input: news.input }],
        }),
      );
    case 'tool-finished':
      return withToolOutcome(conversation, news);
    case 'key':
      return withKey(conversation, news.digit, news.atMs);
    case 'provider':
      return withProvider(conversation, news);
    case 'provider-failed':
      return withNotice(
        { ...conversation, providers: { ...conversation.providers, [news.stage]: news.provider } },
        news.atMs,
        news.isHandled ? 'info' : 'error',
        `${news.provider} failed${news.isHandled ? '.' : ', and nobody could take over.'}`,
      );
    case 'error':
      return withNotice(conversation, news.atMs, 'error', news.message);
    case 'ended':
      return { ...conversation, endReason: news.reason };
  }
}

function withCallerText(
  conversation: Conversation,
  { speaker, text, isFinal, atMs }: Extract<CallNews, { type: 'caller-text' }>,
): Conversation {
  const last = conversation.entries.at(-1);
  const isSame = last?.kind === 'caller' && last.speaker === speaker;
  if (!isSame && text === '') return conversation;
  const entry: CallerEntry = isSame
    ? last
    : { kind: 'caller', id: newId(conversation), atMs, speaker, text: '', partial: '' };
  const changed = isFinal
    ? { ...entry, text: [entry.text, text].filter(Boolean).join(' '), partial: '' }
    : { ...entry, partial: text };
  return {
    ...conversation,
    entries: isSame ? replaceLast(conversation.entries, changed) : [...conversation.entries, changed],
  };
}

function withReply(
  conversation: Conversation,
  { turnId, atMs }: { readonly turnId: string; readonly atMs: number },
  change: (entry: AgentEntry) => AgentEntry,
): Conversation {
  const id = `turn-${turnId}`;
  const known = conversation.entries.find(
    (entry): entry is AgentEntry => entry.kind === 'agent' && entry.id === id,
  );
  if (known !== undefined) {
    const changed = change(known);
    return {
      ...conversation,
      entries: conversation.entries.map((entry) => (entry === known ? changed : entry)),
    };
  }
  const entry = change({ kind: 'agent', id, atMs, parts: [] });
  return { ...conversation, entries: [...conversation.entries, entry] };
}

function withText(parts: AgentEntry['parts'], text: string): AgentEntry['parts'] {
  const last = parts.at(-1);
  if (last?.kind !== 'text') return [...parts, { kind: 'text', text }];
  return replaceLast(parts, { kind: 'text', text: last.text + text });
}

function withToolOutcome(
  conversation: Conversation,
  { id, isOk, output, durationMs }: Extract<CallNews, { type: 'tool-finished' }>,
): Conversation {
  const entries = conversation.entries.map((entry) => {
    if (entry.kind !== 'agent') return entry;
    const parts = entry.parts.map((part) =>
      part.kind === 'tool' && part.id === id ? { ...part, outcome: { isOk, output, durationMs } } : part,
    );
    return { ...entry, parts };
  });
  return { ...conversation, entries };
}

/** Worth a word only when somebody takes another's place. */
function withProvider(
  conversation: Conversation,
  { stage, provider, atMs }: Extract<CallNews, { type: 'provider' }>,
): Conversation {
  const before = conversation.providers[stage];
  const next = { ...conversation, providers: { ...conversation.providers, [stage]: provider } };
  return before === undefined || before === provider
    ? next
    : withNotice(next, atMs, 'info', `${provider} took over.`);
}

function withKey(conversation: Conversation, digit: string, atMs: number): Conversation {
  const { entries } = conversation;
  const last = entries.at(-1);
  if (last?.kind === 'keys') {
    return { ...conversation, entries: replaceLast(entries, { ...last, digits: last.digits + digit }) };
  }
  return {
    ...conversation,
    entries: [...entries, { kind: 'keys', id: newId(conversation), atMs, digits: digit }],
  };
}

function withNotice(
  conversation: Conversation,
  atMs: number,
  tone: NoticeEntry['tone'],
  text: string,
): Conversation {
  const entry: NoticeEntry = { kind: 'notice', id: newId(conversation), atMs, tone, text };
  return { ...conversation, entries: [...conversation.entries, entry] };
}

function currentTurn({ entries }: Conversation): string {
  const last = entries.findLast((entry) => entry.kind === 'agent');
  return last?.id.replace(/^turn-/, '') ?? '0';
}

function newId({ entries }: Conversation): string {
  return `entry-${entries.length}`;
}

function replaceLast<Item>(items: readonly Item[], item: Item): readonly Item[] {
  return [...items.slice(0, -1), item];
}

/** Whether the agent is in the middle of a reply. */
export function isReplying({ entries }: Conversation): boolean {
  const last = entries.findLast((entry) => entry.kind === 'agent');
  return last !== undefined && last.end === undefined;
}
