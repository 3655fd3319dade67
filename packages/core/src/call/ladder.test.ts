// The degradation ladder on whole calls: each step with everything above it dead, for each stage and from the first word on.
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createVirtualClock,
  type Caller,
  type CallerScript,
} from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { playCall, type PlayOptions } from '../../test/play-call.js';
import { ProviderError } from '../errors/provider-error.js';
import type { Ladder } from '../resilience/ladder.js';
import type { CallControl } from '../spec/telephony.js';
import { fixedPhrases, type Agent } from './agent.js';
import type { CallProviders } from './call.js';
import { createVoiceCache, type VoiceCache } from './voice-cache.js';

const agent: Agent = {
  name: 'test',
  instructions: 'Answer.',
  greeting: 'Good day.',
  turn: { silenceMs: 60_000 },
  lines: {
    trouble: 'Trouble, again please.',
    hearing: 'Can not hear, again please.',
    connecting: 'Connecting you.',
    apology: 'Sorry, goodbye.',
  },
};

const menu = {
  prompt: 'One for a person, two for the machine.',
  keys: { '1': 'person', '2': 'voicemail', '3': 'goodbye' },
} as const;

const whole: Ladder = { menu, person: '+4930111', voicemail: '+4930222' };

const refuse = { type: 'refuse' } as const;
const dead = {
  stt: (): CallProviders['stt'] => createScriptedStt({ faults: () => refuse }),
  llm: (): CallProviders['llm'] => createScriptedLlm({ responses: () => 'Hello.', faults: () => refuse }),
  tts: (): CallProviders['tts'] => createScriptedTts({ faults: () => refuse }),
};

/** What an earlier, healthy process left on its disk. */
async function rendered(ladder: Ladder): Promise<VoiceCache> {
  const clock = createVirtualClock();
  const phrases = createVoiceCache();
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const options = { signal: new AbortController().signal, clock };
  await Promise.all([
    phrases.render(createScriptedTts(), { format }, fixedPhrases(agent, ladder), options),
    clock.run({ untilMs: 600_000 }),
  ]);
  return phrases;
}

interface Scenario extends Partial<Omit<PlayOptions, 'ladder'>> {
  readonly ladder?: Ladder | undefined;
  readonly dies?: readonly (keyof typeof dead)[] | undefined;
  /** Pressed as soon as the menu is offered. */
  readonly key?: string | undefined;
  /** Numbers the carrier can't connect to. */
  readonly unreachable?: readonly string[] | undefined;
}

/** A caller who says something after the greeting, says it again when asked to, and then waits. */
async function play({ ladder = whole, dies = [], key, unreachable = [], ...options }: Scenario) {
  let line: Caller | undefined;
  const script: CallerScript = async (hands) => {
    line = hands;
    await hands.wait(3_000);
    await hands.say('where is my order');
    await hands.wait(8_000);
    await hands.say('where is my order');
    await hands.wait(120_000);
  };
  const connected: string[] = [];
  const control: CallControl = {
    hangup: async () => line?.hangup(),
    transfer: async (_callId, to) => {
      if (unreachable.includes(to)) throw noAnswer();
      connected.push(to);
      line?.hangup();
    },
  };
  const played = await playCall({
    agent,
    answers: () => 'Hello.',
    ladder,
    control,
    phrases: await rendered(ladder),
    providers: Object.fromEntries(dies.map((stage) => [stage, dead[stage]()])),
    script,
    onCall: (call) => {
      call.on('degraded', (event) => {
        if (event.step === 'menu' && event.key === undefined && key !== undefined) void line?.press(key);
      });
    },
    ...options,
  });
  const steps = played.of('degraded').map(({ step, key: pressed }) => pressed ?? step);
  return { ...played, steps, connected, said: played.caller.heardText() };
}

function noAnswer(): ProviderError {
  return new ProviderError({
    class: 'unavailable',
    provider: 'simulated',
    stage: 'telephony',
    message: 'No.',
  });
}

const promptAsHeard = 'one for a person two for the machine';

