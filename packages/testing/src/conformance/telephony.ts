// The telephony suite: every promise of spec/telephony.ts, checked against a simulated carrier in virtual time.
import type { TelephonyAdapter } from '@voicewire/core/adapter';
import type { CarrierDialect } from '../fakes/dialects.js';
import { describeSuite, type Check, type SuiteOptions } from './check.js';
import {
  openTelephonyBench,
  type SignedWebhook,
  type TelephonyBench,
  type TelephonyFacts,
} from './telephony-bench.js';
import { telephonyBoundChecks } from './telephony-bounds.js';
import { telephonyMediaChecks } from './telephony-media.js';

export interface TelephonyConformanceOptions extends SuiteOptions {
  /** Signs with the credential of `createAdapter`. */
  readonly dialect: CarrierDialect;
  createAdapter(): TelephonyAdapter;
  /** With another credential. */
  readonly createOther?: (() => TelephonyAdapter) | undefined;
  readonly webhook?: SignedWebhook | undefined;
  /** Where media sockets are asked for, as the carrier was told. Default `wss://calls.example.com/media`. */
  readonly publicUrl?: string | undefined;
  /** How long the end of a stream may take before a check gives up. Default 5,000. */
  readonly deadlineMs?: number | undefined;
}

/** All checks, in the order an author meets them. */
export const telephonyChecks: readonly Check<TelephonyBench, TelephonyFacts>[] = [
  ...telephonyMediaChecks,
  ...telephonyBoundChecks,
];

/**
 * Holds a telephony adapter to its contract: its media protocol face to face with the carrier its dialect describes, its
 * webhooks and upgrades with forgeries. Nothing listens and no time passes.
 */
export function describeTelephonyConformance(options: TelephonyConformanceOptions): void {
  const {
    dialect,
    createAdapter,
    createOther,
    webhook,
    deadlineMs = 5000,
    publicUrl = 'wss://calls.example.com/media',
  } = options;
  const adapter = createAdapter();
  describeSuite({
    ...options,
    kind: 'telephony',
    checks: telephonyChecks,
    facts: { adapter, dialect, webhook, hasOther: createOther !== undefined },
    openBench: async () =>
      openTelephonyBench({ dialect, deadlineMs, publicUrl, webhook, createAdapter, createOther }),
  });
}
