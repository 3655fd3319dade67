// What a scenario's faults do to a call: the next provider takes over and no word is lost, or the verdict says so.
import { describe, expect, it } from 'vitest';
import { createScriptedStt } from '../scripted/scripted-stt.js';
import { playRun } from './play-run.js';
import { prepareRun } from './prepare-run.js';
import { parseScenario } from './scenario.js';
import { asking, brokenIn, model, options, play } from './test-shop.js';

describe('faults', () => {
  const providers = { stt: ['a', 'b'], llm: ['a', 'b'], tts: ['a', 'b'] };
  const askingAtLength = {
    say: 'where is my order I have been waiting for it since the beginning of last week',
  };
  const script = [askingAtLength, { expect: { says: 'will be there on thursday' } }];

  it.each<[string, object]>([
    ['recogniser dies in mid-word', { stt: { dies: { at_word: 3, code: 1011 } } }],
    ['recogniser goes silent in mid-word', { stt: { mutes: { at_word: 2 } } }],
    ['recogniser dies by time', { stt: { dies: { after_ms: 1_500 } } }],
    ['recogniser refuses', { stt: { refuses: { status: 503 } } }],
    ['recogniser hangs', { stt: { hangs: true } }],
    ['model dies in mid-sentence', { llm: { dies: { at_word: 5 } } }],
    ['model goes silent', { llm: { mutes: { at_word: 5 } } }],
    ['model refuses', { llm: { refuses: { status: 429, retry_after_ms: 2_000 } } }],
    ['voice dies in mid-word', { tts: { dies: { at_word: 9 } } }],
    ['voice goes silent in mid-word', { tts: { mutes: { at_word: 9 } } }],
    ['voice refuses', { tts: { refuses: {} } }],
    ['voice hangs', { tts: { hangs: true } }],
  ])('%s: the next one takes over, and no word is lost', async (_, faults) => {
    const [stage = ''] = Object.keys(faults);
    const expectation = { words: 'intact', provider_used: { [stage]: 'b' } };
    for (const seed of [1, 2]) {
      expect(brokenIn(await play({ providers, script, faults, expect: expectation }, { seed }))).toEqual([]);
    }
  });

  const moments = [
    { dies: { after_ms: 1_500 } },
    { mutes: { after_ms: 1_500 } },
    { dies: { after_ms: 90_000 } },
  ];
  const kinds = [...moments, { dies: { at_word: 3 } }, { refuses: {} }, { hangs: true }, { slow_by_ms: 300 }];
  it.each(['stt', 'llm', 'tts'])('of %s leave no timer behind, however the call ends', async (stage) => {
    const ways = [[asking], [asking, { barge_in: { say: 'stop it' } }], [{ wait_ms: 2_300 }, 'hang_up']];
    for (const kind of kinds) {
      for (const way of ways) {
        const scenario = parseScenario({ model, providers, faults: { [stage]: kind }, script: way });
        const { pendingTimers } = await playRun(await prepareRun(scenario, options));
        expect([kind, pendingTimers]).toEqual([kind, 0]);
      }
    }
  });

  it('slow providers are waited for', async () => {
    const written = { script: [asking, { expect: { within_ms: 2_000 } }] };
    expect(brokenIn(await play(written))).toEqual([]);
    const [slow] = brokenIn(await play({ ...written, faults: { llm: { slow_by_ms: 1_500 } } }));
    expect(slow).toMatch(/^script\[1\]\.expect\.within_ms: it took \d+ ms/);
  });

  it('strike as often as they say', async () => {
    const failures = async (times: number) => {
      const faults = { llm: { provider: 'a', dies: { at_word: 1 }, times } };
      const { log } = await play({
        providers,
        faults,
        script: [{ say: 'stop' }, { say: 'wait' }, { say: 'stop' }],
      });
      return log.filter((event) => event.type === 'provider-failed').length;
    };
    expect([await failures(1), await failures(2)]).toEqual([1, 2]);
  });

  it('are told when they never struck', async () => {
    const verdict = await play({ script: [asking], faults: { tts: [{ dies: { at_word: 90 } }] } });
    expect(brokenIn(verdict)).toEqual(['faults.tts[0]: the call did not come to its moment']);
  });

  it('leave the ladder, where there is one', async () => {
    const faults = { llm: { refuses: {} } };
    const ladder = { retries: 0, person: '+15550123' };
    const verdict = await play(
      { script, faults, expect: { ends: 'transferred', says: 'I am connecting you' } },
      { ladder },
    );
    expect(
      verdict.findings.filter(({ path }) => path.startsWith('expect.')).map(({ status }) => status),
    ).toEqual(['held', 'held']);
  });

  it('strike the first of several by one name', async () => {
    const stt = [1, 2].map(() => createScriptedStt({ provider: 'ears' }));
    const written = {
      script,
      faults: { stt: { dies: { at_word: 2 } } },
      expect: { provider_used: { stt: ['ears', 'ears 2'] } },
    };
    expect(brokenIn(await play(written, { providers: { stt } }))).toEqual([]);
  });

  it('of a chain of one are heard', async () => {
    const verdict = await play({ script, faults: { llm: { refuses: {} } } });
    expect(verdict.passed).toBe(false);
  });
});
