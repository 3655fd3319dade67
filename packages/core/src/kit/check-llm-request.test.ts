import { expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import { checkLlmRequest } from './check-llm-request.js';

const everything = { tools: true, parallelTools: true, responseSchema: true, prefill: true };
const nothing = { tools: false, parallelTools: false, responseSchema: false, prefill: false };
const request = { tools: [{ name: 'look', description: '', parameters: {} }], responseSchema: {} };

it('refuses what was not declared, all at once, and nothing else', () => {
  expect(() => checkLlmRequest('acme', everything, request)).not.toThrow();
  expect(() => checkLlmRequest('acme', nothing, { tools: [] })).not.toThrow();
  try {
    checkLlmRequest('acme', nothing, request);
    expect.unreachable();
  } catch (error) {
    expect(ConfigError.is(error) && error.problems.map(({ path }) => path)).toEqual([
      'tools',
      'responseSchema',
    ]);
  }
});
