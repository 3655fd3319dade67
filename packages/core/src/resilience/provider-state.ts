// What one provider said for its own eyes only.
import type { LlmMessage, ProviderState } from '../spec/llm.js';

/** State a provider gave for its own eyes goes back to it alone. */
export function forProvider(messages: readonly LlmMessage[], healthKey: string): readonly LlmMessage[] {
  const mine = (state: ProviderState | undefined): ProviderState | undefined =>
    state?.healthKey === healthKey ? state : undefined;
  return messages.map((message) =>
    message.role !== 'assistant'
      ? message
      : {
          ...message,
          providerState: mine(message.providerState),
          toolCalls: message.toolCalls?.map((call) => ({ ...call, providerState: mine(call.providerState) })),
        },
  );
}
