// How calls end, are taken up again, and what holds for every call whatever happens in it.
import {
  callTool,
  createScriptedStt,
  createScriptedTts,
  createVirtualClock,
  type ScriptedFault,
} from '@voicewire/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallControl } from '../spec/telephony.js';
import { playCall, type PlayedCall, type PlayOptions } from '../../test/play-call.js';
import type { Agent } from './agent.js';
import { createScriptedCalls, type ScriptedCall } from '../../test/scripted-calls.js';
import { defineTool } from './tool.js';

const agent: Agent = { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000 } };
const quietMs = 500;

describe('a transfer', () => {
  const asking: PlayOptions['script'] = async (hands) => {
    await hands.wait(quietMs);
    await hands.say('give me a person');
    await hands.agentFinishes(8_000);
  };
  const desk: Agent = { ...agent, transfers: { desk: { to: '+15550100', description: 'The desk.' } } };
  const ask = (transfer: CallControl['transfer'], options: Partial<PlayOptions> = {}) =>
    playCall({
      agent: desk,
      control: transfer === undefined ? {} : { transfer },
      answers: [
        {
          parts: [
            { type: 'text', text: 'One moment.' },
            {
              type: 'tool-calls',
              calls: [{ id: 'a', name: 'transfer_call', argumentsText: '{"destination":"desk"}' }],
            },
          ],
        },
        'Nobody is there. Shall I take a message?',
      ],
      script: asking,
      ...options,
    });

  it('that works ends our part', async () => {
    const { result, caller } = await ask(() => Promise.resolve());
    expect(result.reason).toBe('transferred');
    expect(caller.heardText()).toBe('one moment');
  });

  it('is no hang-up when the media stops before the carrier has confirmed it', async () => {
    const virtualClock = createVirtualClock();
    let stop = (): void => undefined;
    const transfer = (): Promise<void> => {
      stop();
      return new Promise((resolve) => void virtualClock.setTimeout(resolve, 200));
    };
    const { result, of } = await ask(transfer, {
      virtualClock,
      script: (hands) => {
        stop = hands.hangup;
        return asking(hands);
      },
    });
    expect(result.reason).toBe('transferred');
    expect(of('transfer-failed')).toEqual([]);
  });

  it('tells the carrier where the caller comes back, and a caller who does hears why', async () => {
    const asked: unknown[] = [];
    const transfer: CallControl['transfer'] = async (_callId, _to, { returnUrl }) => {
      asked.push(returnUrl);
    };
    const returnUrl = 'https://voice.example.com/resume';
    const first = await ask(transfer, { returnUrl });
    expect(asked).toEqual([returnUrl]);
    const second = await playCall({
      agent: desk,
      resume: first.result.log,
      answers: ['Nobody is there. Shall I take a message?'],
      script: (hands) => hands.agentFinishes(),
    });
    expect(second.of('transfer-failed')).toMatchObject([{ code: 'telephony.transfer_failed' }]);
    expect(second.llm.requests[0]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: expect.stringContaining('It failed') as string,
    });
    expect(second.caller.heardText()).toBe('nobody is there shall i take a message');
  });

  it.each<[string, CallControl['transfer']]>([
    ['fails', () => Promise.reject(new TypeError('no'))],
    ['is never answered', () => new Promise(() => undefined)],
  ])('that %s is told to the model, and the caller hears why', async (_, transfer) => {
    const { result, caller, llm, of, clock } = await ask(transfer);
    expect(of('transfer-failed')).toHaveLength(1);
    expect(llm.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: expect.stringContaining('It failed') as string,
    });
    expect(caller.heardText()).toBe('one moment nobody is there shall i take a message');
    expect(result.reason).toBe('caller-hung-up');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a handoff', () => {
  it('gives the caller to an agent with a voice and tools of its own', async () => {
    const tts = createScriptedTts();
    const sales: Agent = { ...agent, name: 'sales', greeting: 'Sales here.', voice: 'second' };
    const { caller, of, llm } = await playCall({
      agent: { ...agent, voice: 'first', handoffs: [sales] },
      answers: [
        {
          parts: [
            { type: 'text', text: 'I hand you over.' },
            {
              type: 'tool-calls',
              calls: [{ id: 'a', name: 'hand_over', argumentsText: '{"agent":"sales"}' }],
            },
          ],
        },
        'Gladly.',
      ],
      providers: { tts },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('sales please');
        await hands.agentFinishes();
        await hands.say('sell me something');
        await hands.agentFinishes();
      },
    });
    expect(of('handoff')).toMatchObject([{ from: 'test', to: 'sales' }]);
    expect(caller.heardText()).toBe('i hand you over sales here gladly');
    expect(tts.utterances.map(({ options }) => options.voice)).toEqual(['first', 'second', 'second']);
    expect(llm.requests[1]?.tools?.map(({ name }) => name)).toEqual(['end_call']);
  });
});

