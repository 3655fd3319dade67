// Ollama's own chat protocol: our request in its words, and the lines of its answer as our parts.
import { randomUUID } from 'node:crypto';
import {
  ProviderError,
  type ErrorClass,
  type FinishReason,
  type HttpTarget,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
  type LlmTool,
} from '@voicewire/core/adapter';
import type { ChatRequest, Message } from 'ollama';
import * as z from 'zod';

/** What is the same for every request. */
export interface OllamaSettings {
  readonly model: string;
  readonly think: boolean | 'low' | 'medium' | 'high' | 'max';
  readonly keepAlive: string | number;
  readonly contextTokens?: number | undefined;
}

/** The request's body; fields that are undefined are not sent. */
export function toChatRequest(settings: OllamaSettings, request: LlmRequest): object {
  // The protocol has no tool choice; "none" is kept by offering no tools.
  const tools = request.toolChoice === 'none' ? [] : (request.tools ?? []);
  return {
    model: settings.model,
    messages: request.messages.map(toMessage),
    tools: tools.length > 0 ? tools.map(toTool) : undefined,
    format: request.responseSchema,
    options: {
      temperature: request.temperature,
      num_predict: request.maxTokens,
      num_ctx: settings.contextTokens,
    },
    think: settings.think,
    keep_alive: settings.keepAlive,
    stream: true,
  } satisfies Partial<Record<keyof ChatRequest, unknown>>;
}

function toTool({ name, description, parameters }: LlmTool): object {
  return { type: 'function', function: { name, description, parameters } };
}

function toMessage(message: LlmMessage): Message & { tool_call_id?: string } {
  const { role, content } = message;
  if (role === 'tool') return { role, content, tool_name: message.name, tool_call_id: message.toolCallId };
  if (role !== 'assistant' || !message.toolCalls?.length) return { role, content };
  const calls = message.toolCalls.map(({ id, name, argumentsText }) => ({
    id,
    function: { name, arguments: toArguments(argumentsText) },
  }));
  return { role, content, tool_calls: calls };
}

/** The protocol wants an object. What the model wrote otherwise never ran, and the tool's result tells it why. */
function toArguments(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    // The tool's result has told the model.
    return {};
  }
}

const lineSchema = z.object({
  error: z.string().nullish(),
  message: z
    .object({
      content: z.string().nullish(),
      tool_calls: z
        .array(
          z.object({
            id: z.string().nullish(),
            function: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).nullish() }),
          }),
        )
        .nullish(),
    })
    .nullish(),
  done: z.boolean().nullish(),
  done_reason: z.string().nullish(),
  prompt_eval_count: z.number().nullish(),
  eval_count: z.number().nullish(),
});

/**
 * Reads one answer, line by line; the last line gives usage and finish. Throws `ProviderError` for what can't be read or
 * tells of a failure.
 */
export function createChatReader(target: HttpTarget): (value: unknown) => LlmPart[] {
  let hasCalls = false;
  return (value) => {
    const { success, data: line } = lineSchema.safeParse(value);
    if (!success) throw failure(target, 'protocol', 'sent a line that is none of a chat');
    if (line.error) throw failure(target, 'unavailable', 'reported an error in the middle of its answer');
    const { content, tool_calls: calls } = line.message ?? {};
    const parts: LlmPart[] = content ? [{ type: 'text', text: content }] : [];
    for (const call of calls ?? []) {
      hasCalls = true;
      const { name, arguments: input } = call.function;
      // Older servers give a call no id, and history pairs results with calls by it.
      const id = call.id || `call_${randomUUID()}`;
      parts.push({ type: 'tool-call', id, name, argumentsText: JSON.stringify(input ?? {}) });
    }
    if (!line.done) return parts;
    const reason: FinishReason = line.done_reason === 'length' ? 'length' : hasCalls ? 'tool-calls' : 'stop';
    // A prompt that was in the cache may not be counted at all.
    const usage = { inputTokens: line.prompt_eval_count ?? 0, outputTokens: line.eval_count ?? 0 };
    return [...parts, { type: 'usage', ...usage }, { type: 'finish', reason }];
  };
}

export function failure(target: HttpTarget, errorClass: ErrorClass, happened: string): ProviderError {
  return new ProviderError({ ...target, class: errorClass, message: `${target.provider} ${happened}.` });
}
