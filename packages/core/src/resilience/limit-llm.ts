// Holds a language model to its budgets: first part, gaps, total. A stall becomes an error the fallback can act on.
import { ProviderError } from '../errors/provider-error.js';
import { systemClock } from '../clock/system-clock.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import type { Budgets } from './budgets.js';
import { createAttemptSignal, createDeadline } from './deadline.js';

/** The same adapter; a response that is late, stalls or holds nothing at all fails instead. */
export function limitLlm(adapter: LlmAdapter, budgets: Budgets['llm']): LlmAdapter {
  return { ...adapter, generate: (request) => limited(adapter, request, budgets) };
}

async function* limited(
  adapter: LlmAdapter,
  request: LlmRequest,
  budgets: Budgets['llm'],
): AsyncGenerator<LlmPart> {
  const clock = request.clock ?? systemClock;
  const attempt = createAttemptSignal(request.signal);
  const fail = (what: string, late: 'timeout' | 'stalled'): void => {
    attempt.abort(tooLate(adapter.provider, what, late));
  };
  let hasPart = false;
  const gap = createDeadline(clock, () => {
    if (hasPart) fail(`nothing more came for ${budgets.gapMs} ms`, 'stalled');
    else fail(`no answer began within ${budgets.firstPartMs} ms`, 'timeout');
  });
  const total = createDeadline(clock, () => {
    fail(`the answer was not over after ${budgets.totalMs} ms`, 'timeout');
  });
  gap.arm(budgets.firstPartMs);
  total.arm(budgets.totalMs);
  let hasContent = false;
  try {
    for await (const part of adapter.generate({ ...request, clock, signal: attempt.signal })) {
      hasPart = true;
      gap.arm(budgets.gapMs);
      hasContent ||= part.type === 'tool-call' || (part.type === 'text' && part.text !== '');
      if (part.type === 'finish' && part.reason === 'stop' && !hasContent) throw empty(adapter.provider);
      yield part;
      gap.arm(budgets.gapMs);
    }
  } finally {
    gap.cancel();
    total.cancel();
    attempt.release();
    attempt.abort();
  }
}

function tooLate(provider: string, what: string, errorClass: 'timeout' | 'stalled'): ProviderError {
  return new ProviderError({
    class: errorClass,
    provider,
    stage: 'llm',
    message: `The language model was given up: ${what}.`,
  });
}

/** A 200 without content answers nobody (fault L-04). */
function empty(provider: string): ProviderError {
  return new ProviderError({
    class: 'protocol',
    code: 'provider.empty',
    provider,
    stage: 'llm',
    message: 'The language model finished without text and without a tool call.',
  });
}
