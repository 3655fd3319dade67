// A chain of language models as one: the next member answers when one fails before its first words or tool call.
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import { chainHealthKey, createAttempts, primaryOf } from './chain.js';
import { isContent } from './llm-content.js';
import { forProvider } from './provider-state.js';
import { readOnce } from './read-stream.js';

/**
 * Capabilities are those that every member has. What comes before the first words or tool call is held back with them, so
 * that nothing of a member that failed is seen; after that a failure is the response's.
 */
export function fallbackLlm(members: readonly LlmAdapter[]): LlmAdapter {
  const primary = primaryOf(members, 'llm');
  const all = (key: keyof LlmAdapter['capabilities']): boolean =>
    members.every(({ capabilities }) => capabilities[key]);
  return {
    kind: 'llm',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: {
      tools: all('tools'),
      parallelTools: all('parallelTools'),
      responseSchema: all('responseSchema'),
      prefill: all('prefill'),
    },
    generate: (request) => ({ [Symbol.asyncIterator]: readOnce(() => answer(members, request)) }),
  };
}

async function* answer(members: readonly LlmAdapter[], request: LlmRequest): AsyncGenerator<LlmPart> {
  const attempts = createAttempts('llm', request.onAttempt);
  for (const [index, member] of members.entries()) {
    const held: LlmPart[] = [];
    let hasResult = false;
    try {
      const messages = forProvider(request.messages, member.healthKey);
      for await (const part of member.generate({ ...request, messages })) {
        if (!hasResult) {
          held.push(part);
          if (!isContent(part)) continue;
          hasResult = true;
          attempts.used(member.provider);
          yield* held;
        } else yield part;
      }
      if (hasResult) return;
      // A refusal, say: an end without content that is one.
      attempts.used(member.provider);
      yield* held;
      return;
    } catch (error) {
      if (request.signal.aborted) throw error;
      attempts.failed(member.provider, error, { hasResult, isLast: index === members.length - 1 });
    }
  }
}
