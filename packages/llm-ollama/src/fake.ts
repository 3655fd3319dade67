// How Ollama's native chat talks, as a fake server for tests: './fake'.
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

const messageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  tool_name: z.string().optional(),
  tool_call_id: z.string().optional(),
  tool_calls: z
    .array(
      z.object({
        id: z.string().optional(),
        function: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
      }),
    )
    .optional(),
});

const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema),
  stream: z.literal(true),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: z.string(),
          description: z.string().default(''),
          parameters: z.record(z.string(), z.unknown()),
        }),
      }),
    )
    .optional(),
  format: z.record(z.string(), z.unknown()).optional(),
  options: z.object({ temperature: z.number().optional(), num_predict: z.number().optional() }).optional(),
});

/** The dialect: no credentials, one JSON value per line, calls whole. */
export const ollamaDialect: LlmDialect = {
  provider: 'ollama',
  finishReasons: ['stop', 'length'],
  argumentsAreJson: true,
  noToolChoice: true,
  refusal: (status) => ({ body: JSON.stringify({ error: `refused with ${status}` }) }),
  open: openConversation,
};

/** Starts the fake on a free loopback port; its `url` is the base URL. */
export function startOllamaFake(options?: LlmFakeOptions): Promise<LlmFake> {
  return startLlmFake(ollamaDialect, options);
}

function openConversation(request: FakeRequest): LlmConversation | Refusal {
  const { pathname } = request.url;
  if (pathname === '/api/tags' && request.method === 'GET') return modelList();
  if (pathname !== '/api/chat') return { status: 404, body: '404 page not found' };
  if (request.method !== 'POST') return { status: 405, body: '405 method not allowed' };
  const body = requestSchema.safeParse(readJson(request.body));
  if (!body.success) return { status: 400, body: JSON.stringify({ error: body.error.message }) };
  const { model } = body.data;
  return {
    asked: toAsked(body.data),
    contentType: 'application/x-ndjson',
    write: (said) => write(said, model),
  };
}

/** What is pulled on the fake's machine. An answer outside a conversation: a refusal by its shape, not its status. */
function modelList(): Refusal {
  const models = ['qwen3:8b', 'llama3.2:latest'].map((name) => ({
    name,
    model: name,
    size: 1,
    digest: 'fake',
  }));
  return { status: 200, body: JSON.stringify({ models }) };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Refused as what it is: not a request.
    return undefined;
  }
}

function toAsked(body: z.output<typeof requestSchema>): LlmAsked {
  return {
    model: body.model,
    messages: body.messages.map((message) => {
      const { role, content } = message;
      if (role === 'tool') {
        return { role, content, name: message.tool_name ?? '', toolCallId: message.tool_call_id ?? '' };
      }
      if (role !== 'assistant' || message.tool_calls === undefined) return { role, content };
      const toolCalls = message.tool_calls.map(({ id = '', function: { name, arguments: input } }) => ({
        id,
        name,
        argumentsText: JSON.stringify(input),
      }));
      return { role, content, toolCalls };
    }),
    tools: body.tools?.map((tool) => tool.function),
    responseSchema: body.format,
    temperature: body.options?.temperature,
    maxTokens: body.options?.num_predict,
  };
}

function write(said: LlmFakeEvent, model: string): readonly string[] {
  function line(message: object, more: object = { done: false }): string {
    const created = { model, created_at: '2026-01-01T00:00:00.000000Z' };
    return `${JSON.stringify({ ...created, message: { role: 'assistant', content: '', ...message }, ...more })}\n`;
  }
  switch (said.type) {
    case 'start':
    case 'done':
      return [];
    case 'text':
      return [line({ content: said.text })];
    case 'tool-call':
      return said.isLast ? [line({ tool_calls: [toCall(said)] })] : [];
    case 'error':
      return [`${JSON.stringify({ error: said.message })}\n`];
    case 'finish':
      return [
        line(
          {},
          {
            done: true,
            done_reason: said.reason === 'length' ? 'length' : 'stop',
            total_duration: 5_043_500_667,
            load_duration: 5_025_959,
            prompt_eval_count: said.usage.inputTokens,
            prompt_eval_duration: 325_953_000,
            eval_count: said.usage.outputTokens,
            eval_duration: 4_709_213_000,
          },
        ),
      ];
  }
}

/** Ollama reads what the model wrote before it sends it: arguments that are no JSON never come as a call's. */
function toCall({ index, call }: Extract<LlmFakeEvent, { type: 'tool-call' }>): object {
  const input = readJson(Buffer.from(call.argumentsText)) ?? {};
  return { id: call.id, function: { index, name: call.name, arguments: input } };
}
