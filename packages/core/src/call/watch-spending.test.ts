// Whole calls in virtual time that may cost so much and no more.
import { callTool, createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { playCall, type PlayOptions } from '../../test/play-call.js';
import { ConfigError } from '../errors/config-error.js';
import { fallbackTts } from '../resilience/fallback-tts.js';
import type { Agent } from './agent.js';
import type { Prices } from './spend.js';
import { defineTool } from './tool.js';

const free: Prices = {
  stt: { scripted: { perMinute: 0 } },
  llm: { scripted: { perMillionInputTokens: 0, perMillionOutputTokens: 0 } },
  tts: { scripted: { perThousandCharacters: 0 } },
  telephony: { simulated: { perMinute: 0 } },
};
/** A cent a second. */
const dearLine: Prices = { ...free, telephony: { simulated: { perMinute: 0.6 } } };
/** One for each thousand tokens. */
const dearMind: Prices = {
  ...free,
  llm: { scripted: { perMillionInputTokens: 1_000, perMillionOutputTokens: 1_000 } },
};
const agentWith = (money: number, more: Partial<Agent> = {}): Agent => ({
  name: 'test',
  instructions: 'Answer.',
  turn: { silenceMs: 60_000 },
  lines: { goodbye: 'Time is up.' },
  limits: { money },
  ...more,
});
/** Two questions, each answer heard to its end. */
const askTwice: NonNullable<PlayOptions['script']> = async (hands) => {
  await hands.wait(500);
  await hands.say('one');
  await hands.agentFinishes();
  await hands.say('two');
  await hands.agentFinishes();
};
const answer = (text: string, outputTokens: number) => ({
  parts: [{ type: 'text' as const, text }],
  usage: { inputTokens: 0, outputTokens },
});

describe('a call that has cost what it may', () => {
  it('ends at the moment its minutes reach it, with a goodbye', async () => {
    const { result, caller, of } = await playCall({
      agent: agentWith(0.1),
      prices: dearLine,
      script: (hands) => hands.wait(60_000),
    });
    expect(result.reason).toBe('limit');
    expect(caller.heardText()).toBe('time is up');
    expect(of('reply-started')).toMatchObject([{ atMs: 10_000 }]);
    expect(result.cost).toBeCloseTo((0.6 * result.durationMs) / 60_000);
    expect(of('call-ended')).toMatchObject([{ cost: result.cost }]);
  });

  it('ends when tokens reach it: what was being said is cut off, and the model is not asked again', async () => {
    const { result, caller, llm } = await playCall({
      agent: agentWith(1.5),
      prices: dearMind,
      answers: [answer('First.', 1_000), answer('Second of a great many words.', 1_000), 'Never said.'],
      script: async (hands) => {
        await askTwice(hands);
        await hands.say('three');
        await hands.wait(30_000);
      },
    });
    expect(result).toMatchObject({ reason: 'limit', cost: 2 });
    expect(caller.heardText()).toMatch(/time is up$/);
    expect(llm.requests).toHaveLength(2);
  });

  it('ends in the middle of tools that a model never stops asking for', async () => {
    const { result, llm } = await playCall({
      agent: agentWith(2.5, {
        limits: { money: 2.5, steps: 50 },
        tools: [
          defineTool({
            name: 'look',
            description: 'Looks.',
            risk: 'read',
            input: z.object({}),
            run: () => 'nothing',
          }),
        ],
      }),
      prices: dearMind,
      answers: Array.from({ length: 50 }, (_, index) => ({
        ...callTool('look', {}, `look-${index}`),
        usage: { inputTokens: 1_000, outputTokens: 0 },
      })),
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('look');
        await hands.wait(30_000);
      },
    });
    expect(result.reason).toBe('limit');
    expect(llm.requests).toHaveLength(3);
  });

  it('ends at once where nobody speaks for it', async () => {
    const { result } = await playCall({
      mode: 'assist',
      agent: undefined,
      moneyLimit: 0.1,
      prices: dearLine,
      script: (hands) => hands.wait(60_000),
    });
    expect(result).toMatchObject({ reason: 'limit', durationMs: 10_300 });
  });

  it('that is taken up again is only told goodbye, whatever it was asked last', async () => {
    const first = await playCall({
      agent: agentWith(100),
      prices: dearMind,
      answers: [answer('First.', 1_000)],
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('one');
        await hands.agentFinishes();
        hands.lose();
      },
    });
    expect(first.result.cost).toBe(1);
    const { result, caller, llm } = await playCall({
      agent: agentWith(1),
      prices: dearMind,
      resume: first.result.log,
      script: (hands) => hands.wait(30_000),
    });
    expect(result).toMatchObject({ reason: 'limit', cost: 1 });
    expect(caller.heardText()).toBe('time is up');
    expect(llm.requests).toEqual([]);
  });
});

