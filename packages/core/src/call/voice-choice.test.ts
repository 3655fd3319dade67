// Whose voice a call asks for: one name or one for each provider, from the agent to the members of a chain.
import { createScriptedTts, createVirtualClock } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { playCall } from '../../test/play-call.js';
import { ConfigError } from '../errors/config-error.js';
import { ttsChain } from '../resilience/provider-chains.js';
import type { Agent } from './agent.js';
import { createVoiceCache } from './voice-cache.js';

const agent: Agent = { name: 'test', instructions: 'Answer.', greeting: 'Hello there.' };

/** A call that is greeted by the second voice, because the first refuses. */
async function greet(options: Partial<Agent>) {
  const first = createScriptedTts({ provider: 'acme', faults: () => ({ type: 'refuse' }) });
  const second = createScriptedTts({ provider: 'other' });
  const { caller } = await playCall({
    agent: { ...agent, ...options },
    providers: { tts: ttsChain([first, second]) },
    script: (hands) => hands.agentFinishes(),
  });
  expect(caller.heardText()).toBe('hello there');
  return [first, second].map(({ sessions, utterances }) => [
    sessions[0]?.voice,
    utterances[0]?.options.voice,
  ]);
}

describe("an agent's voice", () => {
  it('may be one for each provider of the chain', async () => {
    expect(await greet({ voice: { acme: 'ann', other: 'bob' } })).toEqual([
      ['ann', 'ann'],
      ['bob', 'bob'],
    ]);
  });

  it('is the own one of who is not named', async () => {
    const none = [undefined, undefined];
    expect(await greet({ voice: { acme: 'ann' } })).toEqual([['ann', 'ann'], none]);
    expect(await greet({ voice: 'ann' })).toEqual([['ann', 'ann'], none]);
  });

  it('is found by a single adapter too', async () => {
    const tts = createScriptedTts({ provider: 'acme' });
    await playCall({
      agent: { ...agent, voice: { acme: 'ann' } },
      providers: { tts },
      script: (hands) => hands.agentFinishes(),
    });
    expect(tts.sessions[0]?.voice).toBe('ann');
    expect(tts.utterances[0]?.options.voice).toBe('ann');
  });

  it('is a problem where nobody of the chain is called that, also with agents it hands over to', async () => {
    const sales: Agent = { ...agent, name: 'sales', voice: { nobody: 'cid' } };
    const error: unknown = await greet({
      voice: { acme: 'ann', othr: 'bob' },
      handoffs: [sales],
    }).catch((caught: unknown) => caught);
    expect(ConfigError.is(error) && error.problems).toEqual([
      {
        code: 'config.unknown_option',
        path: 'agent.voice.othr',
        message: 'no voice of this chain is from such a provider; did you mean other?',
        found: '"othr"',
        allowed: 'acme, other',
      },
      expect.objectContaining({
        path: 'agent.handoffs[0].voice.nobody',
        message: 'no voice of this chain is from such a provider',
      }),
    ]);
  });

  it('is what a rendered line is said with, and found by', async () => {
    const clock = createVirtualClock();
    const tts = createScriptedTts({ provider: 'acme' });
    const phrases = createVoiceCache();
    const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
    const manner = { format, voice: { acme: 'ann' } };
    await Promise.all([
      phrases.render(tts, manner, ['Sorry.'], { signal: new AbortController().signal, clock }),
      clock.run(),
    ]);
    expect(tts.sessions[0]?.voice).toBe('ann');
    expect(phrases.get(tts, manner, 'Sorry.')?.byteLength).toBeGreaterThan(0);
    expect(phrases.get(tts, { format, voice: { acme: 'bea' } }, 'Sorry.')).toBeUndefined();
  });
});
