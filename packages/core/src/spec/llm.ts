// The contract of language-model adapters: one request, one stream of parts.
import type { OnAttempt } from './attempt.js';
import type { Clock } from './clock.js';

/** What a language model can do. Each field is a promise that the conformance suite checks. */
export interface LlmCapabilities {
  readonly tools: boolean;
  readonly parallelTools: boolean;
  /** `responseSchema` is honoured. */
  readonly responseSchema: boolean;
  /** A trailing assistant message is continued rather than answered. */
  readonly prefill: boolean;
}

/** A JSON Schema object, as far as core cares. */
export type JsonSchema = { readonly [key: string]: unknown };

/** Reasoning items, signatures: given back unread, and only to the provider whose `healthKey` made it. */
export interface ProviderState {
  readonly healthKey: string;
  readonly data: unknown;
}

export interface LlmToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; it may be cut or not be JSON at all. */
  readonly argumentsText: string;
  readonly providerState?: ProviderState | undefined;
}

export type LlmMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly toolCalls?: readonly LlmToolCall[] | undefined;
      readonly providerState?: ProviderState | undefined;
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly name: string; readonly content: string };

export interface LlmTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

export interface LlmRequest {
  readonly messages: readonly LlmMessage[];
  readonly tools?: readonly LlmTool[] | undefined;
  /** Default `auto`. `{ name }` forces one tool. Where the provider can force none, `generate` refuses it (ConfigError). */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string } | undefined;
  readonly responseSchema?: JsonSchema | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly signal: AbortSignal;
  /** For chains; a single adapter ignores it. */
  readonly onAttempt?: OnAttempt | undefined;
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal';

/** Parts in the order they came. A `tool-call` is whole; the stream ends with exactly one `finish`, or throws. */
export type LlmPart =
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'tool-call' } & LlmToolCall)
  | {
      readonly type: 'usage';
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly cachedInputTokens?: number | undefined;
    }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly providerState?: ProviderState | undefined;
    };

export interface LlmAdapter {
  readonly kind: 'llm';
  readonly specVersion: 1;
  readonly provider: string;
  /** Provider, endpoint and a salted hash of the credential: what health is counted by. Never logged. */
  readonly healthKey: string;
  /** Of a chain: the providers of its members, in order. */
  readonly members?: readonly string[] | undefined;
  /** Said by whoever configures it, never by the adapter: a region, a contract. Policy goes by them. Default: none. */
  readonly labels?: readonly string[] | undefined;
  readonly capabilities: LlmCapabilities;
  /** Lazy: nothing is sent before the first `next()`. Leaving the loop equals abort. A stream without `finish` throws. */
  generate(request: LlmRequest): AsyncIterable<LlmPart>;
}
