// An agent's own tests, as its author writes them; the guide shows them from here.
// #region agent
import { defineTool, fallbackLlm, type Agent } from '@voicewire/core';
import { callTool, createScriptedLlm, playCall } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const orderStatus = defineTool({
  name: 'order_status',
  description: 'Where an order is',
  risk: 'read',
  input: z.object({ orderNumber: z.string() }),
  run: ({ orderNumber }) => ({ orderNumber, status: 'out for delivery' }),
});
const shop: Agent = {
  name: 'shop',
  instructions: 'You answer the telephone of a small shop.',
  greeting: 'Good day.',
  tools: [orderStatus],
};
// #endregion agent

describe('the shop', () => {
  // #region answer
  it('looks the order up and says where it is', async () => {
    const llm = createScriptedLlm({
      responses: [callTool('order_status', { orderNumber: '4711' }), 'It is out for delivery.'],
    });
    const { result, caller } = await playCall({
      agent: shop,
      providers: { llm },
      script: async (caller) => {
        await caller.agentFinishes(); // the greeting
        await caller.say('where is order 4711');
        await caller.agentFinishes();
      }, // and hangs up
    });
    expect(caller.heardText()).toBe('good day it is out for delivery');
    expect(result.reason).toBe('caller-hung-up');
    expect(result.log.find(({ type }) => type === 'tool-finished')).toMatchObject({ ok: true });
    expect(llm.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content: 'where is order 4711' });
    llm.assertAllUsed();
  });
  // #endregion answer

  // #region barge-in
  it('remembers only what was heard when the caller interrupts', async () => {
    const llm = createScriptedLlm({
      responses: ['Your order left our house on Monday and is with you on Thursday.', 'You are welcome.'],
    });
    const { result, caller } = await playCall({
      agent: shop,
      providers: { llm },
      script: async (caller) => {
        await caller.agentFinishes();
        await caller.say('where is my order');
        await caller.agentSpeaks(1_000); // a second into the answer
        await caller.say('thank you that will do');
        await caller.agentFinishes();
      },
    });
    const said = result.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
    expect(said[1]).toMatch(/^Your order left/);
    expect(said[1]).not.toContain('Thursday');
    expect(caller.heardText()).toMatch(/you are welcome$/);
    expect(caller.log.map(({ type }) => type)).toContain('clear'); // what the carrier still held was thrown away
  });
  // #endregion barge-in

  // #region keys
  it('takes keys for an answer, and hangs up when it is told to', async () => {
    const { result } = await playCall({
      agent: shop,
      providers: { llm: createScriptedLlm({ responses: [callTool('end_call', {})] }) },
      script: async (caller) => {
        await caller.agentFinishes();
        await caller.press('4711#');
        await caller.until(() => false); // stays until somebody else ends the call
      },
    });
    expect(result.log.find(({ type }) => type === 'user-turn')).toMatchObject({ text: '4711', keypad: true });
    expect(result.reason).toBe('agent-hung-up');
  });
  // #endregion keys

  // #region faults
  it('answers with the next model when the first fails', async () => {
    const first = createScriptedLlm({ provider: 'first', responses: [''], faults: [{ type: 'refuse' }] });
    const second = createScriptedLlm({ responses: ['It is on its way.'], delays: { firstMs: 400 } });
    const { result, caller } = await playCall({
      agent: shop,
      providers: { llm: fallbackLlm([first, second]) },
      script: async (caller) => {
        await caller.agentFinishes();
        await caller.say('where is my order');
        await caller.agentFinishes();
      },
    });
    expect(caller.heardText()).toBe('good day it is on its way');
    const [failed] = result.log.filter(({ type }) => type === 'provider-failed');
    expect(failed).toMatchObject({ stage: 'llm', provider: 'first', class: 'unavailable', handled: true });
    const [latency] = result.log.filter(({ type }) => type === 'turn-latency');
    expect(latency).toMatchObject({ llmMs: 400 });
  });
  // #endregion faults
});

describe('playCall', () => {
  it('rejects with what the script threw', async () => {
    const script = async (): Promise<void> => Promise.reject(new RangeError('not what I expected'));
    const llm = createScriptedLlm({ responses: [] });
    await expect(playCall({ agent: shop, providers: { llm }, script })).rejects.toThrow(RangeError);
  });

  it('rejects a wrong combination before anything connects', async () => {
    const script = async (): Promise<void> => Promise.resolve();
    await expect(playCall({ agent: shop, script })).rejects.toMatchObject({ code: 'config.call' });
  });

  it('listens only, where it is asked to, on the line it is given', async () => {
    const { result } = await playCall({
      mode: 'assist',
      line: { callId: 'call-7', tracks: ['customer', 'agent'] },
      script: async (caller) => {
        await caller.say('where is my order');
        await caller.say('on its way', { track: 'agent' });
        await caller.wait(1_000);
      },
    });
    const finals = result.log.flatMap((event) =>
      event.type === 'transcript-final' && event.text !== '' ? [[event.track, event.text]] : [],
    );
    expect(result.callId).toBe('call-7');
    expect(finals).toEqual([
      ['customer', 'where is my order'],
      ['agent', 'on its way'],
    ]);
  });
});
