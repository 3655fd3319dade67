// With which voice an agent speaks: one name, or a name for each provider of a chain.
import type { ConfigProblem } from '../errors/config-error.js';
import { closestName } from '../kit/closest-name.js';
import { providersOf } from '../resilience/chain.js';
import type { TtsAdapter, TtsRequest, VoicesByProvider } from '../spec/tts.js';

/**
 * A name is one of the primary's voices; members of other providers speak with the voice of their own settings. A record names
 * the voice of each provider, by the provider's name: `{ acme: 'ann', other: 'bob' }`.
 */
export type VoiceChoice = string | VoicesByProvider;

/** The choice as a request says it, to a chain and to a single adapter alike. */
export function toVoiceRequest(
  choice: VoiceChoice | undefined,
  { provider }: TtsAdapter,
): Pick<TtsRequest, 'voice' | 'voices'> {
  return typeof choice === 'object' ? { voice: choice[provider], voices: choice } : { voice: choice };
}

/** A provider that is not there would never be asked: its name is mistyped, or it left the chain. */
export function voiceProblems(
  choice: VoiceChoice | undefined,
  tts: readonly TtsAdapter[],
  path: string,
): readonly ConfigProblem[] {
  if (typeof choice !== 'object') return [];
  const providers = providersOf(tts);
  return Object.keys(choice)
    .filter((name) => !providers.includes(name))
    .map((name) => {
      const meant = closestName(name, providers);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return {
        code: 'config.unknown_option',
        path: `${path}.${name}`,
        message: `no voice of this chain is from such a provider${hint}`,
        found: JSON.stringify(name),
        allowed: [...new Set(providers)].join(', '),
      };
    });
}
