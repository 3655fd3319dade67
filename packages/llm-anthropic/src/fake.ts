// How Anthropic's Messages API talks, as a fake server for tests: './fake'.
import type { LlmMessage } from '@voicewire/core/adapter';
import {
  startLlmFake,
  type FakeRequest,
  type LlmAsked,
  type LlmConversation,
  type LlmDialect,
  type LlmFake,
  type LlmFakeEvent,
  type LlmFakeOptions,
  type Refusal,
} from '@voicewire/testing';
import * as z from 'zod';

const spokenText = z.string().regex(/\S/, 'text content blocks must contain non-whitespace text');
const anything = z.unknown();
const cacheControl = z
  .strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() })
  .optional();

const blockSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    text: spokenText,
    citations: z.null().optional(),
    cache_control: cacheControl,
  }),
  z.strictObject({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), anything),
  }),
  z.strictObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z.string().default(''),
    is_error: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() }),
]);

/** A string stands for one block of text. */
const contentSchema = z.union([
  spokenText.transform((text) => [{ type: 'text' as const, text }]),
  z.array(blockSchema).min(1),
]);

const messageSchema = z.strictObject({ role: z.enum(['user', 'assistant']), content: contentSchema });

const requestSchema = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  messages: z.array(messageSchema).min(1),
  stream: z.literal(true),
  system: contentSchema.optional(),
  cache_control: cacheControl,
  tools: z
    .array(
      z.strictObject({
        name: z.string(),
        description: z.string().default(''),
        input_schema: z.looseObject({ type: z.literal('object') }),
      }),
    )
    .optional(),
  tool_choice: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.enum(['auto', 'any']), disable_parallel_tool_use: z.boolean().optional() }),
      z.strictObject({
        type: z.literal('tool'),
        name: z.string(),
        disable_parallel_tool_use: z.boolean().optional(),
      }),
      z.strictObject({ type: z.literal('none') }),
    ])
    .optional(),
  thinking: z.looseObject({ type: z.enum(['enabled', 'disabled', 'adaptive', 'between_tools']) }).optional(),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).optional(),
      format: z
        .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), anything) })
        .optional(),
    })
    .optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().optional(),
  top_k: z.number().optional(),
  stop_sequences: z.array(z.string()).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  speed: z.enum(['standard', 'fast']).optional(),
  metadata: z.strictObject({ user_id: z.string().optional() }).optional(),
});

type Asked = z.output<typeof requestSchema>;
type Message = Asked['messages'][number];

const stopReasons = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
} as const;

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export const anthropicDialect: LlmDialect = {
  provider: 'anthropic',
  keepAlive: event({ type: 'ping' }),
  unknownMessage: event({ type: 'weather', degrees: 21 }),
  finishReasons: ['stop', 'length', 'refusal'],
  // Where both are sent, the older way wins.
  credential: ({ headers }) => headers['x-api-key'] ?? headers['authorization']?.replace(/^Bearer /, ''),
  refusal: (status) => ({
    body: errorBody(status, 'Refused by the fake.'),
    headers: { 'request-id': 'req_fake' },
  }),
  open,
};

/** Starts the fake on a free loopback port; `fake.url` is its base URL. */
export function startAnthropicFake(options?: LlmFakeOptions): Promise<LlmFake> {
  return startLlmFake(anthropicDialect, options);
}

function open({ url, method, headers, body }: FakeRequest): LlmConversation | Refusal {
  if (url.pathname !== '/v1/messages') return refuse(404, 'There is no such path.');
  if (method !== 'POST') return refuse(405, 'Only POST is allowed.');
  const version = headers['anthropic-version'];
  if (version === undefined) return refuse(400, 'anthropic-version: header is required');
  const { success, data: asked, error } = requestSchema.safeParse(readJson(body));
  if (!success) return refuse(400, error.message);
  const problem = problemOf(asked, version);
  if (problem !== undefined) return refuse(400, problem);
  return { asked: toAsked(asked), contentType: 'text/event-stream', write: createWriter(asked) };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Refused as what it is: not a request.
    return undefined;
  }
}

/** What is refused although its form is right. */
function problemOf(asked: Asked, version: string): string | undefined {
  const { messages, tools = [], tool_choice: choice, temperature, top_p: topP, top_k: topK } = asked;
  const hasSampling = temperature !== undefined || topP !== undefined || topK !== undefined;
  if (hasSampling && version >= '2026-10-21') return 'temperature, top_p and top_k are not supported';
  if (messages[0]?.role !== 'user') return 'messages: first message must use the user role';
  if (choice !== undefined && choice.type !== 'none' && tools.length === 0) return 'tool_choice needs tools';
  const last = messages.at(-1);
  const text = last?.role === 'assistant' ? last.content.at(-1) : undefined;
  if (text !== undefined && !/-4-5/.test(asked.model))
    return 'This model does not support assistant prefill.';
  if (text?.type === 'text' && /\s$/.test(text.text)) return 'final assistant content ends with white space';
  return problemOfTools(messages, tools.length > 0);
}

/** Each call is answered by the first blocks of the next turn, and nothing else is. */
function problemOfTools(messages: readonly Message[], hasTools: boolean): string | undefined {
  let open: readonly string[] = [];
  for (const { content } of merged(messages)) {
    const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    if (calls.length > 0 && !hasTools) return 'Requests with tool_use blocks must define tools.';
    const results = content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
    const isFirst = content.slice(0, results.length).every(({ type }) => type === 'tool_result');
    const isComplete = results.toSorted().join() === open.toSorted().join();
    if (!isFirst || !isComplete) return 'Each tool_use must have its tool_result first in the next message.';
    open = calls;
  }
  return open.length > 0 ? 'tool_use without tool_result' : undefined;
}

