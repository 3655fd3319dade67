// Fixed phrases are rendered while there is a voice: at the start for the agents that are known, else at their first call.
import { everyone, fixedPhrases, type Agent } from '../call/agent.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { chainsFor, type CallChains } from './chains.js';
import { warn, type Mount } from './mount.js';

/** Never rejects: without them there is a voice, or the carrier's own. */
export async function renderPhrases(
  mount: Mount,
  first: Agent,
  { tts, ladder }: Pick<CallChains, 'tts' | 'ladder'>,
  format: AudioFormat,
  signal: AbortSignal,
): Promise<void> {
  const { phrases, clock } = mount;
  if (tts === undefined) return;
  for (const agent of everyone(first).keys()) {
    const { voice, language } = agent;
    const texts = fixedPhrases(agent, ladder);
    try {
      await phrases.render(tts, { format, voice, language }, texts, { signal, clock });
    } catch (error) {
      if (signal.aborted) return;
      warn(
        mount,
        isVoiceError(error) ? error.code : 'call.unexpected',
        'Some of what the agent always says could not be rendered: it needs a voice when it is said, until it is.',
      );
      return;
    }
  }
}

/** In the format each connection prefers; what else one may ask for is rendered when it does. */
export async function renderAtStart(mount: Mount, signal: AbortSignal): Promise<void> {
  const { options, health, adapters } = mount;
  const { agent, policy } = options;
  if (typeof agent !== 'object') return;
  const chains = chainsFor({ settings: options, health, policy }, undefined);
  for (const { capabilities } of adapters.values()) {
    for (const format of capabilities.outbound.slice(0, 1))
      await renderPhrases(mount, agent, chains, format, signal);
  }
}
