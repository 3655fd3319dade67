// The language-model suite: every promise of spec/llm.ts, checked over a real connection against the provider's fake.
import type { LlmAdapter } from '@voicewire/core/adapter';
import type { LlmDialect } from '../fakes/dialects.js';
import type { LlmFake, LlmFakeOptions } from '../fakes/llm-fake.js';
import type { Target } from './bench.js';
import { describeSuite, type Check, type SuiteOptions } from './check.js';
import { llmAnswerChecks } from './llm-answers.js';
import { openLlmBench, type LlmBench, type LlmFacts } from './llm-bench.js';
import { failureChecks, identityChecks, stoppingChecks } from './shared-checks.js';

export interface LlmConformanceOptions extends SuiteOptions {
  readonly dialect: LlmDialect;
  /** An adapter with default options, pointed at the fake. */
  createAdapter(target: Target): LlmAdapter;
  /** For fakes that do more than their dialect. */
  readonly startFake?: ((options: LlmFakeOptions) => Promise<LlmFake>) | undefined;
  /** How long anything may take before a check gives up. Default 5,000. */
  readonly deadlineMs?: number | undefined;
}

/** All checks, in the order an author meets them. */
export const llmChecks: readonly Check<LlmBench, LlmFacts>[] = [
  ...llmAnswerChecks,
  ...failureChecks,
  ...stoppingChecks,
  ...identityChecks,
];

/** Holds a language-model adapter to its contract; see `describeSttConformance` for how to call it. */
export function describeLlmConformance(options: LlmConformanceOptions): void {
  const { dialect, createAdapter, startFake, deadlineMs = 5000 } = options;
  const { capabilities } = createAdapter({
    url: 'http://127.0.0.1:9',
    wsUrl: 'ws://127.0.0.1:9',
    apiKey: 'nobody',
  });
  describeSuite({
    ...options,
    kind: 'language-model',
    checks: llmChecks,
    facts: { capabilities, dialect },
    openBench: () => openLlmBench({ dialect, deadlineMs, createAdapter, startFake }),
  });
}