/** Turns of one role that follow each other are one. */
function merged(messages: readonly Message[]): readonly Message[] {
  return messages.reduce<readonly Message[]>((all, message) => {
    const last = all.at(-1);
    if (last?.role !== message.role) return [...all, message];
    return [...all.slice(0, -1), { ...last, content: [...last.content, ...message.content] }];
  }, []);
}

function toAsked(asked: Asked): LlmAsked {
  const { tool_choice: choice } = asked;
  const system = (asked.system ?? []).flatMap((block): readonly LlmMessage[] =>
    block.type === 'text' ? [{ role: 'system', content: block.text }] : [],
  );
  const names = new Map(
    asked.messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.name] as const] : [])),
    ),
  );
  return {
    model: asked.model,
    messages: [...system, ...asked.messages.flatMap((message) => toMessages(message, names))],
    tools: asked.tools?.map(({ name, description, input_schema: parameters }) => {
      return { name, description, parameters };
    }),
    toolChoice: choice?.type === 'tool' ? { name: choice.name } : choice && choices[choice.type],
    responseSchema: asked.output_config?.format?.schema,
    temperature: asked.temperature,
    maxTokens: asked.max_tokens,
  };
}

const choices = { auto: 'auto', any: 'required', none: 'none' } as const;

function toMessages({ role, content }: Message, names: ReadonlyMap<string, string>): readonly LlmMessage[] {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  if (role === 'assistant') {
    const toolCalls = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ id: block.id, name: block.name, argumentsText: JSON.stringify(block.input) }]
        : [],
    );
    return [{ role, content: text, ...(toolCalls.length > 0 && { toolCalls }) }];
  }
  const results = content.flatMap((block): readonly LlmMessage[] => {
    if (block.type !== 'tool_result') return [];
    const { tool_use_id: toolCallId } = block;
    return [{ role: 'tool', toolCallId, name: names.get(toolCallId) ?? '', content: block.content }];
  });
  return text === '' ? results : [...results, { role, content: text }];
}

/** Blocks come one after the other: fragments of a second call wait until the first is whole. */
function createWriter({ model }: Asked): LlmConversation['write'] {
  let index = -1;
  let current: 'none' | 'text' | number = 'none';
  let waiting: (LlmFakeEvent & { readonly type: 'tool-call' })[] = [];

  function stop(): readonly string[] {
    if (current === 'none') return [];
    current = 'none';
    return [event({ type: 'content_block_stop', index })];
  }

  function start(kind: typeof current, block: object): readonly string[] {
    const before = stop();
    index += 1;
    current = kind;
    return [...before, event({ type: 'content_block_start', index, content_block: block })];
  }

  function delta(content: object): string {
    return event({ type: 'content_block_delta', index, delta: content });
  }

  function writeCall(said: LlmFakeEvent & { readonly type: 'tool-call' }): readonly string[] {
    if (typeof current === 'number' && current !== said.index) {
      waiting.push(said);
      return [];
    }
    const { id, name } = said.call;
    const opening = said.isFirst ? start(said.index, { type: 'tool_use', id, name, input: {} }) : [];
    const piece = delta({ type: 'input_json_delta', partial_json: said.fragment });
    if (!said.isLast) return [...opening, piece];
    const held = waiting;
    waiting = [];
    return [...opening, piece, ...stop(), ...held.flatMap(writeCall)];
  }

  return (said) => {
    switch (said.type) {
      case 'start':
        return [event({ type: 'message_start', message: { ...emptyMessage, model } })];
      case 'text': {
        const opening = current === 'text' ? [] : start('text', { type: 'text', text: '', citations: null });
        return [...opening, delta({ type: 'text_delta', text: said.text })];
      }
      case 'tool-call':
        return writeCall(said);
      case 'finish': {
        const signature = typeof said.state === 'string' ? said.state : undefined;
        const thought =
          signature === undefined
            ? []
            : [
                ...start('text', { type: 'thinking', thinking: '', signature: '' }),
                delta({ type: 'thinking_delta', thinking: 'They ask.' }),
                delta({ type: 'signature_delta', signature }),
              ];
        return [...thought, ...stop(), event(messageDelta(said))];
      }
      case 'error':
        return [event({ type: 'error', error: errorOf(said.status, said.message) })];
      case 'done':
        return [event({ type: 'message_stop' })];
    }
  };
}

const emptyMessage = {
  id: 'msg_fake',
  type: 'message',
  role: 'assistant',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
} as const;

/** Counts are of the whole answer; what came from the cache is no part of `input_tokens`. */
function messageDelta({ reason, usage }: LlmFakeEvent & { readonly type: 'finish' }): object {
  const { inputTokens, outputTokens, cachedInputTokens = 0 } = usage;
  return {
    type: 'message_delta',
    delta: { stop_reason: stopReasons[reason], stop_sequence: null },
    usage: {
      input_tokens: inputTokens - cachedInputTokens,
      cache_read_input_tokens: cachedInputTokens,
      cache_creation_input_tokens: 0,
      output_tokens: outputTokens,
    },
  };
}

function event(content: { readonly type: string; readonly [field: string]: unknown } | object): string {
  const { type } = content as { readonly type: string };
  return `event: ${type}\ndata: ${JSON.stringify(content)}\n\n`;
}

function refuse(status: number, message: string): Refusal {
  return { status, body: errorBody(status, message) };
}

function errorBody(status: number, message: string): string {
  return JSON.stringify({ type: 'error', error: errorOf(status, message), request_id: 'req_fake' });
}

function errorOf(status: number, message: string): object {
  return { type: errorTypes[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error'), message };
}
