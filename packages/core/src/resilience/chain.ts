// What all chains share: naming, checking and reporting their members.
import { alreadyRead } from '../errors/already-read.js';
import { ConfigError } from '../errors/config-error.js';
import { AllProvidersFailedError, ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { OnAttempt } from '../spec/attempt.js';
import type { Stage, VoiceError } from '../spec/error.js';

interface Member {
  readonly provider: string;
  readonly healthKey: string;
}

/** The first member; a chain without one is a ConfigError. */
export function primaryOf<Adapter extends Member>(members: readonly Adapter[], stage: Stage): Adapter {
  const [primary] = members;
  if (primary !== undefined) return primary;
  throw new ConfigError({
    code: 'config.empty_chain',
    path: stage,
    message: 'a chain needs at least one provider',
    found: 'none',
  });
}

export function chainHealthKey(members: readonly Member[]): string {
  return members.map(({ healthKey }) => healthKey).join(' > ');
}

/** The failures of one attempt at a chain, in order. */
export interface Attempts {
  used(provider: string): void;
  /** Throws when nobody is left: the one failure there was, or all of them. */
  failed(provider: string, error: unknown, isLast: boolean): void;
}

export function createAttempts(stage: Stage, onAttempt: OnAttempt | undefined): Attempts {
  const causes: VoiceError[] = [];
  return {
    used: (provider) => onAttempt?.({ type: 'used', provider }),
    failed(provider, error, isLast) {
      const cause = asVoiceError(error, provider, stage);
      causes.push(cause);
      onAttempt?.({ type: 'failed', provider, error: cause, isHandled: !isLast });
      if (isLast) throw causes.length === 1 ? cause : new AllProvidersFailedError({ stage, causes });
    },
  };
}

/** An adapter that throws something of its own is a failure of its provider like any other. */
export function asVoiceError(error: unknown, provider: string, stage: Stage): VoiceError {
  if (isVoiceError(error)) return error;
  return new ProviderError({
    class: 'protocol',
    code: 'provider.unexpected',
    provider,
    stage,
    message: `The ${stage} provider failed in a way its adapter does not know${error instanceof Error ? ` (${error.name})` : ''}.`,
  });
}

/** An iterable with one consumer: a second one is told so. */
export function readOnce<Event>(read: () => AsyncGenerator<Event>): () => AsyncGenerator<Event> {
  let isTaken = false;
  return () => {
    if (isTaken) throw alreadyRead();
    isTaken = true;
    return read();
  };
}
