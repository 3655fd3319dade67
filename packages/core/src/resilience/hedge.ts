// Hedged requests: when a provider is so late that another one is asked besides, and how often that may happen.
import type { Health } from './health.js';

/**
 * When a second provider is asked the same, and how often that may be. The idea, a second request that waits until the first
 * is later than nearly all, is from J. Dean, L. A. Barroso: "The Tail at Scale", Communications of the ACM 56(2), 2013,
 * https://doi.org/10.1145/2408776.2408794.
 */
export interface HedgeOptions {
  /**
   * How many of the requests to one provider may be asked twice, 0 to 1: an outage, or a slow day, costs no more than that.
   * Three that were not needed are saved up. Default 0.1; 0: none.
   */
  readonly share?: number | undefined;
  /** Milliseconds without content before somebody else is asked too. Default: learnt from the provider's last 64 answers. */
  readonly afterMs?: number | undefined;
}

/** Where hedging is: nowhere by default. `true`: with the defaults. */
export interface HedgeSettings {
  /** Until the first words or tool call; from then on an answer is one model's. */
  readonly llm?: boolean | HedgeOptions | undefined;
}

/** One provider's, as first asked. */
export interface Pace {
  /** A request is made: how long its content is waited for before somebody else is asked too. */
  ask(): number;
  /** Its content took so long, or would have taken longer. */
  took(ms: number): void;
  /** Whether one more may be asked twice. */
  mayHedge(): boolean;
  hedged(): void;
}

/** Usual: later than nine of ten, half as long again. A higher rank of so few would be moved by three slow answers. */
const usual = { samples: 64, rank: 0.9, factor: 1.5 };
/** As long as there are fewer than `samples`: half of what a model may take. */
const unknown = { samples: 16, afterMs: 700 };
/** Nothing is asked twice sooner, however fast the first is. Later than its budget can't be: then it has failed. */
const soonestMs = 250;
/** Unused hedges that are saved up, so that the first slow answer need not wait for requests to come. */
const savedHedges = 3;

interface Known {
  readonly tookMs: number[];
  /** Hedges that may be made: each request earns its share of one. */
  credit: number;
}

/**
 * Kept with the health that chains share, and for as long: chains are made anew for each call, and one call asks too seldom
 * to know what is usual. The budget has to be common too, for load is what all calls make together.
 */
const knownBy = new WeakMap<Health, Map<string, Known>>();

/** Paces by `healthKey`; undefined where nothing is to be hedged. */
export function createPaces(
  health: Health,
  option: boolean | HedgeOptions = false,
): ((healthKey: string) => Pace) | undefined {
  if (option === false) return undefined;
  const { share = 0.1, afterMs } = option === true ? {} : option;
  if (share <= 0) return undefined;
  const known = knownBy.get(health) ?? new Map<string, Known>();
  knownBy.set(health, known);
  return (healthKey) => {
    const provider = known.get(healthKey) ?? { tookMs: [], credit: savedHedges };
    known.set(healthKey, provider);
    return paceOf(provider, share, afterMs);
  };
}

function paceOf(known: Known, share: number, afterMs: number | undefined): Pace {
  return {
    ask() {
      known.credit = Math.min(known.credit + share, savedHedges);
      return afterMs ?? usualMs(known.tookMs);
    },
    took(ms) {
      known.tookMs.push(ms);
      if (known.tookMs.length > usual.samples) known.tookMs.shift();
    },
    mayHedge: () => known.credit >= 1,
    hedged() {
      known.credit -= 1;
    },
  };
}

function usualMs(tookMs: readonly number[]): number {
  if (tookMs.length < unknown.samples) return unknown.afterMs;
  const sorted = tookMs.toSorted((one, other) => one - other);
  return Math.max(soonestMs, (sorted[Math.ceil(sorted.length * usual.rank) - 1] ?? 0) * usual.factor);
}
