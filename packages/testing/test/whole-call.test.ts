// A whole call in virtual time: the shipped call and turn code, unchanged, between a simulated caller and scripted providers.
import { acceptMedia, runCall, type CallResult, type RunCallOptions } from '@voicewire/core';
import {
  callTool,
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  createVirtualClock,
  type SimulatedCaller,
  type SimulatedCallerOptions,
  type VirtualClock,
} from '@voicewire/testing';
import { describe, expect, it } from 'vitest';

interface PlayedCall {
  readonly clock: VirtualClock;
  readonly caller: SimulatedCaller;
  readonly result: CallResult;
}

async function playCall(
  callerOptions: Omit<SimulatedCallerOptions, 'clock'>,
  callOptions: Pick<RunCallOptions, 'providers'> & Partial<RunCallOptions>,
): Promise<PlayedCall> {
  const clock = createVirtualClock();
  const caller = createSimulatedCaller({ ...callerOptions, clock });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const agent = { name: 'shop', instructions: 'Be brief.', greeting: 'Hello, how can I help?' };
  const call = runCall({ mode: 'agent', agent, media, control, clock, ...callOptions });
  let result: CallResult | undefined;
  void call.done.then((ended) => (result = ended));
  await clock.run({ until: () => result !== undefined });
  await caller.done;
  if (result === undefined) throw new Error('unreachable');
  return { clock, caller, result };
}

describe('a call in virtual time', () => {
  it('hears words, calls nobody, answers in words the caller hears', async () => {
    const llm = createScriptedLlm({ responses: ['Your order is out for delivery.'] });
    const { caller, result, clock } = await playCall(
      {
        script: async (caller) => {
          await caller.agentFinishes();
          await caller.say('where is my order');
          await caller.agentFinishes();
        },
      },
      { providers: { stt: createScriptedStt(), llm, tts: createScriptedTts() } },
    );
    expect(llm.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content: 'where is my order' });
    expect(caller.heardText()).toBe('hello how can i help your order is out for delivery');
    expect(result.reason).toBe('caller-hung-up');
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps in the history what was heard, and nothing else, when the caller barges in', async () => {
    const long =
      'Your order was packed on Monday and left our house on Tuesday and it will be with you on Thursday.';
    const { caller, result } = await playCall(
      {
        script: async (caller) => {
          await caller.agentFinishes();
          await caller.say('where is my order');
          await caller.agentSpeaks(1500);
          await caller.say('stop thank you');
          await caller.agentFinishes();
        },
      },
      {
        providers: {
          stt: createScriptedStt(),
          llm: createScriptedLlm({ responses: [long, 'All right.'] }),
          tts: createScriptedTts(),
        },
      },
    );
    const heard = caller.heardText();
    expect(heard).toMatch(/all right$/);
    const said = result.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    expect(said[1]?.length).toBeGreaterThan(10);
    expect(long.startsWith(said[1] ?? '?')).toBe(true);
    expect(heard).toContain(said[1]?.toLowerCase());
    expect(heard).not.toContain('thursday');
    expect(caller.log.some(({ type }) => type === 'clear')).toBe(true);
  });

  it('survives a hang-up at any moment', async () => {
    for (let atMs = 100; atMs < 6000; atMs += 370) {
      const { result, clock } = await playCall(
        {
          script: async (caller) => {
            void (async () => {
              await caller.agentFinishes();
              await caller.say('where is my order');
            })().catch(() => undefined);
            await caller.wait(atMs);
          },
        },
        {
          providers: {
            stt: createScriptedStt(),
            llm: createScriptedLlm({ responses: () => 'It is on its way.' }),
            tts: createScriptedTts(),
          },
        },
      );
      expect([result.reason, clock.pendingTimers]).toEqual(['caller-hung-up', 0]);
    }
  });

  it('refuses what nobody scripted, and says what was not used', async () => {
    const llm = createScriptedLlm({ responses: [callTool('look_up', { id: 7 }), 'never asked for'] });
    expect(() => {
      llm.assertAllUsed();
    }).toThrow(/2 of 2/);
    const request = { messages: [], signal: new AbortController().signal };
    for (let turn = 0; turn < 2; turn += 1) for await (const _part of llm.generate(request));
    llm.assertAllUsed();
    const reading = async (): Promise<void> => {
      for await (const _part of llm.generate(request));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'testing.unscripted' });
  });
});