describe('what is counted', () => {
  const costOf = async (options: Omit<PlayOptions, 'script'>): Promise<number | undefined> => {
    const { result } = await playCall({
      ...options,
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('tell me');
        await hands.agentFinishes();
      },
    });
    return result.cost;
  };

  it('is nothing without prices', async () => {
    expect(await costOf({ answers: ['Yes.'] })).toBeUndefined();
  });

  it('is an answer whose tokens nobody told, by its characters', async () => {
    const silent = createScriptedLlm({ responses: [] });
    const llm: typeof silent = {
      ...silent,
      async *generate() {
        await Promise.resolve();
        yield { type: 'text', text: 'Yes. '.repeat(8) };
        yield { type: 'finish', reason: 'stop' };
      },
    };
    const output: Prices = {
      ...free,
      llm: { scripted: { perMillionInputTokens: 0, perMillionOutputTokens: 1e6 } },
    };
    expect(await costOf({ providers: { llm }, prices: output })).toBe(10);
  });

  it('is an answer that was interrupted before its tokens were told', async () => {
    const llm = createScriptedLlm({
      responses: [
        { parts: Array.from({ length: 400 }, () => ({ type: 'text', text: 'and so on, ' })) },
        'Yes.',
      ],
      delays: { partMs: 100 },
    });
    const { of, result } = await playCall({
      providers: { llm },
      prices: dearMind,
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('tell me');
        await hands.agentSpeaks(1_000);
        await hands.say('stop it please');
        await hands.agentFinishes();
      },
    });
    const [interrupted, told] = of('usage').filter(({ stage }) => stage === 'llm');
    expect(interrupted).toMatchObject({ estimated: true, provider: 'scripted' });
    expect(told?.estimated).toBeUndefined();
    expect(interrupted?.outputTokens).toBeGreaterThan(10);
    expect(result.cost).toBeGreaterThan(0.05);
  });

  it('is the voice that spoke, not the one that was meant to', async () => {
    const dead = createScriptedTts({ provider: 'dead', faults: () => ({ type: 'refuse' }) });
    const tts = fallbackTts([dead, createScriptedTts()]);
    const { of } = await playCall({
      providers: { tts },
      answers: ['Yes.', 'No.'],
      script: askTwice,
    });
    expect(
      of('usage')
        .filter(({ stage }) => stage === 'tts')
        .at(-1),
    ).toMatchObject({ provider: 'scripted' });
  });
});

it.each<[string, Partial<PlayOptions>, readonly string[]]>([
  [
    'would not see what somebody costs',
    {
      agent: agentWith(1),
      prices: { llm: free.llm, telephony: free.telephony },
      providers: { stt: createScriptedStt({ provider: 'ears' }) },
    },
    ['prices.stt.ears', 'prices.tts.scripted'],
  ],
  ['is no amount', { agent: agentWith(Number.NaN), prices: free }, ['agent.limits.money']],
])('a limit that %s is refused before the call, with all that is wrong', async (_, options, paths) => {
  const played = playCall({ ...options, script: (hands) => hands.wait(1_000) });
  const error: unknown = await played.catch((caught: unknown) => caught);
  if (!ConfigError.is(error)) throw new TypeError('no ConfigError');
  expect(error.problems.map(({ code, path }) => [code, path])).toEqual(
    paths.map((path) => ['config.price', path]),
  );
});

it('a call that is taken up again lasts no longer than it may in all', async () => {
  const agent = { ...agentWith(1), limits: { callMinutes: 0.5 } };
  const first = await playCall({
    agent,
    script: async (hands) => {
      await hands.wait(20_000);
      hands.lose();
    },
  });
  const { of } = await playCall({ agent, resume: first.result.log, script: (hands) => hands.wait(60_000) });
  expect(of('reply-started').at(-1)?.atMs).toBe(30_000);
});
