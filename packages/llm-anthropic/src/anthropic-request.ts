// Our request in the words of the Messages API.
import type { LlmMessage, LlmRequest } from '@voicewire/core/adapter';
import type * as Api from '@anthropic-ai/sdk/resources/messages/messages';
import type { AnthropicSettings } from './anthropic-options.js';
import { toOutputSchema } from './output-schema.js';

/** An answer as it came, thoughts and their signatures among the rest: it goes back like that while its text is unchanged. */
export interface AnswerState {
  readonly text: string;
  readonly content: Api.ContentBlockParam[];
}

type Params = Api.MessageCreateParamsStreaming;

/** The request's body; fields that are undefined are not sent. */
export function toBody(settings: AnthropicSettings, healthKey: string, request: LlmRequest): object {
  const { messages, responseSchema } = request;
  const firstTurn = messages.findIndex(({ role }) => role !== 'system');
  const start = firstTurn < 0 ? messages.length : firstTurn;
  const [first, ...found] = messages.slice(0, start).flatMap(({ content }) => toText(content));
  const mark = settings.cache !== 'off' && {
    cache_control: { type: 'ephemeral', ttl: settings.cache } as const,
  };
  const tools = toolsOf(request);
  const { effort } = settings;
  const format = responseSchema && ({ type: 'json_schema', schema: toOutputSchema(responseSchema) } as const);
  const body: { [K in keyof Params]: Params[K] | undefined } = {
    model: settings.model,
    max_tokens: request.maxTokens ?? settings.maxTokens,
    // The agent's own instructions are, with the tools, the same in all calls; what was found for one question is not.
    system: first && [{ ...first, ...mark }, ...found],
    messages: toMessages(messages.slice(start), healthKey),
    // And what was said so far, up to the last block.
    ...mark,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? toToolChoice(request) : undefined,
    thinking: settings.thinking === 'model' ? undefined : { type: settings.thinking },
    output_config: effort || format ? { ...(effort && { effort }), ...(format && { format }) } : undefined,
    stream: true,
  };
  // No temperature: since this version of the API any is refused.
  return { ...body, ...settings.extraBody };
}

/** Where the API wants the user to have said something, and nobody did. */
const nothingSaid = '(Nothing was said.)';

/** Turns alternate; the user's are the first and the last. */
function toMessages(turns: readonly LlmMessage[], healthKey: string): Api.MessageParam[] {
  const merged: { role: 'user' | 'assistant'; content: Api.ContentBlockParam[] }[] = [];
  const add = (role: 'user' | 'assistant', blocks: readonly Api.ContentBlockParam[]): void => {
    const last = merged.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) merged.push({ role, content: [...blocks] });
  };
  for (const turn of turns) add(turn.role === 'assistant' ? 'assistant' : 'user', toBlocks(turn, healthKey));
  if (merged[0]?.role !== 'user') merged.unshift({ role: 'user', content: toText(nothingSaid) });
  if (merged.at(-1)?.role !== 'user') add('user', toText(nothingSaid));
  return merged;
}

function toBlocks(message: LlmMessage, healthKey: string): readonly Api.ContentBlockParam[] {
  switch (message.role) {
    case 'user':
      return toText(message.content);
    case 'system':
      // Not every model takes instructions between the turns, but all take them from the user.
      return toText(`<system>\n${message.content}\n</system>`);
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: message.toolCallId, content: message.content }];
    case 'assistant': {
      const { content, toolCalls = [], providerState } = message;
      const state = providerState?.healthKey === healthKey ? (providerState.data as AnswerState) : undefined;
      if (state?.text === content) return state.content;
      return [
        ...toText(content),
        ...toolCalls.map((call) => toToolUse(call.id, call.name, call.argumentsText)),
      ];
    }
  }
}

/** Blank text is refused. */
export function toText(text: string): Api.TextBlockParam[] {
  return text.trim() === '' ? [] : [{ type: 'text', text }];
}

/** The API wants an object as input. What the model wrote otherwise never ran. */
export function toToolUse(id: string, name: string, argumentsText: string): Api.ToolUseBlockParam {
  try {
    const input: unknown = JSON.parse(argumentsText);
    if (typeof input === 'object' && !Array.isArray(input))
      return { type: 'tool_use', id, name, input: input ?? {} };
  } catch {
    // The tool's result has told the model.
  }
  return { type: 'tool_use', id, name, input: {} };
}

/** A conversation with calls in it is refused without tools: then it gets those it called, and may call none of them. */
function toolsOf({ tools = [], messages }: LlmRequest): Api.Tool[] {
  const calls = messages.flatMap((message) =>
    message.role === 'assistant' ? (message.toolCalls ?? []) : [],
  );
  const called = [...new Set(calls.map(({ name }) => name))];
  const offered =
    tools.length > 0 ? tools : called.map((name) => ({ name, description: '', parameters: {} }));
  return offered.map(({ name, description, parameters }) => {
    return { name, description, input_schema: { ...parameters, type: 'object' } };
  });
}

function toToolChoice({ tools = [], toolChoice }: LlmRequest): Api.ToolChoice | undefined {
  if (tools.length === 0 || toolChoice === 'none') return { type: 'none' };
  if (typeof toolChoice === 'object') return { type: 'tool', name: toolChoice.name };
  return toolChoice === 'required' ? { type: 'any' } : undefined;
}
