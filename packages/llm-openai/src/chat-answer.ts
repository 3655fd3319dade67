// An answer in the words of chat completions, chunk by chunk, as our parts.
import { randomUUID } from 'node:crypto';
import {
  classOfHttpStatus,
  parseJson,
  ProviderError,
  type ErrorClass,
  type FinishReason,
  type HttpRefusal,
  type HttpTarget,
  type LlmPart,
  type RefusalDetails,
} from '@voicewire/core/adapter';
import * as z from 'zod';

const text = z.string().nullish();

const fragmentSchema = z.object({
  index: z.number().nullish(),
  id: text,
  function: z.object({ name: text, arguments: text }).nullish(),
});

const choiceSchema = z.object({
  delta: z.object({ content: text, refusal: text, tool_calls: z.array(fragmentSchema).nullish() }).nullish(),
  finish_reason: text,
});

const usageSchema = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});

/** Servers that are not OpenAI also say it in one string, or with a number as the code. */
const errorSchema = z.union([
  z.string(),
  z.object({ code: z.union([z.string(), z.number()]).nullish(), type: text }),
]);

const chunkSchema = z.object({
  error: errorSchema.nullish(),
  choices: z.array(choiceSchema).nullish(),
  usage: usageSchema.nullish(),
});

/** Codes and types of errors that say more than a status, or have none. */
const errorClasses: ReadonlyMap<unknown, ErrorClass> = new Map([
  ['insufficient_quota', 'quota'],
  ['billing_hard_limit_reached', 'quota'],
  ['billing_not_active', 'quota'],
  ['rate_limit_exceeded', 'rate_limit'],
  ['content_filter', 'content'],
  ['content_policy_violation', 'content'],
]);

/** Anything else is an end like "stop". The last two are what compatible servers say when they failed. */
const finishReasons: ReadonlyMap<string, FinishReason | 'broken'> = new Map([
  ['length', 'length'],
  ['tool_calls', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['error', 'broken'],
  ['abort', 'broken'],
]);

/**
 * Reads one answer. `read` takes the data of one event: texts pass at once, tool calls when they are whole. `end` tells
 * usage and why it finished. Both throw `ProviderError`: `protocol` for what can't be read or ended without a reason,
 * else the failure that the provider told of.
 */
export function createChatAnswer(target: HttpTarget) {
  const calls: OpenCall[] = [];
  let usage: LlmPart[] = [];
  let reason: FinishReason | undefined;
  let hasRefused = false;

  return {
    read(data: string): LlmPart[] {
      const chunk = readChunk(data, target);
      // Some servers count in every chunk: the last one has the total.
      if (chunk.usage) usage = [toUsage(chunk.usage)];
      // No choice where a server has something to say beside the answer, as its usage.
      const { delta, finish_reason: finishReason } = chunk.choices?.[0] ?? {};
      const parts: LlmPart[] = delta?.content ? [{ type: 'text', text: delta.content }] : [];
      hasRefused ||= Boolean(delta?.refusal);
      delta?.tool_calls?.forEach((fragment, position) => addFragment(calls, fragment, position));
      if (!finishReason || reason !== undefined) return parts;
      reason = hasRefused ? 'refusal' : readReason(finishReason, calls.length > 0, target);
      if (reason !== 'tool-calls' && reason !== 'length') return parts;
      for (const { index: _, ...call } of calls) {
        // History pairs results with calls by id: a server that gives none gets one from us.
        parts.push({ type: 'tool-call', ...call, id: call.id || `call_${randomUUID()}` });
      }
      return parts;
    },
    end(): LlmPart[] {
      if (reason === undefined) throw failure(target, 'protocol', 'ended its answer without a reason');
      return [...usage, { type: 'finish', reason }];
    },
  };
}

function readChunk(data: string, target: HttpTarget): z.output<typeof chunkSchema> {
  const { success, data: chunk } = chunkSchema.safeParse(parseJson(data, target));
  if (!success) throw failure(target, 'protocol', 'sent a chunk that is none of chat completions');
  if (!chunk.error) return chunk;
  throw failure(target, classOfError(chunk.error) ?? 'unavailable', 'reported an error in mid-answer');
}

function readReason(text: string, hasCalls: boolean, target: HttpTarget): FinishReason {
  // A forced tool finishes with "stop" on some servers.
  const reason = finishReasons.get(text) ?? (hasCalls ? 'tool-calls' : 'stop');
  if (reason === 'broken') throw failure(target, 'unavailable', 'gave up in the middle of its answer');
  return reason;
}

interface OpenCall {
  readonly index: number;
  id: string;
  name: string;
  argumentsText: string;
}

/** Fragments of parallel calls interleave by index; some servers give every call the same index, but a new id. */
function addFragment(calls: OpenCall[], fragment: z.output<typeof fragmentSchema>, position: number): void {
  const index = fragment.index ?? position;
  let call = calls.findLast((other) => other.index === index);
  if (call === undefined || (fragment.id && call.id !== '' && call.id !== fragment.id)) {
    call = { index, id: '', name: '', argumentsText: '' };
    calls.push(call);
  }
  call.id ||= fragment.id ?? '';
  call.name ||= fragment.function?.name ?? '';
  call.argumentsText += fragment.function?.arguments ?? '';
}

function toUsage({
  prompt_tokens,
  completion_tokens,
  prompt_tokens_details,
}: z.output<typeof usageSchema>): LlmPart {
  const cachedInputTokens = prompt_tokens_details?.cached_tokens ?? undefined;
  return { type: 'usage', inputTokens: prompt_tokens, outputTokens: completion_tokens, cachedInputTokens };
}

/** What the provider's own error says beyond the status of a refusal. */
export function readChatRefusal({ body }: HttpRefusal): RefusalDetails {
  const error = errorOf(body);
  const isTooLong = typeof error === 'object' && error?.code === 'context_length_exceeded';
  if (isTooLong) return { class: 'invalid_request', code: 'provider.context_too_long' };
  const errorClass = classOfError(error);
  return errorClass === undefined ? {} : { class: errorClass };
}

function errorOf(body: string): z.output<typeof chunkSchema>['error'] {
  try {
    return chunkSchema.parse(JSON.parse(body)).error;
  } catch {
    // No explanation, or one in a form of its own: the status says enough.
    return undefined;
  }
}

function classOfError(error: z.output<typeof chunkSchema>['error']): ErrorClass | undefined {
  const { code, type } = typeof error === 'object' && error !== null ? error : {};
  const byStatus = typeof code === 'number' && code >= 400 ? classOfHttpStatus(code) : undefined;
  return errorClasses.get(code) ?? errorClasses.get(type) ?? byStatus;
}

function failure(target: HttpTarget, errorClass: ErrorClass, happened: string): ProviderError {
  return new ProviderError({ ...target, class: errorClass, message: `${target.provider} ${happened}.` });
}
