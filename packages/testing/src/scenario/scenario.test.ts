import { ConfigError } from '@voicewire/core';
import { expect, it } from 'vitest';
import { parseScenario } from './scenario.js';

function problemsOf(written: unknown): readonly (readonly [string | undefined, string])[] {
  try {
    parseScenario(written);
    return [];
  } catch (error) {
    if (!ConfigError.is(error)) throw error;
    return error.problems.map(({ path, message }) => [path, message]);
  }
}

it('takes one for a list of one, and a word for a step', () => {
  const { script, expect: whole } = parseScenario({
    script: [{ expect: { says: 'yes', calls_tool: 'find' } }, 'hang_up'],
    expect: { absent: { tool: 'drop' }, provider_used: { tts: 'second' } },
  });
  expect(script[0]?.expect).toEqual({ says: ['yes'], calls_tool: [{ name: 'find', arguments: undefined }] });
  expect(script[1]).toEqual({ hang_up: true });
  expect(whole).toEqual({ absent: [{ tool: 'drop' }], provider_used: { tts: ['second'] } });
});

it('tells every problem at once, each with its path', () => {
  const problems = problemsOf({
    scritp: [],
    faults: { sst: {}, tts: [{ dies: { at_word: 0 }, refuses: {} }, { mutes: {} }] },
    model: [{ hears: 'x' }],
    script: [
      { sai: 'hello' },
      { say: 4711 },
      { say: 'a', wait_ms: 3 },
      { expect: { says: '/(/', withinms: 3 } },
      { press: '12ab' },
      'hang_upp',
    ],
    expect: { ends: 'hung-up' },
  });
  expect(problems.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      'scritp',
      'faults.sst',
      'faults.tts[0].dies.at_word',
      'faults.tts[1].mutes',
      'model[0]',
      'script[0].sai',
      'script[1].say',
      'script[2]',
      'script[3].expect.says',
      'script[3].expect.withinms',
      'script[4].press',
      'script[5]',
      'expect.ends',
    ]),
  );
  expect(problems.find(([path]) => path === 'script[0].sai')?.[1]).toContain('did you mean say?');
});

it.each([[{}], [{ script: [] }], [{ script: [{}] }], ['where is my order'], [null]])(
  'is no scenario: %j',
  (written) => {
    expect(problemsOf(written)).not.toEqual([]);
  },
);
