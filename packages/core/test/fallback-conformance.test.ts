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
import { llmChain, sttChain, ttsChain } from '../src/resilience/provider-chains.js';
import type { LlmAdapter } from '../src/spec/llm.js';
import type { SttAdapter } from '../src/spec/stt.js';
import type { TtsAdapter } from '../src/spec/tts.js';

const test = { describe, it };
const dead = { faults: () => ({ type: 'refuse' }) as const };
const whenRead = 'a chain moves on to its next member when it is read';

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
  { name: 'a chain of one', chain: sttChain },
  { name: 'a chain behind a dead member', chain: (one: SttAdapter) => sttChain([deadStt(one), one]) },
]) {
  describeSttConformance({
    name,
    test,
    dialect: acmeSttDialect,
    createAdapter: ({ wsUrl, apiKey }) => chain(createAcmeStt({ baseUrl: wsUrl, apiKey })),
    skip:
      chain === sttChain
        ? {}
        : {
            'stops reading the provider while nobody reads its results, and loses none': whenRead,
            'gives up audio that nobody takes while connecting, with capacity':
              'what a chain keeps for its next member is bounded: the oldest is let go',
          },
  });
}

for (const { name, chain } of [
  { name: 'a chain of one', chain: ttsChain },
  { name: 'a chain behind a dead member', chain: (one: TtsAdapter) => ttsChain([deadTts(one), one]) },
]) {
  describeTtsConformance({
    name,
    test,
    dialect: acmeTtsDialect,
    createAdapter: ({ wsUrl, apiKey }) => chain(createAcmeTts({ baseUrl: wsUrl, apiKey })),
    skip:
      chain === ttsChain
        ? {}
        : { 'stops reading the provider while nobody reads its audio, and loses none': whenRead },
  });
}

for (const { name, chain } of [
  { name: 'a chain of one', chain: llmChain },
  { name: 'a chain behind a dead member', chain: (one: LlmAdapter) => llmChain([deadLlm(one), one]) },
]) {
  describeLlmConformance({
    name,
    test,
    dialect: acmeLlmDialect,
    createAdapter: ({ url, apiKey }) => chain(createAcmeLlm({ baseUrl: url, apiKey })),
    skip:
      chain === llmChain
        ? {}
        : {
            'gives state back to nobody but the provider that made it':
              'state is marked with the member that made it, not with the chain: see fallback-llm.test.ts',
          },
  });
}
