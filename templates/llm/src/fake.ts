// How Acme's `/v1/chat` talks, as a fake server for tests.
import type { LlmMessage, LlmTool } from '@voicewire/core/adapter';
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

/** Acme's side of the protocol; the engine in `@voicewire/testing` does the rest. */
export const acmeLlmDialect: LlmDialect = {
  provider: 'acme',
  credential: ({ headers }) => headers['authorization']?.replace('Bearer ', ''),
  keepAlive: ': ping\n\n',
  unknownMessage: data({ type: 'weather' }),
  open,
};

/** Starts a fake Acme on a free port of this machine. */
export function startAcmeLlmFake(options: LlmFakeOptions = {}): Promise<LlmFake> {
  return startLlmFake(acmeLlmDialect, options);
}

function open(request: FakeRequest): LlmConversation | Refusal {
  if (request.url.pathname !== '/v1/chat') return { status: 404 };
  return { asked: readAsked(request.body), contentType: 'text/event-stream', write };
}

interface Body {
  readonly model: string;
  readonly messages: readonly AcmeMessage[];
  readonly tools?: readonly LlmTool[];
  readonly tool_choice?: 'auto' | 'none' | 'required' | { readonly tool: string };
  readonly response_schema?: Readonly<Record<string, unknown>>;
  readonly temperature?: number;
  readonly max_tokens?: number;
}

interface AcmeMessage {
  readonly role: LlmMessage['role'];
  readonly content: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
}

function readAsked(bytes: Uint8Array): LlmAsked {
  const body = JSON.parse(Buffer.from(bytes).toString()) as Body;
  const choice = body.tool_choice;
  return {
    model: body.model,
    messages: body.messages.map(toMessage),
    tools: body.tools,
    toolChoice: typeof choice === 'object' ? { name: choice.tool } : choice,
    responseSchema: body.response_schema,
    temperature: body.temperature,
    maxTokens: body.max_tokens,
  };
}

function toMessage({
  role,
  content,
  call_id: toolCallId = '',
  name = '',
  tool_calls,
}: AcmeMessage): LlmMessage {
  if (role === 'tool') return { role, content, toolCallId, name };
  if (role !== 'assistant' || tool_calls === undefined) return { role, content };
  const toolCalls = tool_calls.map((call) => ({
    id: call.id,
    name: call.name,
    argumentsText: call.arguments,
  }));
  return { role, content, toolCalls };
}

const finishReasons = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'filtered',
  refusal: 'refused',
} as const;

function write(event: LlmFakeEvent): readonly string[] {
  switch (event.type) {
    case 'start':
      return [data({ type: 'start' })];
    case 'text':
      return [data({ type: 'text', text: event.text })];
    case 'tool-call': {
      const { index, call, fragment, isFirst } = event;
      const head = isFirst ? { id: call.id, name: call.name } : {};
      return [data({ type: 'tool_call', index, arguments: fragment, ...head })];
    }
    case 'finish': {
      const { inputTokens, outputTokens } = event.usage;
      return [
        data({ type: 'usage', input_tokens: inputTokens, output_tokens: outputTokens }),
        data({ type: 'finish', reason: finishReasons[event.reason] }),
      ];
    }
    case 'error':
      return [data({ type: 'error', status: event.status })];
    case 'done':
      return ['data: [DONE]\n\n'];
  }
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
