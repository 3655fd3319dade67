// The bench of the telephony suite: a simulated carrier and the adapter's media protocol, face to face in virtual time.
import type {
  MediaProtocol,
  TelephonyAdapter,
  TelephonyCapabilities,
  TelephonyEvent,
  WebhookContext,
} from '@voicewire/core/adapter';
import type { CarrierDialect } from '../fakes/dialects.js';
import { TestingError } from '../testing-error.js';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.js';
import { bringCall, type BringOptions, type BroughtCall } from './telephony-call.js';

/** A webhook as the carrier would really send it. */
export interface SignedWebhook {
  request(): Request | Promise<Request>;
  readonly context: WebhookContext;
  /** What it tells. */
  readonly expects: TelephonyEvent['type'];
}

export interface TelephonyFacts {
  readonly adapter: TelephonyAdapter;
  readonly dialect: CarrierDialect;
  readonly webhook: SignedWebhook | undefined;
  readonly hasOther: boolean;
}

export interface TelephonyBench {
  readonly adapter: TelephonyAdapter;
  readonly capabilities: TelephonyCapabilities;
  readonly dialect: CarrierDialect;
  readonly webhook: SignedWebhook | undefined;
  readonly publicUrl: string;
  readonly clock: VirtualClock;
  readonly media: MediaProtocol;
  createOther(): TelephonyAdapter | undefined;
  bring(options?: BringOptions): BroughtCall;
  close(): Promise<void>;
}

export interface TelephonyBenchOptions {
  readonly dialect: CarrierDialect;
  readonly deadlineMs: number;
  readonly publicUrl: string;
  readonly webhook: SignedWebhook | undefined;
  createAdapter(): TelephonyAdapter;
  readonly createOther: (() => TelephonyAdapter) | undefined;
}

/** Each check has its own clock, adapter and calls. */
export function openTelephonyBench(options: TelephonyBenchOptions): TelephonyBench {
  const { dialect, deadlineMs, publicUrl, webhook, createAdapter, createOther } = options;
  const adapter = createAdapter();
  const clock = createVirtualClock();
  const controllers: AbortController[] = [];

  function mediaOf(): MediaProtocol {
    if (adapter.media !== undefined) return adapter.media;
    throw new TestingError('testing.fake_misuse', 'This adapter has no media protocol.');
  }

  return {
    adapter,
    capabilities: adapter.capabilities,
    dialect,
    webhook,
    publicUrl,
    clock,
    get media() {
      return mediaOf();
    },
    createOther: () => createOther?.(),
    bring(bring = {}) {
      const controller = new AbortController();
      controllers.push(controller);
      return bringCall({ ...bring, dialect, media: mediaOf(), clock, controller, deadlineMs });
    },
    async close() {
      for (const controller of controllers) controller.abort(new Error('The check is over.'));
      await clock.advance(0);
    },
  };
}
