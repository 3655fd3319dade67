// How Acme's `/v1/chat` talks, as pure functions. https://docs.acme.example/chat
import {
  type ErrorClass,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
  parseJson,
  ProviderError,
  classOfHttpStatus,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeSettings } from './acme-options.js';

const owner = { provider: 'acme', stage: 'llm' } as const;

export function requestBody(settings: AcmeSettings, request: LlmRequest): string {
  const { toolChoice } = request;
  return JSON.stringify({
    model: settings.model,
    messages: request.messages.map(toMessage),
    tools: request.tools,
    tool_choice: typeof toolChoice === 'object' ? { tool: toolChoice.name } : toolChoice,
    response_schema: request.responseSchema,
    temperature: request.temperature,
    max_tokens: request.maxTokens,
  });
}

function toMessage(message: LlmMessage): object {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content };
    case 'assistant': {
      const calls = message.toolCalls?.map(({ id, name, argumentsText }) => ({
        id,
        name,
        arguments: argumentsText,
      }));
      return { role: 'assistant', content: message.content, tool_calls: calls };
    }
    case 'tool':
      return { role: 'tool', call_id: message.toolCallId, name: message.name, content: message.content };
  }
}

const messageSchema = z.object({ type: z.string() });
const textSchema = z.object({ text: z.string() });
const callSchema = z.object({
  index: z.number(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  arguments: z.string(),
});
const usageSchema = z.object({ input_tokens: z.number(), output_tokens: z.number() });
const finishSchema = z.object({ reason: z.enum(['stop', 'length', 'tool_calls', 'filtered', 'refused']) });
const errorSchema = z.object({ status: z.number() });

const finishReasons = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  filtered: 'content-filter',
  refused: 'refusal',
} as const;

/** Reads one answer. Acme sends calls in fragments; they are put together, and given out whole before the finish. */
export function createAnswerReader(): (data: string) => readonly LlmPart[] {
  const calls: { id: string; name: string; argumentsText: string }[] = [];
  return (data) => {
    if (data === '[DONE]') return [];
    const message = parseJson(data, owner);
    switch (parse(messageSchema, message).type) {
      case 'text':
        return [{ type: 'text', text: parse(textSchema, message).text }];
      case 'tool_call': {
        const fragment = parse(callSchema, message);
        const call = (calls[fragment.index] ??= { id: '', name: '', argumentsText: '' });
        call.id += fragment.id ?? '';
        call.name += fragment.name ?? '';
        call.argumentsText += fragment.arguments;
        return [];
      }
      case 'usage': {
        const { input_tokens: inputTokens, output_tokens: outputTokens } = parse(usageSchema, message);
        return [{ type: 'usage', inputTokens, outputTokens }];
      }
      case 'finish': {
        const { reason } = parse(finishSchema, message);
        const whole = calls.map((call) => ({ type: 'tool-call', ...call }) as const);
        return [...whole, { type: 'finish', reason: finishReasons[reason] }];
      }
      case 'error':
        throw failure(classOfHttpStatus(parse(errorSchema, message).status), 'reported an error');
      default:
        return [];
    }
  };
}

/** A message that can't be read is not quoted: it may be what the caller said. */
function parse<T>(schema: z.ZodType<T>, message: unknown): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  throw failure('protocol', 'sent a message that could not be read');
}

function failure(errorClass: ErrorClass, what: string): ProviderError {
  return new ProviderError({ ...owner, class: errorClass, message: `acme ${what}.` });
}
