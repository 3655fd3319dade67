// Chat completions from any server that speaks them: what the adapters of other vendors build on, as './dialect'.
import {
  checkLlmRequest,
  createLazyStream,
  openHttpStream,
  parseSse,
  type LlmAdapter,
  type LlmCapabilities,
  type LlmPart,
  type LlmRequest,
} from '@voicewire/core/adapter';
import { createChatAnswer, readChatRefusal } from './chat-answer.js';
import { toChatRequest, type ChatSettings } from './chat-request.js';

/** One server that speaks chat completions, and how it wants to be asked. */
export interface ChatDialect extends ChatSettings {
  readonly provider: string;
  readonly healthKey: string;
  /** In full, with `/chat/completions`. */
  readonly url: string;
  /** Credentials, and whatever else goes with every request. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly capabilities: LlmCapabilities;
}

/** The adapter for a server of this dialect. */
export function createChatLlm(dialect: ChatDialect): LlmAdapter {
  const { provider, healthKey, capabilities } = dialect;
  return {
    kind: 'llm',
    specVersion: 1,
    provider,
    healthKey,
    capabilities,
    generate: (request) => createLazyStream(request.signal, () => answer(dialect, request)),
  };
}

async function* answer(dialect: ChatDialect, request: LlmRequest): AsyncGenerator<LlmPart> {
  const target = { provider: dialect.provider, stage: 'llm' } as const;
  checkLlmRequest(dialect.provider, dialect.capabilities, request);
  const { body } = await openHttpStream({
    ...target,
    url: dialect.url,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...dialect.headers },
    body: JSON.stringify(toChatRequest(dialect, request)),
    // An answer that is generated twice costs tokens and changes nothing.
    isIdempotent: true,
    signal: request.signal,
    readRefusal: readChatRefusal,
  });
  const chat = createChatAnswer(target);
  let isDone = false;
  try {
    for await (const { data } of parseSse(body, target)) {
      // Past its end it is read on: only a body that was read out leaves its connection open for the next request.
      if (isDone) continue;
      if (data !== '[DONE]') yield* chat.read(data);
      else yield* chat.end();
      isDone = data === '[DONE]';
    }
  } catch (error) {
    if (!isDone) throw error;
  }
  // Without its marker it is whole all the same if it said why it finished.
  if (!isDone) yield* chat.end();
}
