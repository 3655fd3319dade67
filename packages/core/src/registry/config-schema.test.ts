// What a configuration may hold, as far as single keys go.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import { parseConfig } from './config-schema.js';

async function problemsOf(config: unknown): Promise<readonly string[]> {
  try {
    await parseConfig(config);
    return [];
  } catch (error) {
    return ConfigError.is(error) ? error.problems.map(({ path = '' }) => path) : [String(error)];
  }
}

describe('turn', () => {
  it('takes numbers, switches and phrases, each where it belongs', async () => {
    const turn = {
      endpointMs: 400,
      endpointDynamic: false,
      backchannels: ['mhm', 'I see'],
      unfinishedWords: [],
    };
    expect(await parseConfig({ turn })).toEqual({ turn });
  });

  it.each([
    ['turn.backchannels', { backchannels: 'mhm' }],
    ['turn.interruptWords[0]', { interruptWords: [7] }],
    ['turn.endpointMs', { endpointMs: ['400'] }],
    ['turn.endpointDynamic', { endpointDynamic: 1 }],
  ])('says what is wrong with %s', async (path, turn) => {
    expect(await problemsOf({ turn })).toEqual([path]);
  });
});
