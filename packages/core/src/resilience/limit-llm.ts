// Holds a language model to its budgets: first part, gaps, total. A stall becomes an error the fallback can act on.
import { ProviderError } from '../errors/provider-error.js';
import { systemClock } from '../clock/system-clock.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import { createAttempt, startAttempt } from './attempt.js';
import type { Budgets, Urgency } from './budgets.js';
import { createDeadline } from './deadline.js';
import { isContent } from './llm-content.js';
import { readOnce, readUntil } from './read-stream.js';

/** The same adapter; a response that is late, stalls or holds nothing at all fails instead. */
export function limitLlm(adapter: LlmAdapter, budgets: Budgets['llm']): LlmAdapter {
  return {
    ...adapter,
    generate: ({ isLastResort = false, ...request }: LlmRequest & Urgency) => {
      const patience = isLastResort ? budgets.patience : 1;
      const { firstPartMs, gapMs } = budgets;
      const limits = { ...budgets, firstPartMs: firstPartMs * patience, gapMs: gapMs * patience };
      return { [Symbol.asyncIterator]: readOnce(() => limited(adapter, request, limits)) };
    },
  };
}

async function* limited(
  adapter: LlmAdapter,
  request: LlmRequest,
  budgets: Budgets['llm'],
): AsyncGenerator<LlmPart> {
  const { provider } = adapter;
  const { clock = systemClock } = request;
  let hasPart = false;
  let hasContent = false;
  const next = createDeadline(clock, () => {
    attempt.end(
      hasPart
        ? givenUp(provider, 'stalled', `nothing more came for ${budgets.gapMs} ms`)
        : givenUp(provider, 'timeout', `no answer began within ${budgets.firstPartMs} ms`),
    );
  });
  const total = createDeadline(clock, () => {
    attempt.end(givenUp(provider, 'timeout', `the answer was not over after ${budgets.totalMs} ms`));
  });
  const attempt = createAttempt(request.signal, () => {
    next.cancel();
    total.cancel();
  });
  try {
    attempt.signal.throwIfAborted();
    const parts = startAttempt(attempt, (signal) => adapter.generate({ ...request, clock, signal }));
    total.arm(budgets.totalMs);
    next.arm(budgets.firstPartMs);
    for await (const part of readUntil(parts, attempt.signal)) {
      hasPart = true;
      hasContent ||= isContent(part);
      if (part.type === 'finish' && !hasContent && owesContent.has(part.reason)) throw empty(provider);
      // While the reader is at work nothing is owed.
      next.cancel();
      yield part;
      if (!attempt.signal.aborted) next.arm(budgets.gapMs);
    }
  } finally {
    attempt.end();
  }
}

/** A refusal or a filter may leave nothing behind; any other end without content answers nobody (fault L-04). */
const owesContent: ReadonlySet<string> = new Set(['stop', 'length', 'tool-calls']);

function givenUp(provider: string, late: 'timeout' | 'stalled', what: string): ProviderError {
  return new ProviderError({
    class: late,
    provider,
    stage: 'llm',
    message: `The language model was given up: ${what}.`,
  });
}

function empty(provider: string): ProviderError {
  return new ProviderError({
    class: 'protocol',
    code: 'provider.empty',
    provider,
    stage: 'llm',
    message: 'The language model finished without text and without a tool call.',
  });
}