describe.each(['stt', 'llm', 'tts'] as const)('a caller whose %s is dead for good', (stage) => {
  const line = stage === 'stt' ? 'can not hear again please' : 'trouble again please';

  it('is told so and asked again, offered the menu, and connected by the key they press', async () => {
    const { steps, connected, said, result } = await play({ dies: [stage], key: '2' });
    expect(steps).toEqual(['line', 'menu', '2', 'voicemail']);
    expect(connected).toEqual(['+4930222']);
    expect(said).toContain(`good day ${line}`);
    expect(said).toMatch(/connecting you$/);
    expect(result.reason).toBe('transferred');
  });

  it('who presses nothing hears the menu twice and is connected to a person', async () => {
    const { steps, connected, said } = await play({ dies: [stage] });
    expect(steps).toEqual(['line', 'menu', 'person']);
    expect(connected).toEqual(['+4930111']);
    expect(said.split(promptAsHeard)).toHaveLength(3);
  });

  it('is connected to voicemail where the person is not reached', async () => {
    const { steps, connected } = await play({ dies: [stage], unreachable: ['+4930111'] });
    expect(steps).toEqual(['line', 'menu', 'person', 'voicemail']);
    expect(connected).toEqual(['+4930222']);
  });

  it('hears a goodbye where nobody is reached, and every step was tried', async () => {
    const unreachable = ['+4930111', '+4930222'];
    const { steps, said, result } = await play({ dies: [stage], unreachable });
    expect(steps).toEqual(['line', 'menu', 'person', 'voicemail', 'goodbye']);
    expect(said).toMatch(/connecting you connecting you sorry goodbye$/);
    expect(result.reason).toBe('providers-failed');
  });

  it('hears a goodbye where the carrier has no keys and connects nobody', async () => {
    const { steps, said } = await play({
      dies: [stage],
      control: undefined,
      line: { capabilities: { dtmfIn: false } },
    });
    expect(steps).toEqual(['line', 'goodbye']);
    expect(said).toMatch(/again please sorry goodbye$/);
  });

  it('hears a goodbye where no step is configured', async () => {
    const { steps, said } = await play({ dies: [stage], ladder: { retries: 0 } });
    expect(steps).toEqual(['goodbye']);
    // Ears that are dead from the first word on are noticed before the greeting is over.
    expect(said).toBe(stage === 'stt' ? 'sorry goodbye' : 'good day sorry goodbye');
  });

  it('is not asked again where no retries are wanted', async () => {
    const { steps } = await play({ dies: [stage], ladder: { ...whole, retries: 0 }, key: '3' });
    expect(steps).toEqual(['menu', '3', 'goodbye']);
  });
});

describe('with everything dead from the first word on', () => {
  const dies = ['stt', 'llm', 'tts'] as const;

  it('the greeting comes from the cache, and so does every step below', async () => {
    const unreachable = ['+4930111', '+4930222'];
    const { steps, said } = await play({ dies, unreachable });
    expect(steps).toEqual(['line', 'menu', 'person', 'voicemail', 'goodbye']);
    expect(said).toMatch(/^good day can not hear again please one for a person/);
    expect(said).toMatch(/sorry goodbye$/);
  });

  it('a caller to whom nothing was ever rendered is connected without a word', async () => {
    const { steps, connected, said } = await play({ dies, phrases: createVoiceCache() });
    expect(steps.at(-1)).toBe('person');
    expect(connected).toEqual(['+4930111']);
    expect(said).toBe('');
  });

  it('last words that nobody can say are left to the carrier, which is not told to hang up', async () => {
    const hangups: string[] = [];
    const { result } = await play({
      dies,
      ladder: {},
      phrases: createVoiceCache(),
      carrierSpeaks: true,
      control: { hangup: async (callId) => void hangups.push(callId) },
    });
    expect(result).toMatchObject({ reason: 'providers-failed', unsaid: 'Sorry, goodbye.' });
    expect(hangups).toEqual([]);
  });
});

describe('a failure that does not last', () => {
  it('costs a line and another try: the call goes on, and a later one is tried again as well', async () => {
    const llm = createScriptedLlm({
      responses: () => 'It is on its way.',
      faults: (index) => (index === 0 || index === 2 ? refuse : undefined),
    });
    const { steps, said } = await play({
      providers: { llm },
      script: async (hands) => {
        await hands.agentFinishes();
        for (let turn = 1; turn <= 3; turn += 1) {
          await hands.say('where is my order');
          await hands.agentFinishes();
        }
      },
    });
    expect(steps).toEqual(['line', 'line']);
    expect(said).toBe('good day trouble again please it is on its way trouble again please');
  });

  it('of the ears is over when something was understood', async () => {
    const stt = createScriptedStt({
      faults: (index) => (index === 1 ? { type: 'fail', afterMs: 20_000 } : index === 0 ? refuse : undefined),
    });
    const { steps, said } = await play({ providers: { stt } });
    expect(steps).toEqual(['line', 'line']);
    expect(said).toContain('can not hear again please hello can not hear again please');
  });
});

describe('a call that comes back from the ladder', () => {
  it('goes on below the step that reached nobody', async () => {
    const first = await play({ dies: ['llm'] });
    expect(first.connected).toEqual(['+4930111']);
    const { steps, connected, said } = await play({ dies: ['llm'], resume: first.result.log });
    expect(steps).toEqual(['line', 'menu', 'person', 'voicemail']);
    expect(connected).toEqual(['+4930222']);
    expect(said).toBe('connecting you');
  });
});

describe('a ladder that can not be meant', () => {
  it('is refused before the call: a key that leads nowhere', async () => {
    await expect(play({ ladder: { menu } })).rejects.toMatchObject({
      problems: [
        { code: 'config.ladder', path: 'ladder.menu.keys.1' },
        { code: 'config.ladder', path: 'ladder.menu.keys.2' },
      ],
    });
  });
});
