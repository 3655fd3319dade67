// Provider health, shared by all calls of a process: one circuit breaker for each provider, endpoint and credential.
import { systemClock } from '../clock/system-clock.js';
import type { Clock } from '../spec/clock.js';
import type { ErrorClass, VoiceError } from '../spec/error.js';
import { createBreaker, defaultBreaker, type Breaker, type BreakerOptions } from './breaker.js';

/** A place at a provider for one piece of work: a stream, an utterance, a response. */
export interface Lease {
  /** The first request after an outage. Whoever holds it keeps the fallback warm: its failure must not be heard. */
  readonly isProbe: boolean;
  /** A unit of work is done: a settled utterance, a spoken one, a response. A stream tells each. Never a mere connect. */
  succeed(unit?: { readonly isSlow?: boolean }): void;
  /** It died, with what. Gives the place back. */
  fail(error: VoiceError): void;
  /** Gives the place back and says nothing about the provider. */
  release(): void;
}

/** No place now. */
export interface Refusal {
  readonly reason: 'open' | 'rate-limited' | 'at-capacity';
  /** 0 where that depends on others giving back theirs; `Infinity` where only a change of configuration helps. */
  readonly retryAfterMs: number;
}

export interface ProviderState {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Refused for its credential or its account: stays open until the configuration changes. */
  readonly isLocked: boolean;
  /** How long it has been closed or open. */
  readonly sinceMs: number;
  readonly retryAfterMs: number;
  /** Why it is open; nothing where it was too slow. */
  readonly cause?: { readonly code: string; readonly class: ErrorClass };
  readonly inFlight: number;
  /** Places at once, learnt from refusals. */
  readonly cap?: number;
  /** Units of work in the window. */
  readonly recent: { readonly done: number; readonly failed: number; readonly slow: number };
}

/** Who health is kept for. The key is never shown: it holds a hash of the credential. */
export interface HealthMember {
  readonly kind: 'stt' | 'tts' | 'llm' | 'telephony';
  readonly provider: string;
  readonly healthKey: string;
}

export interface ProviderHealth extends ProviderState {
  readonly stage: HealthMember['kind'];
  readonly provider: string;
}

export interface HealthOptions extends Partial<BreakerOptions> {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** 0 to 1, for jitter. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface Health {
  acquire(member: HealthMember): Lease | Refusal;
  /** For the least bad of a chain that has nobody else; undefined where it can't help. */
  force(member: HealthMember): Lease | undefined;
  /** Of everybody who was ever asked for a place. */
  list(): readonly ProviderHealth[];
  /** One provider's, closed if it was never asked. */
  of(member: HealthMember): ProviderHealth;
  /** Told at each opening and closing, once. What a listener throws is its own affair. Returns what takes it away. */
  watch(listener: (health: ProviderHealth) => void): () => void;
  /** The configuration changed: whoever was refused for its key or its account gets a new chance. */
  reset(): void;
}

export const isLease = (answer: Lease | Refusal): answer is Lease => 'release' in answer;

export function createHealth(options: HealthOptions = {}): Health {
  const { clock = systemClock, random = Math.random, ...rules } = options;
  const settings = { ...defaultBreaker, ...rules };
  const known = new Map<string, { readonly member: HealthMember; readonly breaker: Breaker }>();

  const listeners = new Set<Listener>();

  function breakerOf(member: HealthMember): Breaker {
    const key = `${member.kind} ${member.healthKey}`;
    const found = known.get(key);
    if (found !== undefined) return found.breaker;
    const breaker = createBreaker(clock, settings, random, (state) => {
      tell(listeners, { stage: member.kind, provider: member.provider, ...state });
    });
    known.set(key, { member, breaker });
    return breaker;
  }

  const describe = (member: HealthMember): ProviderHealth => ({
    stage: member.kind,
    provider: member.provider,
    ...breakerOf(member).state(),
  });

  return {
    acquire: (member) => breakerOf(member).acquire(),
    force: (member) => breakerOf(member).force(),
    list: () => [...known.values()].map(({ member }) => describe(member)),
    of: describe,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reset() {
      for (const { breaker } of known.values()) if (breaker.state().isLocked) breaker.reset();
    },
  };
}

type Listener = (health: ProviderHealth) => void;

/** A listener that throws harms nobody: least of all the call whose failure it was told of. */
function tell(listeners: ReadonlySet<Listener>, health: ProviderHealth): void {
  for (const listener of listeners) {
    try {
      listener(health);
    } catch {
      // Its own affair.
    }
  }
}
