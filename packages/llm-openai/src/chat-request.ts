// Our request in the words of chat completions.
import type { JsonSchema, LlmMessage, LlmRequest, LlmTool, LlmToolCall } from '@voicewire/core/adapter';
import type {
  ChatCompletionFunctionTool,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions';
import type { ResponseFormatJSONSchema } from 'openai/resources/shared';

/** What is the same for every request to one server. */
export interface ChatSettings {
  readonly model: string;
  /** OpenAI's own models want `max_completion_tokens`; most compatible servers know only the older `max_tokens`. */
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens';
  /** Merged over the body last. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
}

/** The request's body; fields that are undefined are not sent. */
export function toChatRequest(
  settings: ChatSettings,
  request: LlmRequest,
): Readonly<Record<string, unknown>> {
  const { tools = [], toolChoice, responseSchema } = request;
  return {
    model: settings.model,
    messages: request.messages.map(toMessage),
    tools: tools.length > 0 ? tools.map(toTool) : undefined,
    // Refused where there are no tools to choose from.
    tool_choice: tools.length > 0 ? toToolChoice(toolChoice) : undefined,
    response_format: responseSchema && toResponseFormat(responseSchema),
    temperature: request.temperature,
    [settings.maxTokensField]: request.maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    ...settings.extraBody,
  };
}

function toMessage(message: LlmMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.content,
        ...(message.toolCalls?.length ? { tool_calls: message.toolCalls.map(toCall) } : {}),
      };
  }
}

function toCall({ id, name, argumentsText }: LlmToolCall): ChatCompletionMessageFunctionToolCall {
  return { id, type: 'function', function: { name, arguments: argumentsText } };
}

function toTool({ name, description, parameters }: LlmTool): ChatCompletionFunctionTool {
  return { type: 'function', function: { name, description, parameters } };
}

function toToolChoice(choice: LlmRequest['toolChoice']): ChatCompletionToolChoiceOption | undefined {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice;
}

function toResponseFormat(schema: JsonSchema): ResponseFormatJSONSchema {
  return { type: 'json_schema', json_schema: { name: 'response', schema, strict: isStrict(schema) } };
}

/** Strict mode is kept to the letter, but refuses schemas with objects that are open or have optional properties. */
function isStrict(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, additionalProperties, required } = schema as JsonSchema;
  const isClosed = type !== 'object' || additionalProperties === false;
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  return isClosed && Object.keys(properties ?? {}).every(isRequired) && Object.values(schema).every(isStrict);
}
