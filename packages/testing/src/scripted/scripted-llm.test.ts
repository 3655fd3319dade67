// The scripted model: responses in order or by request, on the clock, failing where it is told to.
import type { LlmPart, LlmRequest } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../virtual-clock.js';
import { callTool, createScriptedLlm, type ScriptedLlmOptions } from './scripted-llm.js';

async function ask(options: ScriptedLlmOptions, request: Partial<LlmRequest> = {}) {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const llm = createScriptedLlm(options);
  const parts: (LlmPart & { clockMs: number })[] = [];
  let how: unknown;
  void (async () => {
    try {
      for await (const part of llm.generate({ messages: [], clock, signal: controller.signal, ...request })) {
        parts.push({ ...part, clockMs: clock.now() });
      }
      how = 'returned';
    } catch (error) {
      how = error;
    }
  })();
  await clock.advance(1000);
  return { parts, how, clock, controller, llm };
}

describe('createScriptedLlm', () => {
  it('answers in order, texts and tools, and says why it finished', async () => {
    const text = await ask({ responses: ['Hello.'] });
    expect(text.parts.map(({ type }) => type)).toEqual(['text', 'usage', 'finish']);
    const tool = await ask({ responses: [callTool('look_up', { id: 7 })] });
    expect(tool.parts[0]).toMatchObject({ type: 'tool-call', name: 'look_up', argumentsText: '{"id":7}' });
    expect(tool.parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  it('takes its time on the clock', async () => {
    const { parts, clock } = await ask({ responses: ['Hello.'], delays: { firstMs: 100, partMs: 40 } });
    expect(parts.map(({ clockMs }) => clockMs)).toEqual([100, 140, 180]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes wrong as told, by request', async () => {
    const slow = await ask({ responses: ['Hello.'], faults: [{ type: 'slow', delayMs: 200 }] });
    expect(slow.parts.map(({ clockMs }) => clockMs)).toEqual([200, 400, 600]);
    const cut = await ask({
      responses: ['Hello.'],
      faults: [{ type: 'fail', afterEvents: 1, class: 'timeout' }],
    });
    expect([cut.parts.length, cut.how]).toEqual([
      1,
      expect.objectContaining({ class: 'timeout', stage: 'llm' }),
    ]);
    const stalled = await ask({ responses: ['Hello.'], faults: [{ type: 'stall', afterEvents: 1 }] });
    expect(stalled.how).toBeUndefined();
    stalled.controller.abort(new Error('enough'));
    await stalled.clock.advance(0);
    expect(stalled.clock.pendingTimers).toBe(0);
  });

  it('does not take what it does not declare', async () => {
    const tools = [{ name: 'a', description: 'b', parameters: {} }];
    const { how } = await ask({ responses: [], capabilities: { tools: false } }, { tools });
    expect(how).toMatchObject({ name: 'ConfigError', code: 'config.unsupported' });
  });
});
