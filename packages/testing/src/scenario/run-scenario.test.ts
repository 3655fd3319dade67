// Scenarios as they are played: each expectation holding, and each broken.
import { ConfigError, type Agent } from '@voicewire/core';
import type { LlmAdapter, LlmPart } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { judgeCall } from './judge-call.js';
import { playRun } from './play-run.js';
import { checkScenario, prepareRun } from './prepare-run.js';
import { repeatScenario } from './repeat-scenario.js';
import { parseScenario } from './scenario.js';
import { asking, brokenIn, findOrder, model, options, orders, play, shop } from './test-shop.js';

describe('an expectation', () => {
  it.each<[string, object, object]>([
    ['says', { says: 'on its way' }, { says: 'on its feet' }],
    ['says, twice', { says: ['on its way', '/thursday/i'] }, { says: ['on its way', '/friday/i'] }],
    ['within_ms', { within_ms: 2_000 }, { within_ms: 100 }],
    ['calls_tool', { calls_tool: 'find_order' }, { calls_tool: 'refund' }],
    [
      'calls_tool with arguments',
      { calls_tool: { name: 'find_order', arguments: { number: '4711' } } },
      { calls_tool: { name: 'find_order', arguments: { number: '4712' } } },
    ],
    ['absent text', { absent: 'sorry' }, { absent: 'thursday' }],
    ['absent tool', { absent: { tool: 'refund' } }, { absent: { tool: 'find_order' } }],
  ])('%s: of an answer and of the call, holding and broken', async (_, held, broken) => {
    for (const place of ['answer', 'call'] as const) {
      const written = (expectation: object): object =>
        place === 'answer'
          ? { script: [asking, { expect: expectation }] }
          : { script: [asking], expect: expectation };
      expect(brokenIn(await play(written(held)))).toEqual([]);
      const [path] = brokenIn(await play(written(broken)));
      expect(path).toContain(
        `${place === 'answer' ? 'script[1].expect' : 'expect'}.${Object.keys(broken)[0] ?? ''}: `,
      );
    }
  });

  it('of an answer looks at no other', async () => {
    const verdict = await play({
      script: [{ expect: { says: 'on its way' } }, asking, { expect: { says: 'good day' } }],
    });
    expect(brokenIn(verdict)).toEqual([
      'script[0].expect.says: heard "Good day."',
      expect.stringContaining('script[2].expect.says: heard "It is on its way'),
    ]);
  });

  it('ends, and provider_used', async () => {
    const written = { script: [{ say: 'bye' }, { wait_for: 'end' }], providers: { tts: ['one', 'two'] } };
    const held = { ends: 'agent-hung-up', provider_used: { tts: 'one' } };
    expect(brokenIn(await play({ ...written, expect: held }))).toEqual([]);
    const broken = { ends: 'caller-hung-up', provider_used: { tts: ['one', 'two'] } };
    expect(brokenIn(await play({ ...written, expect: broken }))).toEqual([
      'expect.ends: it ended with agent-hung-up',
      'expect.provider_used.tts: by one',
    ]);
  });

  it('of what was heard, not of what was said', async () => {
    const script = [asking, { barge_in: { say: 'stop', after_words: 4 } }, { expect: { says: 'all right' } }];
    const verdict = await play({
      script,
      expect: { says: 'it is on its', absent: 'thursday', words: 'intact' },
    });
    expect(brokenIn(verdict)).toEqual([]);
    expect(verdict.transcript.join('\n')).toContain('(interrupted)');
  });

  it('words: intact turns red when one is lost, doubled or out of order', async () => {
    const scenario = parseScenario({ model, script: [asking], expect: { words: 'intact' } });
    const run = await prepareRun(scenario, options);
    const { caller, log } = await playRun(run);
    const words = caller.heardWords().map(({ text }) => text);
    const judge = (heardWords: readonly string[] | undefined, events = log) =>
      judgeCall({ ...run, log: events, heardWords, problem: undefined }).map(({ status, found }) => [
        status,
        found,
      ]);
    const fine = ['held', 'all came, each once'];
    expect(judge(words)).toEqual([fine, fine]);
    expect(judge(words.filter((word) => word !== 'way'))).toEqual([fine, ['broken', 'lost: way']]);
    expect(judge(words.flatMap((word) => (word === 'way' ? [word, word] : word)))).toEqual([
      fine,
      ['broken', 'too many: way'],
    ]);
    expect(judge(words.toReversed())[1]?.[0]).toBe('broken');
    const misheard = log.map((event) =>
      event.type === 'transcript-final' ? { ...event, text: event.text.replace('my ', '') } : event,
    );
    expect(judge(words, misheard)).toEqual([['broken', 'lost: my'], fine]);
    expect(judge(undefined).map(([status]) => status)).toEqual(['not-checked']);
  });
});

