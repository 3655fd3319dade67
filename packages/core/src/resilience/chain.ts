// What all chains share: naming, checking and reporting their members, and the format each is given.
import { canConvert } from '../audio/convert.js';
import { isSameFormat } from '../audio/format.js';
import { ConfigError } from '../errors/config-error.js';
import { AllProvidersFailedError, ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { OnAttempt } from '../spec/attempt.js';
import type { AudioFormat } from '../spec/audio.js';
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

/** The lowest of limits that not everybody has. */
export function lowest(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * The member's format that loses least against `wanted`: the same, else the same rate, else the lowest above it, else the
 * highest there is. `wanted` itself where none can be converted: the member says what is wrong.
 */
export function closestFormat(formats: readonly AudioFormat[], wanted: AudioFormat): AudioFormat {
  const exact = formats.find((format) => isSameFormat(format, wanted));
  if (exact !== undefined) return exact;
  const loss = ({ sampleRate, encoding, channels }: AudioFormat): number => {
    const distance = sampleRate - wanted.sampleRate;
    const isLossy = encoding !== 'pcm_s16le';
    return (
      (distance >= 0 ? distance : 1_000_000 - distance) +
      (isLossy ? 0.5 : 0) +
      (channels === wanted.channels ? 0 : 0.25)
    );
  };
  const [best] = formats
    .filter((format) => canConvert(format, wanted))
    .sort((one, other) => loss(one) - loss(other));
  return best ?? wanted;
}

/** Who is in a chain, also of chains within it, in order. */
export function providersOf(
  members: readonly { readonly provider: string; readonly members?: readonly string[] | undefined }[],
): readonly string[] {
  return members.flatMap((member) => member.members ?? [member.provider]);
}

/** The failures of one piece of work on its way through a chain, in order. */
export interface Attempts {
  used(provider: string): void;
  /** `isHandled`: somebody goes on, and the call need not care. */
  failed(provider: string, error: VoiceError, isHandled: boolean): void;
  /** The one there was, or all of them; undefined where nobody was even asked. */
  failure(): VoiceError | undefined;
}

export function createAttempts(stage: Stage, onAttempt: OnAttempt | undefined): Attempts {
  const causes: VoiceError[] = [];
  return {
    used: (provider) => onAttempt?.({ type: 'used', provider }),
    failed(provider, error, isHandled) {
      causes.push(error);
      onAttempt?.({ type: 'failed', provider, error, isHandled });
    },
    failure: () => (causes.length === 0 ? undefined : failureOf(stage, causes)),
  };
}

/** One failure as it is, several as one. */
export function failureOf(stage: Stage, causes: readonly VoiceError[]): VoiceError {
  const [first, second] = causes;
  return first !== undefined && second === undefined ? first : new AllProvidersFailedError({ stage, causes });
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
