// Whole calls in virtual time: what recognisers, models, voices and carriers do that is not in the brochure.
import {
  callTool,
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createVirtualClock,
} from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProviderError } from '../errors/provider-error.js';
import type { LlmAdapter } from '../spec/llm.js';
import { playCall, type PlayOptions } from '../../test/play-call.js';
import type { Agent } from './agent.js';
import { defineTool } from './tool.js';

const agent: Agent = { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000 } };
/** A line is quiet before anybody speaks. */
const quietMs = 500;
const script =
  (text: string): PlayOptions['script'] =>
  async (hands) => {
    await hands.wait(quietMs);
    await hands.say(text);
    await hands.agentFinishes();
  };

describe('an eager end of turn', () => {
  const eagerStt = () => createScriptedStt({ pauseMs: 1_500, eagerPauseMs: 300 });

  it('is thought about, but neither spoken nor acted on when the caller goes on', async () => {
    let runs = 0;
    const book = defineTool({
      name: 'book',
      description: 'Books.',
      risk: 'write',
      input: z.object({}),
      run: () => (runs += 1),
    });
    const { llm, caller, clock, of } = await playCall({
      agent: { ...agent, tools: [book] },
      answers: [callTool('book', {}), 'As you like.'],
      providers: { stt: eagerStt() },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('book a table');
        await hands.wait(380);
        await hands.say('or better not');
        await hands.agentFinishes();
      },
    });
    expect(llm.requests).toHaveLength(2);
    expect(of('turn-withdrawn')).toHaveLength(1);
    expect(runs).toBe(0);
    expect(of('tool-started')).toEqual([]);
    expect(caller.heardText()).toBe('as you like');
    expect(llm.requests[1]?.messages.at(-1)).toEqual({ role: 'user', content: 'book a table or better not' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is answered once, sooner than a sure one', async () => {
    const { llm, caller, of, result } = await playCall({
      answers: ['At nine.'],
      providers: { stt: eagerStt() },
      script: script('when do you open'),
    });
    expect(llm.requests).toHaveLength(1);
    expect(caller.heardText()).toBe('at nine');
    expect(of('agent-resumed')).toHaveLength(1);
    expect(result.messages).toEqual([
      { role: 'user', content: 'when do you open' },
      { role: 'assistant', content: 'At nine.' },
    ]);
  });
});

describe('recognisers', () => {
  it.each([
    ['without partials', { partials: false }],
    ['without flush', { flush: false }],
    ['without times', { timing: 'none' as const }],
    ['with nothing but finals', { partials: false, flush: false, turnEvents: false, speechEvents: false }],
  ])('%s are answered all the same', async (_, capabilities) => {
    const { caller, result } = await playCall({
      answers: ['One.', 'Two.'],
      providers: { stt: createScriptedStt({ capabilities }) },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('first question');
        await hands.agentFinishes();
        await hands.say('second question');
        await hands.agentFinishes();
      },
    });
    expect(caller.heardText()).toBe('one two');
    expect(result.messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
      'first question',
      'second question',
    ]);
  });

  it('that close because nothing is said are opened again, and nobody is blamed', async () => {
    const stt = createScriptedStt({
      faults: (index) => (index < 2 ? { type: 'fail', class: 'idle', afterMs: 2_000 } : undefined),
    });
    const { result, of, caller } = await playCall({
      answers: ['Good.'],
      providers: { stt },
      script: async (hands) => {
        await hands.wait(5_000);
        await hands.say('here i am again');
        await hands.agentFinishes();
      },
    });
    expect(result.messages[0]).toEqual({ role: 'user', content: 'here i am again' });
    expect(of('error')).toEqual([]);
    expect(of('audio-lost')).toEqual([]);
    expect(caller.heardText()).toBe('good');
    const [final] = of('transcript-final').filter(({ text }) => text !== '');
    expect(Math.abs((final?.startMs ?? 0) - 5_000)).toBeLessThan(40);
  });

  it('that end at once are not asked in a storm', async () => {
    const stt = createScriptedStt({ faults: () => ({ type: 'refuse', class: 'idle' }) });
    await playCall({ providers: { stt }, script: (hands) => hands.wait(10_000) });
    expect(stt.streams.length).toBeLessThanOrEqual(11);
  });

  it('that fail in assist are tried again after a rest, and what was lost is said', async () => {
    const stt = createScriptedStt({
      faults: (index) => (index === 0 ? { type: 'fail', afterMs: 1_000 } : undefined),
    });
    const { of } = await playCall({
      mode: 'assist',
      agent: undefined,
      providers: { stt },
      script: async (hands) => {
        await hands.wait(8_000);
        await hands.say('are you back');
        await hands.wait(2_000);
      },
    });
    expect(stt.streams).toHaveLength(2);
    expect(of('audio-lost')[0]?.lostMs).toBeGreaterThan(4_000);
    expect(of('transcript-final').map(({ text }) => text)).toContain('are you back');
  });

  it('that never give a final are taken at their last partial, also in assist', async () => {
    const stt = createScriptedStt({ pauseMs: 1e9, capabilities: { flush: false, turnEvents: false } });
    const talk: PlayOptions['script'] = async (hands) => {
      await hands.say('is anybody there');
      await hands.wait(3_000);
    };
    const assist = await playCall({ mode: 'assist', agent: undefined, providers: { stt }, script: talk });
    expect(assist.of('transcript-final')[0]).toMatchObject({ text: 'is anybody there', promoted: true });
    const answered = await playCall({ answers: ['Yes.'], providers: { stt }, script: talk });
    expect(answered.caller.heardText()).toBe('yes');
  });

  it('are counted in the use of a call', async () => {
    const { of } = await playCall({ answers: ['Yes.'], script: script('hello') });
    const stt = of('usage').find(({ stage }) => stage === 'stt');
    expect(stt?.audioMs).toBeGreaterThan(1_000);
  });
});