describe('the caller', () => {
  it('waits for what is owed, unless a pause is written down', async () => {
    const polite = await play({ script: [asking, { say: 'bye' }] });
    expect(polite.transcript.join('\n')).toMatch(/Thursday\.\n.*caller {2}bye/);
    const hasty = await play({
      script: [asking, { wait_ms: 200 }, { say: 'at once please' }],
      model: [{ says: 'Yes.' }],
    });
    expect(hasty.transcript.join('\n')).toContain('caller  where is my order at once please');
  });

  it('presses keys, says nothing, and hangs up', async () => {
    const keys = await play({
      script: [{ press: '4711#' }, { expect: { says: 'yes' } }],
      model: [{ hears: '4711', says: 'Yes.' }],
    });
    expect(brokenIn(keys)).toEqual([]);
    const silent = await play({
      script: [{ silence_ms: 10_500 }, { expect: { says: 'are you still there' } }],
    });
    expect(brokenIn(silent)).toEqual([]);
    const gone = await play({ script: [asking, 'hang_up', { expect: { says: 'on its way' } }] });
    expect(brokenIn(gone)).toEqual(['script[2].expect: the call was over (caller-hung-up)']);
  });

  it('is told when the call was over before the script', async () => {
    const verdict = await play({
      script: [{ say: 'bye' }, { wait_for: 'agent' }, { say: 'one more thing please' }],
    });
    expect(brokenIn(verdict)).toEqual(['script[2].say: the call was over (agent-hung-up)']);
  });

  it('does not wait for ever', async () => {
    const verdict = await play({ max_call_s: 20, script: [{ wait_for: 'end' }] });
    expect(brokenIn(verdict)).toEqual(['script: The call was not over after 20000 ms.']);
  });
});

describe('a model of rules', () => {
  it('says what no rule answers', async () => {
    const verdict = await play({ script: [{ say: 'sing me a song' }] });
    expect(brokenIn(verdict)).toContain('model: no rule answers "sing me a song"');
  });

  it('runs tools, or is given their results', async () => {
    orders.length = 0;
    await play({ script: [asking] });
    expect(orders).toEqual(['4711']);
    const verdict = await play({ script: [asking], tools: { find_order: { found: 'elsewhere' } } });
    expect(orders).toEqual(['4711']);
    expect(verdict.transcript.join('\n')).toContain('{"found":"elsewhere"}');
  });

  it('and so do the agents it hands over to, in circles too, whatever voice they name', async () => {
    const second = { name: 'second', instructions: 'Find it.', tools: [findOrder], voice: { nobody: 'x' } };
    const first: Agent = { ...shop, tools: [], handoffs: [second] };
    Object.assign(second, { handoffs: [first] });
    const handing = [
      { hears: 'order', calls_tool: { name: 'hand_over', arguments: { agent: 'second' } } },
      { result_of: 'hand_over', calls_tool: { name: 'find_order', arguments: { number: '4711' } } },
      { result_of: 'find_order', says: 'Here it is.' },
    ];
    const verdict = await play(
      {
        script: [asking, { expect: { says: 'here it is' } }],
        model: handing,
        tools: { find_order: { found: 'here' } },
      },
      { agent: first },
    );
    expect(brokenIn(verdict)).toEqual([]);
    expect(verdict.transcript.join('\n')).toContain('{"found":"here"}');
  });

  it('pays only where the scenario approves', async () => {
    const script = [{ say: 'money please' }];
    expect((await play({ script })).transcript.join('\n')).not.toContain('"paid":true');
    expect((await play({ script, approves: true })).transcript.join('\n')).toContain('"paid":true');
  });
});