describe('an ending', () => {
  it('by us is a command whose failure is told', async () => {
    const { result, of } = await playCall({
      control: { hangup: () => Promise.reject(new TypeError('no')) },
      answers: [callTool('end_call', {})],
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('bye');
        await hands.wait(30_000);
      },
    });
    expect(result.reason).toBe('agent-hung-up');
    expect(of('error')).toMatchObject([{ code: 'telephony.hangup_failed' }]);
  });

  it('that the carrier does not confirm closes the providers in time all the same', async () => {
    const stt = createScriptedStt();
    const { of, result } = await playCall({
      control: { hangup: () => new Promise(() => undefined) },
      providers: { stt },
      answers: [callTool('end_call', {})],
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('bye');
        await hands.wait(30_000);
      },
    });
    expect(of('error')).toMatchObject([{ code: 'telephony.hangup_failed' }]);
    expect(result.reason).toBe('agent-hung-up');
    expect(stt.streams[0]?.hasEnded).toBe(true);
  });

  it('comes at the limit, with a goodbye', async () => {
    const { result, caller } = await playCall({
      agent: { ...agent, limits: { callMinutes: 0.2 }, lines: { goodbye: 'Time is up.' } },
      script: (hands) => hands.wait(60_000),
    });
    expect(result.reason).toBe('limit');
    expect(caller.heardText()).toBe('time is up');
  });

  it('asked for before the call began says nothing', async () => {
    const { result, of } = await playCall({
      agent: { ...agent, greeting: 'Hello.' },
      signal: AbortSignal.abort(),
      script: (hands) => hands.wait(60_000),
    });
    expect(result.reason).toBe('aborted');
    expect(of('reply-started')).toEqual([]);
  });

  it('waits for what is being said, and for nothing that comes later', async () => {
    const { result, caller } = await playCall({
      answers: ['One two three four five six seven.', 'Never said.'],
      onCall: (call) => {
        call.on('reply-started', () => {
          call.hangup();
        });
      },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('count');
        await hands.agentSpeaks(500);
        await hands.say('stop it please');
        await hands.wait(60_000);
      },
    });
    expect(result.reason).toBe('agent-hung-up');
    expect(caller.heardText()).toBe('one two three four five six seven');
  });
});

describe('a call taken up again', () => {
  /** A conversation with a tool that has effects, cut after every event. */
  const charge = (runs: string[]) =>
    defineTool({
      name: 'charge',
      description: 'Charges.',
      risk: 'write',
      input: z.object({ amount: z.number() }),
      run: (_, { idempotencyKey }) => {
        runs.push(idempotencyKey);
        return 'charged';
      },
    });
  const play = (runs: string[], more: Partial<PlayOptions> = {}): Promise<PlayedCall> =>
    playCall({
      agent: { ...agent, greeting: 'Good day.', tools: [charge(runs)] },
      // Asks for it as long as it knows no result: models do.
      answers: ({ messages }) => {
        const { role, content = '' } = messages.at(-1) ?? {};
        const isAsked = role === 'user' && content.includes('charge');
        const isOpen = role === 'tool' && content.startsWith('No result');
        return isAsked || isOpen ? callTool('charge', { amount: 5 }) : 'It is done.';
      },
      script: async (hands) => {
        await hands.agentFinishes();
        await hands.say('charge my card');
        await hands.agentFinishes();
      },
      ...more,
    });

  it('at any moment goes on, and repeats nothing that has effects', async () => {
    const whole: string[] = [];
    const { events, of } = await play(whole);
    expect(whole).toHaveLength(1);
    const startedSeq = of('tool-started')[0]?.seq ?? 0;
    const asked = of('user-turn')[0]?.seq ?? 0;
    for (const { seq } of events.slice(0, -1)) {
      const again: string[] = [];
      const {
        result,
        caller,
        of: after,
      } = await play(again, {
        resume: events.slice(0, seq),
        script: async (hands) => {
          await hands.agentFinishes();
          await hands.wait(1_500);
        },
      });
      expect(result.reason).toBe('caller-hung-up');
      expect(caller.heardText()).not.toBe('');
      // Before it was begun it may run; the key is the same, whoever asks.
      if (seq >= startedSeq) expect(again, `cut after ${seq}`).toEqual([]);
      expect([...new Set([...whole, ...again])]).toHaveLength(1);
      if (seq >= asked) expect(result.messages.filter(({ role }) => role === 'user')).toHaveLength(1);
      expect(after('call-started').at(-1)?.callId).toBe('simulated-call');
    }
  }, 60_000);

  it('answers what was said and not yet answered', async () => {
    const { events, of } = await play([]);
    const finalSeq = of('transcript-final')[0]?.seq ?? 0;
    const { result } = await play([], {
      resume: events.slice(0, finalSeq),
      script: async (hands) => {
        await hands.agentFinishes();
      },
    });
    expect(result.messages).toContainEqual({ role: 'user', content: 'charge my card' });
  });

  it('goes on with the agent it was handed to, and with what was collected', async () => {
    const sales: Agent = {
      ...agent,
      name: 'sales',
      slots: {
        name: { description: 'Name', schema: z.string() },
        town: { description: 'Town', schema: z.string() },
      },
    };
    const stamp = (seq: number) => ({ version: 1, seq, atMs: seq }) as const;
    const { llm, of } = await playCall({
      agent: { ...agent, handoffs: [sales] },
      resume: [
        { ...stamp(1), type: 'handoff', from: 'test', to: 'sales' },
        { ...stamp(2), type: 'slot-filled', name: 'name', value: 'Ann', masked: false },
      ],
      answers: [callTool('fill_slot', { name: 'town', value: 'Bern' }), 'Thank you.'],
      script: async (hands) => {
        await hands.agentFinishes();
        await hands.say('bern');
        await hands.agentFinishes();
      },
    });
    expect(llm.requests[0]?.tools?.map(({ name }) => name)).toContain('fill_slot');
    expect(of('tool-finished')[0]?.result).toContain('Everything is collected');
  });
});

