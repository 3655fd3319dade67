// The oracle is trusted after it was seen red: what keeps words whole is taken out of core, one piece at a time.
import type * as Core from '@voicewire/core';
import type * as Testing from '@voicewire/testing';
import type * as BreakerModule from '../../packages/core/src/resilience/breaker.js';
import type * as ReplayRingModule from '../../packages/core/src/resilience/replay-ring.js';
import type * as TtsTailModule from '../../packages/core/src/resilience/tts-tail.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const guards = '../../packages/core/src/resilience';
const callerWords = 'alpha bravo charlie delta echo foxtrot golf hotel'.split(' ');
const answer = 'winter garden silver copper banana orange summer';
const msPerChar = 40;

beforeEach(() => vi.resetModules());
afterEach(() => {
  for (const name of ['replay-ring', 'joined', 'tts-tail', 'breaker']) vi.doUnmock(`${guards}/${name}.js`);
});

/** Whatever was mocked before is in these. */
async function load(): Promise<typeof Core & typeof Testing> {
  const [core, testing] = await Promise.all([import('@voicewire/core'), import('@voicewire/testing')]);
  return { ...core, ...testing };
}

/** What became of both sides' words in a call whose recogniser and whose voice die in mid-word. */
async function countCall(): Promise<Readonly<Record<'caller' | 'agent', Testing.WordCount>>> {
  const { countWords, createScriptedLlm, createScriptedStt, createScriptedTts, ...rest } = await load();
  const { playCall, sttChain, ttsChain, speechSound } = rest;
  const sound = speechSound(
    callerWords.join('  '),
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    msPerChar,
  );
  const { result, caller } = await playCall({
    agent: { name: 'shop', instructions: 'Answer.' },
    providers: {
      // It settles four words in mid-speech, then dies in the seventh; the next one hears all in one piece.
      stt: sttChain([
        createScriptedStt({ provider: 'first', segmentWords: 4, faults: [{ type: 'fail', afterMs: 2_700 }] }),
        createScriptedStt({ provider: 'second' }),
      ]),
      llm: createScriptedLlm({ responses: [answer] }),
      tts: ttsChain([
        createScriptedTts({ provider: 'first', msPerChar, faults: [{ type: 'fail', afterEvents: 5 }] }),
        createScriptedTts({ provider: 'second', msPerChar }),
      ]),
    },
    async script(hands) {
      await hands.wait(400);
      await hands.play(sound);
      await hands.agentFinishes(1_500);
    },
  });
  const finals = result.log.flatMap((event) => (event.type === 'transcript-final' ? [event.text] : []));
  const failed = result.log.filter(({ type }) => type === 'provider-failed');
  expect(failed).toHaveLength(2);
  return {
    caller: countWords(callerWords, finals.join(' ').split(' ').filter(Boolean)),
    agent: countWords(
      answer.split(' '),
      caller.heardWords().map(({ text }) => text),
    ),
  };
}

const exact: Testing.WordCount = { lost: [], repeated: [], disordered: [], foreign: [] };

it('is green with all of them', async () => {
  expect(await countCall()).toEqual({ caller: exact, agent: exact });
});

it('is red without replay: words are lost', async () => {
  vi.doMock(`${guards}/replay-ring.js`, async (original) => {
    const { createReplayRing } = await original<typeof ReplayRingModule>();
    return {
      createReplayRing: (...given: Parameters<typeof createReplayRing>) => ({
        ...createReplayRing(...given),
        stepsFrom: () => [],
      }),
    };
  });
  const { caller, agent } = await countCall();
  expect(caller.lost).not.toEqual([]);
  expect(agent).toEqual(exact);
});

it('is red without the join: words come twice', async () => {
  vi.doMock(`${guards}/joined.js`, () => ({ joined: <Event>(event: Event): Event => event }));
  const { caller, agent } = await countCall();
  expect(caller.repeated).not.toEqual([]);
  expect(agent).toEqual(exact);
});

it('is red without the cut of the tail: half a word is heard', async () => {
  vi.doMock(`${guards}/tts-tail.js`, async (original) => {
    const { createTtsTail } = await original<typeof TtsTailModule>();
    type Given = Parameters<typeof createTtsTail>;
    return { createTtsTail: (format: Given[0]) => createTtsTail(format, false) };
  });
  const { caller, agent } = await countCall();
  expect(caller).toEqual(exact);
  expect(agent.foreign).not.toEqual([]);
});

/** The words that a recovered primary hears, when calls from before its outage fail late. */
async function countAfterOutage(): Promise<Testing.WordCount> {
  const { countWords, createHealth, createScriptedLlm, createScriptedStt, ...rest } = await load();
  const { createVirtualClock, createWordReader, playCall, ProviderError, sttChain } = rest;
  const clock = createVirtualClock();
  const health = createHealth({ clock, random: () => 0.5 });
  const heard: string[] = [];
  const first = createScriptedStt({
    provider: 'first',
    script: ({ format }) => {
      const reader = createWordReader(format);
      const read = (audio: Uint8Array): ReturnType<typeof reader.read> => {
        const words = reader.read(audio);
        heard.push(...words.map(({ text }) => text));
        return words;
      };
      return {
        read,
        cut: () => reader.cut(),
        get decidedMs() {
          return reader.decidedMs;
        },
      };
    },
  });
  const failure = new ProviderError({
    class: 'unavailable',
    provider: 'first',
    stage: 'stt',
    message: 'It failed because the test said so.',
  });
  const begin = (): Core.Lease => {
    const lease = health.acquire(first);
    if (!('release' in lease)) throw new Error('no place');
    return lease;
  };
  const old = [begin(), begin(), begin()];
  for (let count = 0; count < 3; count += 1) begin().fail(failure);
  await clock.advance(2_000);
  begin().succeed();
  for (const lease of old) lease.fail(failure);
  await playCall({
    clock,
    agent: { name: 'shop', instructions: 'Answer.' },
    providers: {
      stt: sttChain([first, createScriptedStt({ provider: 'second' })], { health }),
      llm: createScriptedLlm({ responses: [answer] }),
    },
    async script(hands) {
      await hands.wait(400);
      await hands.say(callerWords.join('  '), { msPerChar });
      await hands.agentFinishes(1_500);
    },
  });
  return countWords(callerWords, heard);
}

it('is green when failures from before an outage come late', async () => {
  expect(await countAfterOutage()).toEqual(exact);
});

it('is red without epochs: a recovered provider is not used', async () => {
  vi.doMock(`${guards}/breaker.js`, async (original) => {
    const breakers = await original<typeof BreakerModule>();
    return {
      ...breakers,
      createBreaker: (...given: Parameters<typeof breakers.createBreaker>) => {
        const breaker = breakers.createBreaker(...given);
        const acquire: typeof breaker.acquire = () => {
          const lease = breaker.acquire();
          if (!('release' in lease)) return lease;
          // As if it had begun just now.
          const fail = (error: Core.VoiceError): void => {
            lease.release();
            const now = breaker.acquire();
            if ('release' in now) now.fail(error);
          };
          return { ...lease, fail };
        };
        return { ...breaker, acquire };
      },
    };
  });
  expect((await countAfterOutage()).lost).toEqual(callerWords);
});
