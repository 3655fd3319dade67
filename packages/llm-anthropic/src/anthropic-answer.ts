// An answer in the events of the Messages API, one by one, as our parts; and its refusals.
import { parseJson, ProviderError } from '@voicewire/core/adapter';
import type {
  ErrorClass,
  FinishReason,
  HttpRefusal,
  LlmPart,
  RefusalDetails,
  SseEvent,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import { toText, toToolUse, type AnswerState } from './anthropic-request.js';

export const owner = { provider: 'anthropic', stage: 'llm' } as const;

const text = z.preprocess((value) => value ?? '', z.string());
const count = z.number().nullish();

const usageSchema = z.object({
  input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  output_tokens: count,
});

const eventSchema = z.object({
  type: z.string(),
  index: z.number().default(0),
  message: z.object({ usage: usageSchema.nullish() }).nullish(),
  content_block: z.object({ type: z.string(), id: text, name: text, text, data: text }).nullish(),
  delta: z.object({ stop_reason: text, text, partial_json: text, thinking: text, signature: text }).nullish(),
  usage: usageSchema.nullish(),
  error: z.object({ type: text }).nullish(),
});

type Event = z.output<typeof eventSchema>;
type Usage = Event['usage'];

/** A part of an answer as far as it has come; which of its texts are used depends on its type. */
type Block = NonNullable<Event['content_block']> & { input: string; thinking: string; signature: string };

/** Anything else is an end like "end_turn". The last two are answers that the model had more of. */
const finishReasons: ReadonlyMap<string, FinishReason> = new Map([
  ['tool_use', 'tool-calls'],
  ['refusal', 'refusal'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['pause_turn', 'length'],
]);

/** Of errors in an answer, which have no status. */
const errorClasses: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^(invalid_request|not_found|request_too_large)/, 'invalid_request'],
  [/^(authentication|permission)/, 'auth'],
  [/^billing/, 'quota'],
  [/^rate_limit/, 'rate_limit'],
  [/^timeout/, 'timeout'],
];

/**
 * An answer as our parts: texts pass at once; tool calls, usage and the finish come with its last event. `maker`
 * is whose state it is. Throws `ProviderError`: `protocol` for what can't be read or ended without a reason, else the failure that the provider told of.
 */
export async function* readAnswer(events: AsyncIterable<SseEvent>, maker: string): AsyncGenerator<LlmPart> {
  const blocks = new Map<number, Block>();
  let began: Usage;
  let counted: Usage;
  let stopReason = '';
  let ending: readonly LlmPart[] | undefined;
  const end = () => toEnding([...blocks.values()], stopReason, maker, toUsage(began, counted));
  try {
    for await (const { data } of events) {
      // Past its end it is read on: only a body that was read out leaves its connection open for the next request.
      if (ending !== undefined) continue;
      const event = readEvent(data);
      began ??= event.message?.usage;
      counted = event.usage ?? counted;
      stopReason = event.delta?.stop_reason || stopReason;
      if (event.type === 'message_stop') yield* (ending = end());
      else yield* readBlock(blocks, event);
    }
  } catch (error) {
    if (ending === undefined) throw error;
  }
  // Without its last event it is whole all the same if it said why it finished.
  if (ending === undefined) yield* end();
}

function readEvent(data: string): Event {
  const { success, data: event } = eventSchema.safeParse(parseJson(data, owner));
  if (!success) throw failure('protocol', 'sent an event that is none of an answer');
  if (event.type !== 'error') return event;
  const known = errorClasses.find(([pattern]) => pattern.test(event.error?.type ?? ''));
  throw failure(known?.[1] ?? 'unavailable', 'reported an error in mid-answer');
}

/** Begins a block or goes on with it. Nothing is made of one whose type we do not know, nor of an event that has none. */
function readBlock(blocks: Map<number, Block>, { index, content_block: opened, delta }: Event): LlmPart[] {
  if (opened) blocks.set(index, { ...opened, text: '', input: '', thinking: '', signature: '' });
  const block = blocks.get(index);
  if (block === undefined) return [];
  const words = (opened ?? delta)?.text ?? '';
  block.text += words;
  block.input += delta?.partial_json ?? '';
  block.thinking += delta?.thinking ?? '';
  block.signature += delta?.signature ?? '';
  return block.type === 'text' && words !== '' ? [{ type: 'text', text: words }] : [];
}

function toEnding(blocks: readonly Block[], stopReason: string, healthKey: string, usage: LlmPart) {
  if (stopReason === '') throw failure('protocol', 'ended its answer without a reason');
  const reason = finishReasons.get(stopReason) ?? 'stop';
  const hasThoughts = blocks.some(({ type }) => type.endsWith('thinking'));
  const providerState = hasThoughts ? { healthKey, data: toState(blocks) } : undefined;
  return [...toCalls(blocks, reason), usage, { type: 'finish', reason, providerState } as const];
}

/** A refused answer calls nothing. One that was cut gives its calls as they are, for the model to be told. */
function toCalls(blocks: readonly Block[], reason: FinishReason): LlmPart[] {
  if (reason !== 'tool-calls' && reason !== 'length') return [];
  // Nothing at all is how the model writes that there are no arguments, unless it was cut off.
  const noArguments = reason === 'tool-calls' ? '{}' : '';
  return blocks.flatMap(({ type, id, name, input }): LlmPart[] => {
    if (type !== 'tool_use') return [];
    if (!id || !name) throw failure('protocol', 'called a tool without its name');
    return [{ type: 'tool-call', id, name, argumentsText: input || noArguments }];
  });
}

function toState(blocks: readonly Block[]): AnswerState {
  const content = blocks.flatMap((block): AnswerState['content'] => {
    const { type, id, name, text: words, data, input, thinking, signature } = block;
    if (type === 'text') return toText(words);
    if (type === 'tool_use') return [toToolUse(id, name, input)];
    if (type === 'redacted_thinking') return [{ type, data }];
    return type === 'thinking' ? [{ type, thinking, signature }] : [];
  });
  return { text: blocks.map((block) => block.text).join(''), content };
}

/** Later counts are of the whole answer. What was read from the cache, and written there, is counted apart from the rest. */
function toUsage(began: Usage, counted: Usage): LlmPart {
  const told = (field: keyof NonNullable<Usage>) => counted?.[field] ?? began?.[field] ?? undefined;
  const cachedInputTokens = told('cache_read_input_tokens');
  const uncached = (told('input_tokens') ?? 0) + (told('cache_creation_input_tokens') ?? 0);
  const inputTokens = uncached + (cachedInputTokens ?? 0);
  return { type: 'usage', inputTokens, outputTokens: told('output_tokens') ?? 0, cachedInputTokens };
}

/** What the API has no status for, the words of its errors tell: they are only looked at, never passed on. */
const tellingWords: readonly (readonly [RegExp, RefusalDetails])[] = [
  [/prompt is too long|exceeds? context limit|request_too_large/, { code: 'provider.context_too_long' }],
  [/spend_limit_reached|API usage limits|credit balance/, { class: 'quota' }],
  [/content filtering policy/, { class: 'content' }],
];

/** What the provider's own error says beyond the status of a refusal. */
export function readRefusal({ body }: HttpRefusal): RefusalDetails {
  return tellingWords.find(([words]) => words.test(body))?.[1] ?? {};
}

function failure(errorClass: ErrorClass, happened: string): ProviderError {
  return new ProviderError({ ...owner, class: errorClass, message: `${owner.provider} ${happened}.` });
}
