// How OpenAI's chat completions talk, as a fake server for tests: './fake'.
import {
  startLlmFake,
  type FakeRequest,
  type LlmAsked,
  type LlmConversation,
  type LlmDialect,
  type LlmFake,
  type LlmFakeEvent,
  type LlmFakeOptions,
  type LlmFakeUsage,
  type Refusal,
} from '@voicewire/testing';
import * as z from 'zod';

const messageSchema = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'user']), content: z.string() }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string() }),
  z.object({
    role: z.literal('assistant'),
    content: z.string().nullish(),
    tool_calls: z
      .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
      .min(1)
      .optional(),
  }),
]);

const requestSchema = z.object({
  model: z.string(),
  messages: z.array(messageSchema).min(1),
  stream: z.literal(true),
  stream_options: z
    .object({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .optional(),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: z.string(),
          description: z.string().default(''),
          parameters: z.record(z.string(), z.unknown()).default({}),
        }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.object({ function: z.object({ name: z.string() }) })])
    .optional(),
  response_format: z
    .object({
      type: z.literal('json_schema'),
      json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
    })
    .optional(),
  temperature: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  max_tokens: z.number().optional(),
});

type Asked = z.output<typeof requestSchema>;

const finishReasons = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'stop',
} as const;

/** The dialect, for fakes of vendors that speak it with a difference. */
export const openAiDialect: LlmDialect = {
  provider: 'openai',
  keepAlive: ': ping\n\n',
  finishReasons: ['stop', 'length', 'content-filter', 'refusal'],
  credential: ({ headers }) => headers['authorization']?.replace(/^Bearer /, ''),
  refusal: (status) => ({ body: JSON.stringify({ error: errorBody(status, 'The request was refused.') }) }),
  open: openConversation,
};

/** Starts the fake on a free loopback port; `${fake.url}/v1` is its base URL. */
export function startOpenAiFake(options?: LlmFakeOptions): Promise<LlmFake> {
  return startLlmFake(openAiDialect, options);
}

function openConversation(request: FakeRequest): LlmConversation | Refusal {
  if (request.url.pathname !== '/v1/chat/completions') return refuse(404, 'There is no such path.');
  if (request.method !== 'POST') return refuse(405, 'Only POST is allowed.');
  const body = requestSchema.safeParse(readJson(request.body));
  if (!body.success) return refuse(400, body.error.message);
  if (body.data.tool_choice !== undefined && body.data.tools === undefined) {
    return refuse(400, "'tool_choice' is only allowed when 'tools' are specified.");
  }
  return { asked: toAsked(body.data), contentType: 'text/event-stream', write: createWriter(body.data) };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Refused as what it is: not a request.
    return undefined;
  }
}

function toAsked(body: Asked): LlmAsked {
  const names = new Map(
    body.messages.flatMap((message) =>
      message.role === 'assistant'
        ? (message.tool_calls ?? []).map((call) => [call.id, call.function.name] as const)
        : [],
    ),
  );
  return {
    model: body.model,
    messages: body.messages.map((message) => {
      if (message.role === 'tool') {
        const { tool_call_id: toolCallId, content } = message;
        return { role: 'tool', toolCallId, name: names.get(toolCallId) ?? '', content };
      }
      if (message.role !== 'assistant') return message;
      const calls = message.tool_calls?.map(({ id, function: { name, arguments: argumentsText } }) => ({
        id,
        name,
        argumentsText,
      }));
      return { role: 'assistant', content: message.content ?? '', ...(calls && { toolCalls: calls }) };
    }),
    tools: body.tools?.map((tool) => tool.function),
    toolChoice:
      typeof body.tool_choice === 'object' ? { name: body.tool_choice.function.name } : body.tool_choice,
    responseSchema: body.response_format?.json_schema.schema,
    temperature: body.temperature,
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
  };
}

function createWriter(body: Asked): LlmConversation['write'] {
  const { include_usage: includesUsage = false, include_obfuscation: isPadded = true } =
    body.stream_options ?? {};

  function chunk(choices: readonly object[], usage: object | null = null): string {
    const padding = isPadded && choices.length > 0 ? { obfuscation: 'f4K3' } : {};
    return event({
      id: 'chatcmpl-fake',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: body.model,
      choices,
      ...(includesUsage && { usage }),
      ...padding,
    });
  }

  function delta(content: object, finishReason: string | null = null): string {
    return chunk([{ index: 0, delta: content, logprobs: null, finish_reason: finishReason }]);
  }

  return (said: LlmFakeEvent) => {
    switch (said.type) {
      case 'start':
        return [delta({ role: 'assistant', content: '', refusal: null })];
      case 'text':
        return [delta({ content: said.text })];
      case 'tool-call':
        return [delta({ tool_calls: [toFragment(said)] })];
      case 'finish': {
        const refusal = said.reason === 'refusal' ? [delta({ refusal: 'I can’t help with that.' })] : [];
        const usage = includesUsage ? [chunk([], toUsage(said.usage))] : [];
        return [...refusal, delta({}, finishReasons[said.reason]), ...usage];
      }
      case 'error':
        return [event({ error: errorBody(said.status, said.message) })];
      case 'done':
        return ['data: [DONE]\n\n'];
    }
  };
}

function toFragment({
  index,
  call,
  fragment,
  isFirst,
}: Extract<LlmFakeEvent, { type: 'tool-call' }>): object {
  const opening = isFirst ? { id: call.id, type: 'function' } : {};
  return { index, ...opening, function: { ...(isFirst && { name: call.name }), arguments: fragment } };
}

function toUsage({ inputTokens, outputTokens, cachedInputTokens = 0 }: LlmFakeUsage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function event(content: object): string {
  return `data: ${JSON.stringify(content)}\n\n`;
}

function refuse(status: number, message: string): Refusal {
  return { status, body: JSON.stringify({ error: errorBody(status, message) }) };
}

function errorBody(status: number, message: string): object {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { message, type, param: null, code: status === 401 ? 'invalid_api_key' : null };
}