describe('whatever happens', () => {
  const fault: fc.Arbitrary<ScriptedFault | undefined> = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant<ScriptedFault>({ type: 'refuse' }) },
    { weight: 1, arbitrary: fc.constant<ScriptedFault>({ type: 'hang' }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('fail' as const),
        afterMs: fc.integer({ min: 0, max: 4_000 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('stall' as const),
        afterEvents: fc.integer({ min: 0, max: 5 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('slow' as const), delayMs: fc.integer({ min: 1, max: 600 }) }),
    },
  );
  const faults = fc.array(fault, { maxLength: 3 });
  const step = fc.oneof(
    fc.integer({ min: 0, max: 4_000 }).map((ms) => ({ do: 'wait' as const, ms })),
    fc
      .constantFrom('yes', 'where is my order', 'mm-hm', 'no wait stop that')
      .map((text) => ({ do: 'say' as const, text })),
    fc.constantFrom('1', '4711#').map((keys) => ({ do: 'press' as const, keys })),
    fc.integer({ min: 0, max: 2_000 }).map((ms) => ({ do: 'interrupt' as const, ms })),
  );
  const call: fc.Arbitrary<ScriptedCall> = fc.record({
    steps: fc.array(step, { maxLength: 6 }),
    ending: fc.constantFrom('hangup' as const, 'lose' as const),
    stt: faults,
    llm: faults,
    tts: faults,
    eager: fc.boolean(),
    wordTimings: fc.boolean(),
    textStreaming: fc.boolean(),
    greeting: fc.boolean(),
    pacing: fc.constantFrom('carrier' as const, 'ours' as const),
  });

  it('every call ends, says one thing to one utterance, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(call, async (one) => {
        const clock = createVirtualClock();
        const { calls, result } = createScriptedCalls(clock, [one]);
        await clock.run({ until: () => calls.every(({ isOver }) => isOver), untilMs: 7_200_000 });
        const [played] = await result();
        expect(clock.pendingTimers).toBe(0);
        expect(played?.abortListeners).toBe(0);
        expect(played?.problems).toEqual([]);
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it('a hundred calls at once know nothing of each other', async () => {
    const clock = createVirtualClock();
    const sample = fc.sample(call, { numRuns: 100, seed: 7 });
    const { calls, result } = createScriptedCalls(clock, sample);
    await clock.run({ until: () => calls.every(({ isOver }) => isOver), untilMs: 7_200_000 });
    const played = await result();
    expect(played.flatMap(({ problems }) => problems)).toEqual([]);
    for (const [index, { told }] of played.entries()) {
      const marks = new Set([...told.matchAll(/caller(\d+)/g)].map(([, mark]) => mark));
      expect([...marks].filter((mark) => mark !== String(index))).toEqual([]);
    }
    expect(clock.pendingTimers).toBe(0);
  }, 60_000);
});
