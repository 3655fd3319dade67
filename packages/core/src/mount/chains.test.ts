// Which providers a call gets: overrides in order, what policy forbids, and nobody where nobody is left.
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createVirtualClock,
} from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { createHealth } from '../resilience/health.js';
import { labelled } from '../resilience/labels.js';
import { chainsFor, type CallSettings, type ChainCall, type ProviderPolicy } from './chains.js';

const stt = (provider: string) => createScriptedStt({ provider });
const tts = (provider: string) => createScriptedTts({ provider });
const llm = (provider: string) => createScriptedLlm({ provider, responses: () => 'Hello.' });

const call: ChainCall = {
  callId: 'CA1',
  provider: 'carrier',
  direction: 'inbound',
  from: '+14155550100',
  to: '+4930111',
  context: {},
  tenant: 'acme',
  language: 'de-AT',
};

function choose(settings: Partial<CallSettings>, of: ChainCall | 'no call' = call, policy?: ProviderPolicy) {
  const health = createHealth();
  const whole = { stt: stt('ears'), llm: llm('mind'), tts: tts('voice'), ...settings };
  return chainsFor({ settings: whole, health, policy }, of === 'no call' ? undefined : of);
}

function names(chains: ReturnType<typeof choose>) {
  const { stt: ears } = chains;
  return [ears === 'media' ? ears : ears.members, chains.llm?.members, chains.tts?.members];
}

describe('overrides', () => {
  it.each([
    [{ tenant: 'acme' }, true],
    [{ tenant: 'other' }, false],
    [{ language: 'de' }, true],
    [{ language: 'de-AT' }, true],
    [{ language: 'd' }, false],
    [{ language: 'de-DE' }, false],
    [{ number: '+4930111' }, true],
    [{ number: '+4930*' }, true],
    [{ number: '+4930' }, false],
    [{ number: '+1415*' }, false],
    [{ tenant: 'acme', language: 'fr' }, false],
    [{ tenant: 'acme', language: 'de', number: '+49*' }, true],
  ])('that match %j: %s', (match, isMatch) => {
    const chains = choose({ overrides: [{ match, tts: tts('special') }] });
    expect(names(chains)).toEqual([['ears'], ['mind'], [isMatch ? 'special' : 'voice']]);
  });

  it('go by our number also when we call', () => {
    const overrides = [{ match: { number: '+4930111' }, tts: tts('special') }];
    const outbound = { ...call, direction: 'outbound', from: '+4930111', to: '+14155550100' } as const;
    expect(names(choose({ overrides }, outbound))[2]).toEqual(['special']);
  });

  it('are asked in order, for each field by itself', () => {
    const chains = choose({
      ladder: { retries: 3 },
      overrides: [
        { match: { tenant: 'acme' }, tts: [tts('first'), tts('second')] },
        { match: { language: 'de' }, tts: tts('late'), stt: 'media', ladder: { retries: 0 } },
      ],
    });
    expect(names(chains)).toEqual(['media', ['mind'], ['first', 'second']]);
    expect(chains.ladder).toEqual({ retries: 0 });
  });

  it.each([
    ['for nobody', {}, 0],
    ['for all', { hedge: { llm: true } }, 1],
    ['for some', { overrides: [{ match: { tenant: 'acme' }, hedge: { llm: { afterMs: 300 } } }] }, 1],
    ['for others', { overrides: [{ match: { tenant: 'other' }, hedge: { llm: true } }] }, 0],
    ['for all but some', { hedge: { llm: true }, overrides: [{ match: { tenant: 'acme' }, hedge: {} }] }, 0],
  ] satisfies readonly [string, Partial<CallSettings>, number][])('hedge %s', async (_, settings, count) => {
    const clock = createVirtualClock();
    const slow = createScriptedLlm({ responses: () => 'Hello.', delays: { firstMs: 1_000 } });
    const next = llm('next');
    const chain = choose({ ...settings, llm: [slow, next] }).llm;
    void (async () => {
      const request = { messages: [], clock, signal: new AbortController().signal };
      for await (const _part of chain?.generate(request) ?? []);
    })();
    await clock.run();
    expect(next.requests).toHaveLength(count);
  });

  it('say nothing about what is done before any call', () => {
    expect(names(choose({ overrides: [{ match: {}, tts: tts('special') }] }, 'no call'))[2]).toEqual([
      'voice',
    ]);
  });
});

describe('policy', () => {
  const mixed = () => [tts('there'), labelled(tts('here'), ['eu', 'hipaa'])];

  it('leaves out who does not have every label that is required', () => {
    expect(names(choose({ tts: mixed() }))[2]).toEqual(['there', 'here']);
    const required = choose({ ...labelledRest(), tts: mixed(), require: ['eu'] });
    expect(names(required)[2]).toEqual(['here']);
  });

  it('may be required by an override', () => {
    const overrides = [{ match: { tenant: 'acme' }, require: ['hipaa'] }];
    expect(names(choose({ ...labelledRest(), tts: mixed(), overrides }))[2]).toEqual(['here']);
  });

  it('asks the application about each provider for each call', () => {
    const asked: unknown[] = [];
    const policy: ProviderPolicy = ({ provider }, { callId }) => {
      asked.push([provider, callId]);
      return provider !== 'there';
    };
    expect(names(choose({ tts: mixed() }, call, policy))[2]).toEqual(['here']);
    expect(asked).toContainEqual(['there', 'CA1']);
  });

  it('leaves nobody rather than somebody who is forbidden: every stage fails at once, and nobody is connected', async () => {
    const [ears, voice, mind] = [stt('ears'), tts('voice'), llm('mind')];
    const chains = choose({ stt: ears, tts: voice, llm: mind, require: ['mars'] });
    const { signal } = new AbortController();
    const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
    const drain = async (events: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of events);
    };
    const nobody = { code: 'provider.none_available' };
    if (chains.stt === 'media' || chains.llm === undefined || chains.tts === undefined)
      throw new Error('no chain');
    await expect(drain(chains.stt.open({ format, isSpeech: () => false, signal }))).rejects.toMatchObject(
      nobody,
    );
    await expect(drain(chains.llm.generate({ messages: [], signal }))).rejects.toMatchObject(nobody);
    const session = chains.tts.connect({ format, signal });
    const utterance = session.speak({ bufferedMs: () => 0, signal });
    utterance.write('Hello.');
    utterance.end();
    await expect(drain(utterance)).rejects.toMatchObject(nobody);
    session.close();
    expect([ears.streams.length, voice.sessions.length, mind.requests.length]).toEqual([0, 0, 0]);
  });
});

function labelledRest() {
  return { stt: labelled(stt('ears'), ['eu', 'hipaa']), llm: labelled(llm('mind'), ['eu', 'hipaa']) };
}
