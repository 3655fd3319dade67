// A chain keeps the contract of one provider: the suites run on what calls use, with one member and behind a dead one.
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  describeLlmConformance,
  describeSttConformance,
  describeTtsConformance,
} from '@voicewire/testing';
import { describe, it } from 'vitest';
import { acmeLlmDialect } from '../../testing/test/reference/llm/fake.js';
import { createAcmeLlm } from '../../testing/test/reference/llm/index.js';
import { acmeSttDialect } from '../../testing/test/reference/stt/fake.js';
import { createAcmeStt } from '../../testing/test/reference/stt/index.js';
import { acmeTtsDialect } from '../../testing/test/reference/tts/fake.js';
import { createAcmeTts } from '../../testing/test/reference/tts/index.js';
import type { ChainOptions } from '../src/resilience/chain-options.js';
import { createHealth, type Lease } from '../src/resilience/health.js';
import { llmChain, sttChain, ttsChain } from '../src/resilience/provider-chains.js';
import type { LlmAdapter } from '../src/spec/llm.js';
import type { SttAdapter } from '../src/spec/stt.js';
import type { TtsAdapter } from '../src/spec/tts.js';

const firstWord =
  'the first sound waits until its word is whole, so that another voice could go on: see fallback-tts.test.ts';
const behindDeadVoice = {
  'stops reading the provider while nobody reads its audio, and loses none':
    'a chain moves on to its next member when it is read',
  'speaks in the voice it is asked for, and an utterance may ask for another':
    'a voice’s name means nothing to another provider: see fallback-tts.test.ts',
  'ends with the reason of its signal, and its socket is gone within 500 ms: in the middle': firstWord,
  'leaves no timer and no listener behind, however it ends': firstWord,
};
const test = { describe, it };
const dead = { faults: () => ({ type: 'refuse' }) as const };
const granted: Lease = {
  isProbe: false,
  succeed: () => undefined,
  fail: () => undefined,
  release: () => undefined,
};
/** The suites count requests and ask again after failures: nobody is tried twice for one, nor left alone for many. */
const once: ChainOptions = {
  lastTryAfterMs: false,
  health: { ...createHealth(), acquire: () => granted, force: () => undefined },
};

/** Declares what the living member does, and always fails. */
function deadStt({ capabilities }: SttAdapter): SttAdapter {
  return createScriptedStt({ provider: 'dead', capabilities, ...dead });
}

function deadTts({ capabilities }: TtsAdapter): TtsAdapter {
  return createScriptedTts({
    provider: 'dead',
    capabilities,
    sessionFaults: () => ({ type: 'refuse' }),
  });
}

function deadLlm({ capabilities }: LlmAdapter): LlmAdapter {
  return createScriptedLlm({ provider: 'dead', capabilities, responses: () => 'never said', ...dead });
}

for (const { name, chain } of [
  { name: 'a chain of one', chain: (one: SttAdapter) => sttChain(one, once) },
  { name: 'a chain behind a dead member', chain: (one: SttAdapter) => sttChain([deadStt(one), one], once) },
]) {
  describeSttConformance({
    name,
    test,
    dialect: acmeSttDialect,
    createAdapter: ({ wsUrl, apiKey }) => chain(createAcmeStt({ baseUrl: wsUrl, apiKey })),
    skip:
      name === 'a chain of one'
        ? {}
        : {
            'stops reading the provider while nobody reads its results, and loses none':
              'what a chain has missed it is given at the rate it takes: longer than the suite waits',
            'gives up audio that nobody takes while connecting, with capacity':
              'what a chain keeps for its next member is bounded: the oldest is let go',
          },
  });
}

for (const { name, chain } of [
  { name: 'a chain of one', chain: (one: TtsAdapter) => ttsChain(one, once) },
  { name: 'a chain behind a dead member', chain: (one: TtsAdapter) => ttsChain([deadTts(one), one], once) },
]) {
  describeTtsConformance({
    name,
    test,
    dialect: acmeTtsDialect,
    createAdapter: ({ wsUrl, apiKey }) => chain(createAcmeTts({ baseUrl: wsUrl, apiKey })),
    skip: {
      'fails when the proof of completeness is missing':
        'each word was delivered with its time: nothing is left that anybody could say',
      ...(name === 'a chain of one' ? {} : behindDeadVoice),
    },
  });
}

for (const { name, chain } of [
  { name: 'a chain of one', chain: (one: LlmAdapter) => llmChain(one, once) },
  { name: 'a chain behind a dead member', chain: (one: LlmAdapter) => llmChain([deadLlm(one), one], once) },
]) {
  describeLlmConformance({
    name,
    test,
    dialect: acmeLlmDialect,
    createAdapter: ({ url, apiKey }) => chain(createAcmeLlm({ baseUrl: url, apiKey })),
    skip:
      name === 'a chain of one'
        ? {}
        : {
            'gives state back to nobody but the provider that made it':
              'state is marked with the member that made it, not with the chain: see fallback-llm.test.ts',
          },
  });
}
