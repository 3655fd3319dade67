// Acme's protocol as pure functions: our request as its body, its events as our parts.
import {
  classOfHttpStatus,
  parseJson,
  ProviderError,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
  type ProviderState,
} from '@voicewire/core/adapter';
import * as z from 'zod';

export const owner = { provider: 'acme', stage: 'llm' } as const;

/** State goes back only to who made it. */
function ownState(state: ProviderState | undefined, healthKey: string): unknown {
  return state?.healthKey === healthKey ? state.data : undefined;
}

function toAcmeMessage(message: LlmMessage, healthKey: string): object {
  if (message.role !== 'assistant') return message;
  const { providerState, toolCalls, ...rest } = message;
  const calls = toolCalls?.map(({ id, name, argumentsText }) => ({ id, name, argumentsText }));
  return { ...rest, toolCalls: calls, state: ownState(providerState, healthKey) };
}

export function toBody(request: LlmRequest, healthKey: string): string {
  const { messages, tools, toolChoice, responseSchema, temperature, maxTokens } = request;
  const acmeMessages = messages.map((message) => toAcmeMessage(message, healthKey));
  return JSON.stringify({
    messages: acmeMessages,
    tools,
    toolChoice,
    responseSchema,
    temperature,
    maxTokens,
  });
}

const tokens = z.number().nonnegative();
const eventSchema = z.object({ type: z.string() });
const textSchema = z.object({ text: z.string() });
const fragmentSchema = z.object({
  index: z.number(),
  fragment: z.string(),
  id: z.string().nullish(),
  name: z.string().nullish(),
});
const usageSchema = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cachedInputTokens: tokens.optional(),
});
const reasons = ['stop', 'length', 'tool-calls', 'content-filter', 'refusal'] as const;
const finishSchema = z.object({ reason: z.enum(reasons), state: z.unknown().optional() });
const errorSchema = z.object({ status: z.number() });

/** Reads the events of one response. Calls come in fragments, those of several calls in turn; they are given whole, at the end. */
export function createReader(healthKey: string): (data: string) => readonly LlmPart[] {
  const calls = new Map<number, { id: string; name: string; argumentsText: string }>();

  function addFragment(value: unknown): void {
    const { index, fragment, id, name } = fragmentSchema.parse(value);
    const call = calls.get(index) ?? { id: id ?? '', name: name ?? '', argumentsText: '' };
    calls.set(index, { ...call, argumentsText: call.argumentsText + fragment });
  }

  return (data) => {
    const value = parseJson(data, owner);
    switch (eventSchema.parse(value).type) {
      case 'text':
        return [{ type: 'text', ...textSchema.parse(value) }];
      case 'tool-call':
        addFragment(value);
        return [];
      case 'usage':
        return [{ type: 'usage', ...usageSchema.parse(value) }];
      case 'finish': {
        const { reason, state } = finishSchema.parse(value);
        const whole = [...calls.values()].map((call): LlmPart => ({ type: 'tool-call', ...call }));
        const providerState = state === undefined ? undefined : { healthKey, data: state };
        return [...whole, { type: 'finish', reason, providerState }];
      }
      case 'error': {
        const { status } = errorSchema.parse(value);
        throw new ProviderError({
          ...owner,
          class: classOfHttpStatus(status),
          status,
          message: `acme failed in the middle of its answer (${status}).`,
        });
      }
      default:
        return [];
    }
  };
}
