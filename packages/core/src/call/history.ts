// The conversation as a model is told it: what the caller said, what tools found, what the caller *heard*.
import type { LlmMessage, LlmToolCall } from '../spec/llm.js';
import type { CallEvent } from '../spec/call-event.js';

interface ToolExchange {
  readonly call: LlmToolCall;
  readonly textOffset: number;
  readonly result: string | undefined;
}

export interface UserEntry {
  readonly role: 'user';
  readonly utterance: number;
  readonly text: string;
}

export interface AgentEntry {
  readonly role: 'agent';
  readonly turnId: number;
  readonly utterance: number;
  readonly text: string;
  readonly tools: readonly ToolExchange[];
  readonly isOver: boolean;
}

export type HistoryEntry = UserEntry | AgentEntry;

/** Of a call of hours the latest five hundred turns; models are given far less. */
const maxEntries = 1_000;

/** In the order things began. */
export type History = readonly HistoryEntry[];

export function reduceHistory(history: History, event: CallEvent): History {
  switch (event.type) {
    case 'user-turn':
      return withUserTurn(history, event.utterance, event.keypad ? `[keypad] ${event.text}` : event.text);
    case 'reply-started': {
      const { turnId, utterance } = event;
      return added(history, { role: 'agent', turnId, utterance, text: '', tools: [], isOver: false });
    }
    case 'tool-started':
      return changeReply(history, event.turnId, (entry) => ({
        ...entry,
        tools: [
          ...entry.tools,
          {
            call: {
              id: event.id,
              name: event.name,
              argumentsText: event.argumentsText,
              providerState: event.providerState,
            },
            textOffset: event.textOffset,
            result: undefined,
          },
        ],
      }));
    case 'tool-finished':
      return changeReply(history, event.turnId, (entry) => ({
        ...entry,
        tools: entry.tools.map((tool) =>
          tool.call.id === event.id ? { ...tool, result: event.result } : tool,
        ),
      }));
    case 'transfer-failed':
      return withFailedTransfer(history);
    case 'agent-heard':
      return changeReply(history, event.turnId, (entry) => ({ ...entry, text: event.text, isOver: true }));
    default:
      return history;
  }
}

/** An utterance that went on after its reply was cancelled unheard replaces its first half. */
function withUserTurn(history: History, utterance: number, text: string): History {
  const isContinued = history.some((entry) => entry.role === 'user' && entry.utterance === utterance);
  const earlier = isContinued
    ? history.filter((entry) => entry.role !== 'user' || entry.utterance !== utterance)
    : history;
  return added(earlier, { role: 'user', utterance, text });
}

function added(history: History, entry: HistoryEntry): History {
  return [...history.slice(1 - maxEntries), entry];
}

function changeReply(history: History, turnId: number, change: (entry: AgentEntry) => AgentEntry): History {
  return history.map((entry) => (entry.role === 'agent' && entry.turnId === turnId ? change(entry) : entry));
}

/** The reply ended with handing the caller over. */
export function asksForTransfer({ tools }: AgentEntry): boolean {
  return tools.at(-1)?.call.name === 'transfer_call';
}

/** A transfer happens after the reply that asked for it; the model learns afterwards that it did not (fault C-13). */
function withFailedTransfer(history: History): History {
  const last = history.findLast((entry) => entry.role === 'agent');
  if (last === undefined || !asksForTransfer(last)) return history;
  const result = 'It failed: the caller is still here. Say so, and offer something else.';
  return changeReply(history, last.turnId, (entry) => ({
    ...entry,
    tools: entry.tools.map((tool, index) => (index === entry.tools.length - 1 ? { ...tool, result } : tool)),
  }));
}

/** What was told to the model so that no tool call stays unanswered, also when its result never came. */
const unanswered = 'No result: the call moved on before it came.';

/** Finished replies as messages; `exceptTurn` leaves out the reply in progress, which speaks for itself. */
export function toMessages(history: History, exceptTurn?: number): readonly LlmMessage[] {
  return history.flatMap((entry): readonly LlmMessage[] => {
    if (entry.role === 'user') return [{ role: 'user', content: entry.text }];
    return entry.turnId === exceptTurn ? [] : replyMessages(entry);
  });
}

function replyMessages(entry: AgentEntry): readonly LlmMessage[] {
  const messages: LlmMessage[] = [];
  let offset = 0;
  for (const tool of entry.tools) {
    const before = entry.text.slice(offset, tool.textOffset).trim();
    offset = Math.max(offset, Math.min(tool.textOffset, entry.text.length));
    messages.push(
      { role: 'assistant', content: before, toolCalls: [tool.call] },
      { role: 'tool', toolCallId: tool.call.id, name: tool.call.name, content: tool.result ?? unanswered },
    );
  }
  const rest = entry.text.slice(offset).trim();
  if (rest !== '') messages.push({ role: 'assistant', content: rest });
  return messages;
}

/**
 * Leaves out the oldest turns beyond a budget of characters. A turn stays or goes as a whole, a tool's call with its result;
 * the last one always stays.
 */
export function trimMessages(messages: readonly LlmMessage[], maxCharacters: number): readonly LlmMessage[] {
  let total = 0;
  let firstTurn: number | undefined;
  for (const [index, message] of [...messages.entries()].reverse()) {
    total += charactersOf(message);
    if (total > maxCharacters && firstTurn !== undefined) return messages.slice(firstTurn);
    if (message.role === 'user') firstTurn = index;
  }
  return total > maxCharacters && firstTurn !== undefined ? messages.slice(firstTurn) : messages;
}

function charactersOf(message: LlmMessage): number {
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  return calls.reduce((sum, { argumentsText }) => sum + argumentsText.length, message.content.length);
}

const shortResultCharacters = 1_000;

/** For a model that can't take this much (fault L-11): half the conversation, short results. The same array if nothing is gained. */
export function shorten(messages: readonly LlmMessage[]): readonly LlmMessage[] {
  const firstOther = messages.findIndex(({ role }) => role !== 'system');
  if (firstOther < 0) return messages;
  const talk = messages.slice(firstOther);
  const total = talk.reduce((sum, message) => sum + charactersOf(message), 0);
  const kept = trimMessages(talk, total / 2).map((message): LlmMessage =>
    message.role === 'tool' && message.content.length > shortResultCharacters
      ? { ...message, content: `${message.content.slice(0, shortResultCharacters)} … [cut]` }
      : message,
  );
  const isShorter = kept.reduce((sum, message) => sum + charactersOf(message), 0) < total;
  return isShorter ? [...messages.slice(0, firstOther), ...kept] : messages;
}
