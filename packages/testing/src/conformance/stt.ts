// The speech-to-text suite: every promise of spec/stt.ts, checked over a real socket against the provider's fake.
import type { SttAdapter } from '@voicewire/core/adapter';
import type { SttDialect } from '../fakes/dialects.js';
import type { SttFake, SttFakeOptions } from '../fakes/stt-fake.js';
import type { Target } from './bench.js';
import { describeSuite, type Check, type SuiteOptions } from './check.js';
import { failureChecks, identityChecks, stoppingChecks } from './shared-checks.js';
import { openSttBench, type SttBench, type SttFacts } from './stt-bench.js';
import { sttResultChecks } from './stt-results.js';
import { sttStreamChecks } from './stt-stream.js';

export interface SttConformanceOptions extends SuiteOptions {
  readonly dialect: SttDialect;
  /** An adapter with default options, pointed at the fake. */
  createAdapter(target: Target): SttAdapter;
  /** For fakes that do more than their dialect. */
  readonly startFake?: ((options: SttFakeOptions) => Promise<SttFake>) | undefined;
  /** How long anything may take before a check gives up. Default 5,000. */
  readonly deadlineMs?: number | undefined;
}

/** All checks, in the order an author meets them. */
export const sttChecks: readonly Check<SttBench, SttFacts>[] = [
  ...sttStreamChecks,
  ...sttResultChecks,
  ...failureChecks,
  ...stoppingChecks,
  ...identityChecks,
];

/**
 * Holds a speech-to-text adapter to its contract.
 *
 * ```ts
 * import { describe, it } from 'vitest';
 * describeSttConformance({
 *   name: 'acme',
 *   test: { describe, it },
 *   dialect: acmeSttDialect,
 *   createAdapter: ({ wsUrl, apiKey }) => createAcmeStt({ baseUrl: wsUrl, apiKey }),
 * });
 * ```
 *
 * What the adapter declares decides which checks apply; the others are skipped with the reason in their title.
 */
export function describeSttConformance(options: SttConformanceOptions): void {
  const { dialect, createAdapter, startFake, deadlineMs = 5000 } = options;
  // Nothing listens there: only what is declared is asked for.
  const { capabilities } = createAdapter({
    url: 'http://127.0.0.1:9',
    wsUrl: 'ws://127.0.0.1:9',
    apiKey: 'nobody',
  });
  describeSuite({
    ...options,
    kind: 'speech-to-text',
    checks: sttChecks,
    facts: { capabilities, dialect },
    openBench: () => openSttBench({ dialect, deadlineMs, createAdapter, startFake }),
  });
}
