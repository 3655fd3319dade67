// How scripted adapters fail on request, and the failures they fail with.
import { ProviderError, type ErrorClass, type Stage } from '@voicewire/core/adapter';

/**
 * How one stream, utterance or response goes wrong. `afterEvents` counts results (`ready` is none), default 0; `afterMs`
 * counts from its beginning and wins over `afterEvents`. `class` is `unavailable` unless said otherwise.
 *
 * - `refuse`: fails before anything else
 * - `hang`: nothing ever comes, not even `ready`
 * - `fail`: fails in the middle
 * - `stall`: says nothing more, and does not end
 * - `slow`: every event comes `delayMs` later than the one before
 */
export type ScriptedFault =
  | {
      readonly type: 'refuse';
      readonly class?: ErrorClass | undefined;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly type: 'hang' }
  | {
      readonly type: 'fail';
      readonly class?: ErrorClass | undefined;
      readonly afterEvents?: number | undefined;
      readonly afterMs?: number | undefined;
    }
  | {
      readonly type: 'stall';
      readonly afterEvents?: number | undefined;
      readonly afterMs?: number | undefined;
    }
  | { readonly type: 'slow'; readonly delayMs: number };

/** Faults by their place: the first stream, utterance or response suffers the first. Gaps are `undefined`. */
export type ScriptedFaults =
  readonly (ScriptedFault | undefined)[] | ((index: number) => ScriptedFault | undefined);

export function faultAt(faults: ScriptedFaults | undefined, index: number): ScriptedFault | undefined {
  return typeof faults === 'function' ? faults(index) : faults?.[index];
}

export interface ScriptedSource {
  readonly provider: string;
  readonly stage: Stage;
}

export function scriptedError(
  source: ScriptedSource,
  fault: { readonly class?: ErrorClass | undefined; readonly retryAfterMs?: number | undefined },
): ProviderError {
  return new ProviderError({
    ...source,
    class: fault.class ?? 'unavailable',
    retryAfterMs: fault.retryAfterMs,
    message: `${source.provider} failed because its script said so.`,
  });
}
