// A fake language model: plays scripted responses, encoded by the dialect, cut across packets.
import type { FinishReason, LlmToolCall } from '@voicewire/core/adapter';
import type {
  FakeRequest,
  LlmAsked,
  LlmConversation,
  LlmDialect,
  LlmFakeEvent,
  LlmFakeUsage,
  Refusal,
} from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import type { Misbehaviour } from './misbehaviour.js';
import type { MessageRole, Outlet } from './outlet.js';
import {
  isRefusal,
  startProviderFake,
  type ProviderFake,
  type ProviderFakeOptions,
} from './provider-fake.js';

/** One response. Texts and calls come in the order of `parts`; several `tool-calls` in one entry come interleaved. */
export interface LlmResponse {
  readonly parts: readonly (
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'tool-calls'; readonly calls: readonly LlmToolCall[] }
  )[];
  /** Default `tool-calls` where there is a call, else `stop`. */
  readonly finish?: FinishReason | undefined;
  readonly usage?: LlmFakeUsage | undefined;
  /** What the model wants to be given back, at providers that have such a thing. */
  readonly state?: unknown;
}

/** Responses in order, the last one repeated; or one made for each request. */
export type LlmScript = readonly LlmResponse[] | ((asked: LlmAsked) => LlmResponse);

export interface LlmFakeOptions extends ProviderFakeOptions {
  /** Default: one short text in three pieces, with an emoji and an accent in it. */
  readonly script?: LlmScript | undefined;
  /** Sends the dialect's `keepAlive` between parts. Default true. */
  readonly keepAlive?: boolean | undefined;
}

/** What one request asked for. */
export interface LlmHeard {
  readonly asked: LlmAsked;
}

export interface LlmFake extends ProviderFake<LlmHeard> {
  /** What the requests to come are answered with, from its beginning. */
  answer(script: LlmScript): void;
}

/** Beyond ASCII, so that characters are cut in two by packets. */
export const defaultLlmResponse: LlmResponse = {
  parts: [
    { type: 'text', text: 'Hello' },
    { type: 'text', text: ', café ☕' },
    { type: 'text', text: ' is open.' },
  ],
};

const defaultUsage: LlmFakeUsage = { inputTokens: 12, outputTokens: 9, cachedInputTokens: 4 };
const fragmentsPerCall = 3;

/** Calls in `fragmentsPerCall` pieces each, first all first pieces, then all second ones. */
function fragmentsOf(calls: readonly LlmToolCall[], firstIndex: number): readonly LlmFakeEvent[] {
  return Array.from({ length: fragmentsPerCall }, (_, round) =>
    calls.map((call, place): LlmFakeEvent => {
      const size = Math.ceil(call.argumentsText.length / fragmentsPerCall);
      const fragment = call.argumentsText.slice(round * size, (round + 1) * size);
      const isLast = round === fragmentsPerCall - 1;
      return { type: 'tool-call', index: firstIndex + place, call, fragment, isFirst: round === 0, isLast };
    }),
  ).flat();
}

function eventsOf(response: LlmResponse): readonly LlmFakeEvent[] {
  let callCount = 0;
  const events: LlmFakeEvent[] = [{ type: 'start' }];
  for (const part of response.parts) {
    if (part.type === 'text') {
      events.push(part);
      continue;
    }
    events.push(...fragmentsOf(part.calls, callCount));
    callCount += part.calls.length;
  }
  const reason = response.finish ?? (callCount > 0 ? 'tool-calls' : 'stop');
  events.push(
    { type: 'finish', reason, usage: response.usage ?? defaultUsage, state: response.state },
    { type: 'done' },
  );
  return events;
}

function roleOf({ type }: LlmFakeEvent): MessageRole {
  return type === 'start' ? 'greeting' : type === 'finish' || type === 'done' ? 'final' : 'result';
}

/** A provider's own message of failure replaces what would have followed. */
function withError(
  events: readonly LlmFakeEvent[],
  error: Extract<Misbehaviour, { type: 'error' }>,
): readonly LlmFakeEvent[] {
  const kept = events.slice(0, 1 + (error.afterEvents ?? 0));
  return [
    ...kept,
    { type: 'error', status: error.status ?? 500, message: 'The fake failed on request, after zanzibar.' },
  ];
}

function respond(
  conversation: LlmConversation,
  response: LlmResponse,
  keepAlive: string | undefined,
): FakeConversation<LlmHeard> {
  function start(outlet: Outlet): void {
    const failure = outlet.misbehaviours.find((misbehaviour) => misbehaviour.type === 'error');
    const events = failure === undefined ? eventsOf(response) : withError(eventsOf(response), failure);
    for (const event of events) {
      if (keepAlive !== undefined) outlet.send([keepAlive], 'greeting');
      outlet.send(conversation.write(event), roleOf(event));
    }
    outlet.end(1000);
  }
  return { heard: { asked: conversation.asked }, contentType: conversation.contentType, start };
}

/** Starts a fake language model that speaks `dialect` on a free loopback port. */
export async function startLlmFake(dialect: LlmDialect, options: LlmFakeOptions = {}): Promise<LlmFake> {
  let script = options.script ?? [defaultLlmResponse];
  let asks = 0;

  function responseTo(asked: LlmAsked): LlmResponse {
    if (typeof script === 'function') return script(asked);
    const response = script[Math.min(asks, script.length - 1)] ?? defaultLlmResponse;
    asks += 1;
    return response;
  }

  function answer(request: FakeRequest): FakeConversation<LlmHeard> | Refusal {
    const conversation = dialect.open(request);
    if (isRefusal(conversation)) return conversation;
    const keepAlive = options.keepAlive === false ? undefined : dialect.keepAlive;
    return respond(conversation, responseTo(conversation.asked), keepAlive);
  }

  const fake = await startProviderFake<LlmHeard>(dialect, { answer }, options);
  function answerWith(next: LlmScript): void {
    script = next;
    asks = 0;
  }
  return Object.assign(fake, { answer: answerWith });
}
