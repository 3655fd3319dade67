// The text-to-speech suite: every promise of spec/tts.ts, checked over a real socket against the provider's fake.
import type { TtsAdapter } from '@voicewire/core/adapter';
import type { TtsDialect } from '../fakes/dialects.js';
import type { TtsFake, TtsFakeOptions } from '../fakes/tts-fake.js';
import type { Target } from './bench.js';
import { describeSuite, type Check, type SuiteOptions } from './check.js';
import { failureChecks, identityChecks, stoppingChecks } from './shared-checks.js';
import { openTtsBench, type TtsBench, type TtsFacts } from './tts-bench.js';
import { ttsSessionChecks } from './tts-session.js';
import { ttsSpeechChecks } from './tts-speech.js';

export interface TtsConformanceOptions extends SuiteOptions {
  readonly dialect: TtsDialect;
  /** An adapter with default options, pointed at the fake. */
  createAdapter(target: Target): TtsAdapter;
  /** For fakes that do more than their dialect. */
  readonly startFake?: ((options: TtsFakeOptions) => Promise<TtsFake>) | undefined;
  /** How long anything may take before a check gives up. Default 5,000. */
  readonly deadlineMs?: number | undefined;
}

/** All checks, in the order an author meets them. */
export const ttsChecks: readonly Check<TtsBench, TtsFacts>[] = [
  ...ttsSpeechChecks,
  ...ttsSessionChecks,
  ...failureChecks,
  ...stoppingChecks,
  ...identityChecks,
];

/** Holds a text-to-speech adapter to its contract; see `describeSttConformance` for how to call it. */
export function describeTtsConformance(options: TtsConformanceOptions): void {
  const { dialect, createAdapter, startFake, deadlineMs = 5000 } = options;
  const { capabilities } = createAdapter({
    url: 'http://127.0.0.1:9',
    wsUrl: 'ws://127.0.0.1:9',
    apiKey: 'nobody',
  });
  describeSuite({
    ...options,
    kind: 'text-to-speech',
    checks: ttsChecks,
    facts: { capabilities, dialect },
    openBench: () => openTtsBench({ dialect, deadlineMs, createAdapter, startFake }),
  });
}