describe('models', () => {
  it.each(['content-filter', 'refusal'] as const)('that end with %s: a configured line', async (finish) => {
    const { caller, of } = await playCall({
      agent: { ...agent, lines: { refused: 'That is not for me.' } },
      answers: [{ parts: [{ type: 'text', text: 'Well, you cou' }], finish }],
      script: script('do something bad'),
    });
    expect(caller.heardText()).toBe('well you cou that is not for me');
    expect(of('model-finished')[0]?.reason).toBe(finish);
  });

  it('that refuse the request for its content: the same line, and the call goes on', async () => {
    const llm = createScriptedLlm({
      responses: ['never', 'Gladly.'],
      faults: [{ type: 'refuse', class: 'content' }],
    });
    const { caller, result } = await playCall({
      agent: { ...agent, lines: { refused: 'Not for me.' } },
      providers: { llm },
      script: async (hands) => {
        await hands.say('bad');
        await hands.agentFinishes();
        await hands.say('good');
        await hands.agentFinishes();
      },
    });
    expect(caller.heardText()).toBe('not for me gladly');
    expect(result.reason).toBe('caller-hung-up');
  });

  it('that can not take so much are given less, once', async () => {
    const inner = createScriptedLlm({ responses: () => 'Yes.' });
    const sizes: number[] = [];
    const llm: LlmAdapter = {
      ...inner,
      generate(request) {
        const size = request.messages.reduce((sum, { content }) => sum + content.length, 0);
        sizes.push(size);
        if (size <= 60) return inner.generate(request);
        throw new ProviderError({
          class: 'invalid_request',
          code: 'provider.context_too_long',
          provider: 'small',
          stage: 'llm',
          message: 'Too long.',
        });
      },
    };
    const { caller, result } = await playCall({
      providers: { llm },
      script: async (hands) => {
        await hands.wait(quietMs);
        for (const text of ['a first question to begin with', 'a second question goes on', 'a third one']) {
          await hands.say(text);
          await hands.agentFinishes();
        }
      },
    });
    expect(caller.heardText()).toBe('yes yes yes');
    expect(result.reason).toBe('caller-hung-up');
    expect(sizes.filter((size) => size > 60)).toHaveLength(2);
  });

  it('that never stop asking for tools are stopped at the cap, although they were given none', async () => {
    const { llm, caller } = await playCall({
      agent: { ...agent, limits: { steps: 3 }, lines: { refused: 'I can not.' } },
      answers: () => callTool('anything', {}),
      script: script('loop'),
    });
    expect(llm.requests).toHaveLength(3);
    expect(caller.heardText()).toBe('i can not');
  });

  it('get back what they gave to be kept', async () => {
    const state = { healthKey: 'scripted@script', data: 'reasoning' };
    const inner = createScriptedLlm({ responses: [callTool('anything', {}), 'Done.'] });
    const llm: LlmAdapter = {
      ...inner,
      async *generate(request) {
        for await (const part of inner.generate(request))
          yield part.type === 'finish' ? { ...part, providerState: state } : part;
      },
    };
    await playCall({ providers: { llm }, script: script('go') });
    expect(inner.requests[1]?.messages.at(-2)).toMatchObject({ role: 'assistant', providerState: state });
  });

  it('that hang up without a word say goodbye', async () => {
    const { caller, result } = await playCall({
      agent: { ...agent, lines: { goodbye: 'So long.' } },
      answers: [callTool('end_call', {})],
      script: script('that is all'),
    });
    expect(caller.heardText()).toBe('so long');
    expect(result.reason).toBe('agent-hung-up');
  });

  it('that dribble are spoken before their sentence ends', async () => {
    const words = Array.from({ length: 12 }, (_, index) => `word${index} `);
    const llm = createScriptedLlm({
      responses: [{ parts: words.map((text) => ({ type: 'text', text })) }],
      delays: { partMs: 450 },
    });
    const { of } = await playCall({ providers: { llm }, script: script('go on') });
    const [latency] = of('turn-latency');
    expect(latency?.llmMs).toBeLessThanOrEqual(1_500);
    expect(of('agent-heard').at(-1)?.text).toBe(words.join('').trim());
  });
});

