// A chain of language models as one: the next member answers when one fails before its first part.
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import { chainHealthKey, createAttempts, primaryOf } from './chain.js';
import { forProvider } from './provider-state.js';

/** Capabilities are those that every member has. After the first part a failure is the response's. */
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
    generate: (request) => generate(members, request),
  };
}

async function* generate(members: readonly LlmAdapter[], request: LlmRequest): AsyncGenerator<LlmPart> {
  const attempts = createAttempts('llm', request.onAttempt);
  for (const [index, member] of members.entries()) {
    let hasPart = false;
    try {
      const messages = forProvider(request.messages, member.healthKey);
      for await (const part of member.generate({ ...request, messages })) {
        if (!hasPart) attempts.used(member.provider);
        hasPart = true;
        yield part;
      }
      return;
    } catch (error) {
      if (request.signal.aborted) throw error;
      attempts.failed(member.provider, error, hasPart || index === members.length - 1);
    }
  }
}
