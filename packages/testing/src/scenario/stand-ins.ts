// Who takes the place of a scenario's providers in virtual time: scripted ears and voices by the same names, and every run of
// a scenario with delays of its own.
import type { LlmAdapter, SttAdapter, TtsAdapter } from '@voicewire/core/adapter';
import { createScriptedLlm } from '../scripted/scripted-llm.js';
import { createScriptedStt } from '../scripted/scripted-stt.js';
import { createScriptedTts } from '../scripted/scripted-tts.js';
import type { Scenario } from './scenario.js';
import { answerByRules } from './scripted-model.js';

/** What one seed stands for: how fast this caller is, and how fast the providers are. Milliseconds. */
export interface Tempo {
  readonly msPerChar: number;
  readonly reactionMs: number;
  readonly earsMs: number;
  readonly mindMs: number;
  readonly voiceMs: number;
}

/** Voices make audio faster than it is played, and not at once. */
const voiceSpeed = 3;

export function tempoOf(random: () => number): Tempo {
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  return {
    // Letters last whole steps of 10 ms. Slower, and a detector of speech by loudness takes some long words for silence.
    msPerChar: between(4, 5) * 10,
    reactionMs: between(200, 800),
    earsMs: between(20, 200),
    mindMs: between(150, 500),
    voiceMs: between(60, 250),
  };
}

/** The same numbers for the same seed; mulberry32 (Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Chains as a configuration gives them. */
export interface ScenarioProviders {
  readonly stt: readonly SttAdapter[] | 'media';
  readonly llm?: readonly LlmAdapter[] | undefined;
  readonly tts?: readonly TtsAdapter[] | undefined;
}

export interface Chains {
  readonly stt: readonly SttAdapter[];
  readonly llm: readonly LlmAdapter[];
  readonly tts: readonly TtsAdapter[];
}

interface Named<Capabilities> {
  readonly provider: string;
  readonly capabilities?: Capabilities | undefined;
}

/** Named in the scenario, or like those of the configuration, with what they declare. */
function membersOf<Capabilities>(
  names: readonly string[] | undefined,
  chain: readonly Named<Capabilities>[] | 'media' | undefined,
): readonly Named<Capabilities>[] {
  if (names !== undefined) return names.map((provider) => ({ provider }));
  if (chain === undefined || chain === 'media' || chain.length === 0) return [{ provider: 'scripted' }];
  // The same provider twice is two endpoints, and each has health of its own.
  return chain.map(({ provider, capabilities }, index) => {
    const before = chain.slice(0, index).filter((other) => other.provider === provider).length;
    return { provider: before === 0 ? provider : `${provider} ${before + 1}`, capabilities };
  });
}

export function standInsFor(
  { providers: names = {}, model }: Scenario,
  configured: ScenarioProviders,
  tempo: Tempo,
  onUnscripted: (question: string) => void,
): Chains {
  const stt = membersOf(names.stt, configured.stt).map(({ provider, capabilities }) =>
    createScriptedStt({ provider, capabilities, delays: { eventMs: tempo.earsMs } }),
  );
  const tts = membersOf(names.tts, configured.tts).map(({ provider, capabilities }) =>
    createScriptedTts({ provider, capabilities, delays: { firstAudioMs: tempo.voiceMs, speed: voiceSpeed } }),
  );
  if (model === undefined) return { stt, tts, llm: configured.llm ?? [] };
  const responses = answerByRules(model, onUnscripted);
  const llm = membersOf(names.llm, configured.llm).map(({ provider }) =>
    createScriptedLlm({ provider, responses, delays: { firstMs: tempo.mindMs, partMs: 15 } }),
  );
  return { stt, tts, llm };
}