describe('a retriever', () => {
  const ask = async (retrieve: (clock: ReturnType<typeof createVirtualClock>) => Promise<never[]>) => {
    const clock = createVirtualClock();
    return playCall({
      virtualClock: clock,
      agent: { ...agent, retriever: { retrieve: () => retrieve(clock), deadlineMs: 300 } },
      answers: ['Without.'],
      script: script('what is it'),
    });
  };

  it('that finds something is told to the model as information', async () => {
    const { llm } = await playCall({
      agent: {
        ...agent,
        retriever: { retrieve: () => Promise.resolve([{ text: 'Open at nine.', source: 'faq' }]) },
      },
      answers: ['At nine.'],
      script: script('when do you open'),
    });
    expect(llm.requests[0]?.messages[1]?.content).toContain('[faq] Open at nine.');
  });

  it.each<[string, Parameters<typeof ask>[0]]>([
    ['slow', () => new Promise(() => undefined)],
    ['broken', () => Promise.reject(new TypeError('broken'))],
    [
      'broken at once',
      () => {
        throw new TypeError('broken');
      },
    ],
  ])('that is %s costs the answer nothing but its passages', async (_, retrieve) => {
    const { caller, of, clock, llm } = await ask(retrieve);
    expect(caller.heardText()).toBe('without');
    expect(of('turn-latency')[0]?.llmMs).toBeLessThanOrEqual(300);
    expect(llm.requests[0]?.messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('voices', () => {
  it('that refuse at once end the call with the reason, also when the text came by a timer', async () => {
    const tts = createScriptedTts();
    const connect = tts.connect.bind(tts);
    const refusing = {
      ...tts,
      connect: (request: Parameters<typeof connect>[0]) => ({
        ...connect(request),
        speak: () => {
          throw new ProviderError({
            class: 'capacity',
            provider: 'full',
            stage: 'tts',
            message: 'No room.',
          });
        },
      }),
    };
    const llm = createScriptedLlm({
      responses: [
        {
          parts: [
            { type: 'text', text: 'no end ' },
            { type: 'text', text: 'in sight' },
          ],
        },
      ],
      delays: { partMs: 900 },
    });
    const { result, of } = await playCall({
      providers: { tts: refusing, llm },
      script: async (hands) => {
        await hands.say('hello');
        await hands.wait(10_000);
      },
    });
    expect(result.reason).toBe('providers-failed');
    expect(of('error')[0]).toMatchObject({ stage: 'tts', code: 'provider.capacity' });
  });

  it('that hang for ever do not keep the call', async () => {
    const tts = createScriptedTts({ faults: () => ({ type: 'hang' }) });
    const { result, clock } = await playCall({
      answers: ['Hello.'],
      providers: { tts },
      script: async (hands) => {
        await hands.say('hello');
        await hands.wait(300_000);
      },
    });
    expect(result.reason).toBe('providers-failed');
    expect(result.durationMs).toBeLessThan(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that take one clause at a time say all of them in order', async () => {
    const tts = createScriptedTts({
      capabilities: { textStreaming: false, concurrentUtterances: 1, wordTimings: false },
    });
    const text = 'This is the first sentence. And here is the second one. Then comes a third.';
    const { caller, result } = await playCall({
      answers: [text],
      providers: { tts },
      script: script('talk'),
    });
    expect(tts.utterances.length).toBeGreaterThan(1);
    expect(caller.heardText()).toBe(
      'this is the first sentence and here is the second one then comes a third',
    );
    expect(result.messages.at(-1)?.content).toBe(text);
  });
});