describe('time and seeds', () => {
  it('the same seed is the same call, another is another', async () => {
    const calls = await Promise.all([1, 1, 2].map((seed) => play({ script: [asking] }, { seed })));
    const [one, again, other] = calls.map(({ log }) => log.map(({ type, atMs }) => `${type} ${atMs}`).join());
    expect(one).toBe(again);
    expect(one).not.toBe(other);
  });

  it('work outside of the process is waited for: tools and models that take real time', async () => {
    const later = <Value>(value: Value): Promise<Value> =>
      new Promise((resolve) => void setTimeout(() => resolve(value), 30));
    const slowTool = { ...findOrder, run: () => later({ found: 'later' }) };
    const remote: LlmAdapter = {
      kind: 'llm',
      specVersion: 1,
      provider: 'remote',
      healthKey: 'remote@elsewhere#0',
      capabilities: { tools: true, parallelTools: true, responseSchema: false, prefill: false },
      async *generate({ messages }): AsyncGenerator<LlmPart> {
        const last = await later(messages.at(-1));
        if (last?.role === 'tool') yield { type: 'text', text: `It says ${last.content}.` };
        else yield { type: 'tool-call', id: '1', name: 'find_order', argumentsText: '{"number":"1"}' };
        yield { type: 'finish', reason: last?.role === 'tool' ? 'stop' : 'tool-calls' };
      },
    };
    const verdict = await play(
      { model: undefined, script: [asking, { expect: { says: 'found later', within_ms: 5_000 } }] },
      { agent: { ...shop, tools: [slowTool] }, providers: { stt: [], llm: [remote] } },
    );
    expect(brokenIn(verdict)).toEqual([]);
  });

  it('an abort ends the call and the repeating', async () => {
    const controller = new AbortController();
    const scenario = parseScenario({ model, script: [asking] });
    const stopping = { ...findOrder, run: () => controller.abort() };
    const agent = { ...shop, tools: [stopping] };
    const result = await repeatScenario(scenario, {
      ...options,
      agent,
      signal: controller.signal,
      repeat: 5,
    });
    expect(result.runs).toHaveLength(1);
    expect(result.runs[0]?.log.at(-1)).toMatchObject({ type: 'call-ended', reason: 'aborted' });
  });

  it('counts how many runs passed', async () => {
    const agent = { ...shop, tools: [{ ...findOrder, run: () => ({ found: orders.push('') % 2 === 0 }) }] };
    const scenario = parseScenario({
      script: [asking],
      expect: { says: 'yes' },
      model: [
        { hears: 'order', calls_tool: { name: 'find_order', arguments: { number: '1' } } },
        { says: 'Yes.' },
      ],
    });
    orders.length = 0;
    const half = { ...options, agent, repeat: 4 };
    const flaky = { ...scenario, expect: { ...scenario.expect, within_ms: 0 } };
    expect(await repeatScenario(flaky, half)).toMatchObject({ passed: false, passRate: 0 });
    expect(await repeatScenario(scenario, half)).toMatchObject({ passed: true, passRate: 1 });
    expect((await repeatScenario(scenario, { ...half, seed: 7 })).runs.map(({ seed }) => seed)).toEqual([
      7, 8, 9, 10,
    ]);
  });
});

it('an agent whose calls may cost so much is played without anybody having prices', async () => {
  const agent: Agent = { ...shop, limits: { money: 1 } };
  expect(brokenIn(await play({ script: [asking, { expect: { says: 'on its way' } }] }, { agent }))).toEqual(
    [],
  );
});

describe('what can not be played', () => {
  it('is told at once, with its path', () => {
    const scenario = parseScenario({
      tools: { find_ordre: 1 },
      faults: { stt: { provider: 'nobody', hangs: true } },
      script: [{ wav: 'a.wav' }],
    });
    const check = (): void => checkScenario(scenario, options);
    expect(check).toThrow(ConfigError);
    try {
      check();
    } catch (error) {
      const paths = (error as ConfigError).problems.map(({ path }) => path);
      expect(paths).toEqual(['script[0].wav', 'tools.find_ordre', 'model', 'faults.stt[0].provider']);
    }
  });

  it('real time needs a voice and a model', async () => {
    await expect(play({ time: 'real', script: [asking] })).rejects.toThrow(/no language model/);
  });
});
