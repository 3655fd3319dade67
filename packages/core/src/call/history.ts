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

/** In the order things began. */
export type History = readonly HistoryEntry[];

export function reduceHistory(history: History, event: CallEvent): History {
  switch (event.type) {
    case 'user-turn':
      return withUserTurn(history, event.utterance, event.keypad ? `[keypad] ${event.text}` : event.text);
    case 'reply-started': {
      const { turnId, utterance } = event;
      return [...history, { role: 'agent', turnId, utterance, text: '', tools: [], isOver: false }];
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
  return [...earlier, { role: 'user', utterance, text }];
}

function changeReply(history: History, turnId: number, change: (entry: AgentEntry) => AgentEntry): History {
  return history.map((entry) => (entry.role === 'agent' && entry.turnId === turnId ? change(entry) : entry));
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

/** Leaves out the oldest turns beyond a budget of characters; a tool's call and result stay or go together. */
export function trimMessages(messages: readonly LlmMessage[], maxCharacters: number): readonly LlmMessage[] {
  let total = 0;
  let firstTurn = messages.length - 1;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined) break;
    total +=
      message.content.length +
      (message.role === 'assistant' ? JSON.stringify(message.toolCalls ?? '').length : 0);
    if (total > maxCharacters) return messages.slice(firstTurn);
    if (message.role === 'user') firstTurn = index;
  }
  return messages;
}
