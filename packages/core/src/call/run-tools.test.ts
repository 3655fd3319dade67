// Tools in whole calls: once, in time, approved, and told to the model whatever happens.
import { callTool, createVirtualClock } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { playCall } from '../../test/play-call.js';
import { defineTool } from './tool.js';

const agent = { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000 } };

describe('tools', () => {
  const lookUp = (run: (...given: never[]) => unknown, more = {}) =>
    defineTool({
      name: 'look_up',
      description: 'Looks up.',
      risk: 'read',
      input: z.object({ id: z.string() }),
      run,
      ...more,
    });
  const ask = async (tool: ReturnType<typeof lookUp>, args: object = { id: '1' }) =>
    playCall({
      agent: { ...agent, tools: [tool] },
      answers: [callTool('look_up', args), 'Found it.'],
      script: async (hands) => {
        await hands.say('look it up');
        await hands.agentFinishes(12_000);
      },
    });

  it('run once, and their result is told to the model', async () => {
    const { llm, of } = await ask(lookUp(() => ({ status: 'sent' })));
    expect(llm.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '{"status":"sent"}' });
    expect(of('tool-started')).toHaveLength(1);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('secret')), /^It failed\.$/],
    ['hangs', () => new Promise(() => undefined), /No result within 10000 ms/],
    ['returns five megabytes', () => 'x'.repeat(5_000_000), /\[cut: the result has 5000000 characters\]$/],
  ])('that %s: the model is told and the call goes on', async (_, run, told) => {
    const { of, result, caller } = await ask(lookUp(run));
    expect(of('tool-finished')[0]?.result).toMatch(told);
    expect(JSON.stringify(of('tool-finished'))).not.toContain('secret');
    expect(caller.heardText()).toContain('found it');
    expect(result.reason).toBe('caller-hung-up');
  });

  it.each<[string, object, () => unknown, RegExp]>([
    [
      'a schema that throws',
      {
        input: z.object({
          id: z.string().transform(() => {
            throw new RangeError('x');
          }),
        }),
      },
      () => 'ok',
      /could not be checked/,
    ],
    [
      'a schema that hangs',
      {
        input: z.object({
          id: z.string().refine(() => new Promise<boolean>(() => undefined)),
        }),
      },
      () => 'ok',
      /No result within/,
    ],
    ['a result that is no JSON', {}, () => ({ big: 1n }), /It was done/],
    [
      'a card number in the result',
      {},
      () => 'paid with 4111 1111 1111 1111',
      /^paid with •••• •••• •••• ••••$/,
    ],
  ])('with %s: the model is told and the call goes on', async (_, more, run, told) => {
    const { of, llm, caller } = await ask(lookUp(run, more));
    expect(of('tool-finished')[0]?.result).toMatch(told);
    expect(llm.requests[1]?.messages.at(-1)?.content).toMatch(told);
    expect(caller.heardText()).toContain('found it');
  });

  it('with arguments a thousand levels deep are not run', async () => {
    let runs = 0;
    const argumentsText = `{"id":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const { of, caller } = await playCall({
      agent: { ...agent, tools: [lookUp(() => (runs += 1))] },
      answers: [
        { parts: [{ type: 'tool-calls', calls: [{ id: 'a', name: 'look_up', argumentsText }] }] },
        'No.',
      ],
      script: async (hands) => {
        await hands.say('look it up');
        await hands.agentFinishes();
      },
    });
    expect(of('tool-finished')[0]?.result).toMatch(/nested too deep/);
    expect(runs).toBe(0);
    expect(caller.heardText()).toContain('no');
  });

  it('get what was collected, also what was typed unseen', async () => {
    const seen: unknown[] = [];
    const pay = lookUp((_: unknown, run: { readonly slots: unknown }) => {
      seen.push(run.slots);
      return 'paid';
    });
    const { caller, events } = await playCall({
      agent: {
        ...agent,
        tools: [pay],
        slots: { pin: { description: 'PIN', schema: z.string(), keypad: { digits: 4 } } },
        lines: { keypad: 'Type it now.' },
      },
      answers: [
        callTool('fill_slot', { name: 'pin', value: 'keypad' }),
        callTool('look_up', { id: '1' }),
        'Done.',
      ],
      script: async (hands) => {
        await hands.say('pay please');
        await hands.agentFinishes();
        await hands.wait(13_000);
        await hands.press('9876');
        await hands.agentFinishes();
      },
    });
    expect(seen).toEqual([{ pin: '9876' }]);
    expect(caller.heardText()).toBe('type it now done');
    expect(JSON.stringify(events)).not.toContain('9876');
  });

  it('are covered by a filler when they take long', async () => {
    const clock = createVirtualClock();
    const slow = lookUp(
      () =>
        new Promise((resolve) =>
          clock.setTimeout(() => {
            resolve('ok');
          }, 3_000),
        ),
    );
    const { caller } = await playCall({
      virtualClock: clock,
      agent: { ...agent, tools: [slow] },
      answers: [callTool('look_up', { id: '1' }), 'Found it.'],
      script: async (hands) => {
        await hands.say('look it up');
        await hands.agentFinishes(3_000);
      },
    });
    expect(caller.heardText()).toBe('one moment please found it');
  });

  it('are not run with arguments that do not fit, are cut, or name what is not there', async () => {
    let runs = 0;
    const tool = lookUp(() => (runs += 1));
    const bad = await ask(tool, { id: 7 });
    expect(bad.of('tool-finished')[0]?.result).toMatch(/^Not run: id:/);
    const cut = await playCall({
      agent: { ...agent, tools: [tool] },
      answers: [
        {
          parts: [{ type: 'tool-calls', calls: [{ id: 'a', name: 'look_up', argumentsText: '{"id": "10' }] }],
        },
        { parts: [{ type: 'tool-calls', calls: [{ id: 'b', name: 'constructor', argumentsText: '{}' }] }] },
        'No.',
      ],
      script: async (hands) => {
        await hands.say('look it up');
        await hands.agentFinishes();
      },
    });
    expect(cut.of('tool-finished').map(({ result }) => result)).toEqual([
      'Not run: the arguments are cut or are not JSON. Ask again with complete JSON.',
      'There is no tool of that name.',
    ]);
    expect(runs).toBe(0);
  });

  it('asked for again and again run once, and the model answers without them at the cap', async () => {
    let runs = 0;
    const { llm, caller } = await playCall({
      agent: { ...agent, tools: [lookUp(() => (runs += 1))], limits: { steps: 3 } },
      answers: (request) => (request.tools === undefined ? 'Enough.' : callTool('look_up', { id: '1' })),
      script: async (hands) => {
        await hands.say('loop');
        await hands.agentFinishes();
      },
    });
    expect(runs).toBe(1);
    expect(llm.requests).toHaveLength(3);
    expect(caller.heardText()).toBe('enough');
  });

  it('with money at stake need approval', async () => {
    const pay = defineTool({
      name: 'pay',
      description: 'Pays.',
      risk: 'money',
      input: z.object({}),
      run: () => 'paid',
    });
    const asked: string[] = [];
    const { of } = await playCall({
      agent: { ...agent, tools: [pay] },
      approve: ({ tool }) => {
        asked.push(tool);
        return false;
      },
      answers: [callTool('pay', {}), 'Sorry.'],
      script: async (hands) => {
        await hands.say('pay');
        await hands.agentFinishes();
      },
    });
    expect(asked).toEqual(['pay']);
    expect(of('tool-finished')[0]).toMatchObject({ ok: false });
  });

  it('finish into the history although the caller interrupted', async () => {
    const clock = createVirtualClock();
    const slow = lookUp(
      () =>
        new Promise((resolve) =>
          clock.setTimeout(() => {
            resolve('sent');
          }, 4_000),
        ),
      { filler: 'Let me see now.' },
    );
    const { llm } = await playCall({
      virtualClock: clock,
      agent: { ...agent, tools: [slow] },
      answers: [callTool('look_up', { id: '1' }), 'First.', 'Second.'],
      script: async (hands) => {
        await hands.say('look it up');
        await hands.agentSpeaks(300);
        await hands.say('hurry up please now');
        await hands.agentFinishes(4_000);
        await hands.say('and now');
        await hands.agentFinishes();
      },
    });
    const last = llm.requests.at(-1)?.messages ?? [];
    expect(last.find(({ role }) => role === 'tool')).toMatchObject({ content: 'sent' });
  });
});
