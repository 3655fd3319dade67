// How long to wait before a caller's silence is the end of their turn: learnt from their own pauses.
import { isUnfinished } from './spoken-words.js';
import type { TurnPolicy } from './turn-policy.js';

/** Running means of the pauses after which this caller went on, and of how far they lie from that: together, the wait. */
export interface Pauses {
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** The weight of the newest pause. */
const gain = 1 / 4;
/** Who pauses like a clock does not do so to the millisecond. */
const leastMarginMs = 100;
/** Before anything is known the wait is `endpointMs`, of which this share is taken for the mean. */
const meanShare = 0.6;

/** One more pause after which the caller went on. One much longer than could be waited for was none. */
export function learnPause(
  known: Pauses | undefined,
  pauseMs: number,
  policy: TurnPolicy,
): Pauses | undefined {
  const longestMs = bounds(policy).maxMs;
  if (pauseMs > 2 * longestMs) return known;
  const { meanMs, deviationMs } = known ?? {
    meanMs: policy.endpointMs * meanShare,
    deviationMs: policy.endpointMs * (1 - meanShare),
  };
  const offMs = Math.min(pauseMs, longestMs) - meanMs;
  return {
    meanMs: meanMs + gain * offMs,
    deviationMs: deviationMs + gain * (Math.abs(offMs) - deviationMs),
  };
}

/** Silence that ends a turn in which this was said. */
export function endpointDelayMs(pauses: Pauses | undefined, text: string, policy: TurnPolicy): number {
  if (!policy.endpointDynamic) return policy.endpointMs;
  const { minMs, maxMs } = bounds(policy);
  const waitMs =
    pauses === undefined ? policy.endpointMs : pauses.meanMs + Math.max(pauses.deviationMs, leastMarginMs);
  const openMs = isUnfinished(text, policy.unfinishedWords) ? policy.unfinishedMs : 0;
  return Math.min(Math.max(waitMs, minMs) + openMs, maxMs);
}

/** What was configured as the start is never out of bounds. */
function bounds({ endpointMs, endpointMinMs, endpointMaxMs }: TurnPolicy) {
  return { minMs: Math.min(endpointMinMs, endpointMs), maxMs: Math.max(endpointMaxMs, endpointMs) };
}
