// Commands to the carrier of a live call.
import { ProviderError } from '../errors/provider-error.js';
import type { Clock } from '../spec/clock.js';
import type { CallStatus } from '../spec/telephony.js';

const commandLimitMs = 5_000;

/** What a carrier says of a call that is over. */
export const lastStatuses: ReadonlySet<CallStatus> = new Set([
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
]);

/** A carrier that does not answer can't keep us. `signal`: nobody waits for it any more. */
export function commanded<Answer>(
  clock: Clock,
  command: (signal: AbortSignal) => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const stop = (): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      stop();
      controller.abort();
      reject(
        new ProviderError({
          class: 'timeout',
          provider: 'carrier',
          stage: 'telephony',
          message: `The carrier did not answer a command within ${commandLimitMs} ms, or before the call was over.`,
        }),
      );
    };
    const timer = clock.setTimeout(giveUp, commandLimitMs);
    signal?.addEventListener('abort', giveUp);
    // An adapter may also throw at once.
    const answer = (async () => command(controller.signal))();
    answer.finally(stop).then(resolve, reject);
  });
}
