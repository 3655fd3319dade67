// Whole calls in virtual time: what is said, heard, remembered, and what ends them.
import { callTool, createScriptedStt } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { playCall } from '../../test/play-call.js';
import { defineTool } from './tool.js';

const agent = { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000 } };

describe('a conversation', () => {
  it('greets, listens, answers, and remembers what was heard', async () => {
    const { result, caller, of, clock, llm } = await playCall({
      agent: { ...agent, greeting: 'Good day.' },
      answers: ['Your order is on its way. It comes at five.'],
      providers: { stt: createScriptedStt({ capabilities: { turnEvents: false } }) },
      script: async (hands) => {
        await hands.agentFinishes();
        await hands.say('where is my order');
        await hands.agentFinishes();
      },
    });
    expect(caller.heardText()).toBe('good day your order is on its way it comes at five');
    expect(result.messages).toEqual([
      { role: 'assistant', content: 'Good day.' },
      { role: 'user', content: 'where is my order' },
      { role: 'assistant', content: 'Your order is on its way. It comes at five.' },
    ]);
    expect(result.reason).toBe('caller-hung-up');
    expect(llm.requests[0]?.messages.map(({ role }) => role)).toEqual(['system', 'assistant', 'user']);
    const [latency] = of('turn-latency');
    expect(latency).toMatchObject({ llmMs: 0, ttsMs: 0, totalMs: 500 });
    expect(latency?.totalMs).toBe((latency?.sttMs ?? 0) + (latency?.endpointMs ?? 0));
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps only the words that were played when the caller barges in with seconds buffered', async () => {
    const long =
      'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen';
    const { result, caller, of } = await playCall({
      answers: [long, 'Gladly.'],
      script: async (hands) => {
        await hands.say('count please');
        await hands.agentSpeaks(1_000);
        await hands.say('no wait stop');
        await hands.agentFinishes();
      },
    });
    const [heard] = of('agent-heard');
    expect(heard).toMatchObject({ outcome: 'interrupted' });
    expect(long.startsWith(heard?.text ?? '-')).toBe(true);
    expect(caller.clearedBytes).toBeGreaterThan(8 * 2_000);
    const whole = caller.heardText().split(' ').slice(0, heard?.text.split(' ').length).join(' ');
    expect(heard?.text).toBe(whole);
    expect(result.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(caller.heardText()).toMatch(/gladly$/);
  });

  it('goes on at the first unheard word after a noise that was no interruption', async () => {
    const long = 'one two three four five six seven eight nine ten eleven twelve';
    // A cough: loud, no words.
    const noise = Uint8Array.from({ length: 8 * 250 }, (_, index) => (index % 7) * 16 + (index % 2) * 128);
    const { result, of } = await playCall({
      answers: [long],
      script: async (hands) => {
        await hands.say('count please');
        await hands.agentSpeaks(1_000);
        await hands.play(noise);
        await hands.agentFinishes(2_000);
      },
      providers: { stt: createScriptedStt({ capabilities: { speechEvents: false } }) },
    });
    expect(of('agent-paused')).toHaveLength(1);
    expect(of('agent-resumed')).toHaveLength(1);
    expect(of('agent-heard').at(-1)).toMatchObject({ outcome: 'heard', text: long });
    expect(result.messages.at(-1)).toMatchObject({ content: long });
    const { playedMs } = of('agent-paused')[0] ?? { playedMs: 0 };
    expect(of('agent-resumed')[0]?.fromMs).toBeLessThanOrEqual(playedMs);
  });

  it('answers keys, and does not hang on a silent caller', async () => {
    const { result, of } = await playCall({
      agent: { ...agent, turn: { silenceMs: 5_000 } },
      answers: ['Thank you.'],
      script: async (hands) => {
        await hands.press('4711#');
        await hands.agentFinishes();
        await hands.wait(60_000);
      },
    });
    expect(of('user-turn')[0]).toMatchObject({ text: '4711', keypad: true });
    expect(result.reason).toBe('caller-silent');
    expect(of('reply-started').map(({ trigger }) => trigger)).toEqual([
      'utterance',
      'silence',
      'silence',
      'say',
    ]);
  });

  it('speaks no Markdown, addresses or control characters', async () => {
    const { caller } = await playCall({
      answers: ['**Sure**: see [our page](https://example.com/a?b=c).\u0007 It is `easy`. 🎉'],
      script: async (hands) => {
        await hands.say('help');
        await hands.agentFinishes();
      },
    });
    expect(caller.heardText()).toBe('sure see our page it is easy');
  });
});

describe('secrets', () => {
  it('typed for a slot reach the tool that checks them and nothing else', async () => {
    const { events, llm, of } = await playCall({
      agent: {
        ...agent,
        slots: { pin: { description: 'PIN', schema: z.string().regex(/^\d{4}$/), keypad: { digits: 4 } } },
      },
      answers: [
        {
          parts: [
            { type: 'text', text: 'Please type your PIN.' },
            {
              type: 'tool-calls',
              calls: [{ id: 'a', name: 'fill_slot', argumentsText: '{"name":"pin","value":"keypad"}' }],
            },
          ],
        },
        'Thank you.',
      ],
      script: async (hands) => {
        await hands.say('log me in');
        await hands.agentFinishes();
        await hands.press('9876');
        await hands.agentFinishes();
      },
    });
    expect(of('slot-filled')).toMatchObject([{ name: 'pin', value: '•', masked: true }]);
    expect(JSON.stringify(events)).not.toMatch(/9876|"digit":"[0-9]"/);
    expect(JSON.stringify(llm.requests.map(({ messages }) => messages))).not.toContain('9876');
  });

  it('card numbers that are spoken are masked everywhere', async () => {
    const { events, llm } = await playCall({
      answers: ['Thank you.'],
      script: async (hands) => {
        await hands.say('my card is 4111 1111 1111 1111');
        await hands.agentFinishes();
      },
    });
    expect(JSON.stringify([events, llm.requests.map(({ messages }) => messages)])).not.toContain(
      '1111 1111 1111',
    );
  });
});

describe('whenever the caller leaves', () => {
  it.each(Array.from({ length: 41 }, (_, index) => index * 150))(
    'after %i ms everything is closed',
    async (atMs) => {
      const tool = defineTool({
        name: 'wait',
        description: 'Waits.',
        risk: 'read',
        input: z.object({}),
        run: () => new Promise(() => undefined),
      });
      const { result, clock, of } = await playCall({
        agent: { ...agent, greeting: 'Good day.', tools: [tool] },
        answers: [callTool('wait', {}), 'Done.', 'Again.'],
        script: async (hands) => {
          void hands.say('please wait').catch(() => undefined);
          await hands.wait(atMs);
          hands.hangup();
        },
      });
      expect(result.reason).toBe('caller-hung-up');
      expect(of('call-ended')).toHaveLength(1);
      expect(result.durationMs).toBeLessThanOrEqual(atMs + 500);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('a lost line is not a hang-up, and the call can be taken up again', async () => {
    const first = await playCall({
      agent: { ...agent, greeting: 'Good day.' },
      answers: ['one two three four five six seven eight nine ten'],
      script: async (hands) => {
        await hands.agentFinishes();
        await hands.say('count');
        await hands.agentSpeaks(1_000);
        hands.lose();
      },
    });
    expect(first.result.reason).toBe('media-lost');
    const second = await playCall({
      agent: { ...agent, greeting: 'Good day.' },
      resume: first.result.log,
      answers: ['Of course.'],
      script: async (hands) => {
        await hands.agentFinishes();
        await hands.say('go on');
        await hands.agentFinishes();
      },
    });
    expect(second.caller.heardText()).toMatch(/^sorry we were cut off .* of course$/);
    expect(second.llm.requests[0]?.messages.map(({ role }) => role)).toEqual([
      'system',
      'assistant',
      'user',
      'assistant',
      'assistant',
      'user',
    ]);
    const taken = second.events.find(({ type, seq }) => type === 'call-started' && seq > 1);
    expect(taken?.seq).toBe((first.events.at(-1)?.seq ?? 0) + 1);
  });
});

describe('assist', () => {
  it('hears every track and says nothing', async () => {
    const { result, of } = await playCall({
      mode: 'assist',
      agent: undefined,
      line: { tracks: ['customer', 'agent'] },
      script: async (hands) => {
        await hands.say('my parcel is broken', { track: 'customer' });
        await hands.say('oh dear', { track: 'agent' });
        await hands.wait(1_500);
      },
    });
    expect(
      of('transcript-final')
        .filter(({ text }) => text !== '')
        .map(({ track, text }) => [track, text]),
    ).toEqual([
      ['customer', 'my parcel is broken'],
      ['agent', 'oh dear'],
    ]);
    expect(of('reply-started')).toEqual([]);
    expect(result.messages).toEqual([]);
  });
});

it("a listener's exception is its own", async () => {
  const seen: string[] = [];
  const { result } = await playCall({
    answers: ['Hello.'],
    onCall: (call) => {
      call.on('user-turn', () => {
        throw new TypeError('mine');
      });
      call.on('user-turn', ({ text }) => seen.push(text));
    },
    script: async (hands) => {
      await hands.say('hello');
      await hands.agentFinishes();
    },
  });
  expect(seen).toEqual(['hello']);
  expect(result.reason).toBe('caller-hung-up');
});
