// Faults and rules as plain data: what is filled in, and what is said of mistakes.
import { describe, expect, it } from 'vitest';
import { chaosRuleSchema, parseChaosRule } from './chaos-fault.js';

describe('parseChaosRule', () => {
  it('fills in what was left out', () => {
    expect(parseChaosRule({ fault: { kind: 'latency', ms: 5 } })).toEqual({
      fault: { kind: 'latency', ms: 5, jitterMs: 0, direction: 'both' },
      when: {},
    });
    const rule = {
      fault: { kind: 'close', code: 1011 },
      when: { afterWord: 5, direction: 'up', connection: 2 },
      forMs: 600,
      times: 3,
    };
    expect(parseChaosRule(rule)).toEqual({
      ...rule,
      fault: { kind: 'close', code: 1011, reason: '', direction: 'down' },
    });
  });

  it.each([
    [{ fault: { kind: 'rest' } }, /fault\.kind.*found "rest".*"reset"/],
    [{ fault: { kind: 'close', cod: 1 } }, /fault\.cod: .*did you mean code.*code, reason/],
    [{}, /fault.*required/],
    [{ fault: { kind: 'latency' } }, /fault\.ms.*required.*number/],
    [
      { fault: { kind: 'mute', direction: 'sideways' } },
      /fault\.direction.*"sideways".*"up", "down", "both"/,
    ],
    [{ fault: { kind: 'half-open', direction: 'both' } }, /fault\.direction.*"up", "down"\)/],
    [{ fault: { kind: 'drop', probability: 3 } }, /fault\.probability.*found 3.*at most 1/],
    [{ fault: { kind: 'close', code: 200 } }, /fault\.code.*at least 1000/],
    [{ fault: { kind: 'mute' }, wen: {} }, /wen: .*did you mean when/],
    [{ fault: { kind: 'mute' }, when: { afterWords: 2 } }, /when\.afterWords: .*did you mean afterWord/],
    [{ fault: { kind: 'mute' }, when: { atMs: 1, afterWord: 2 } }, /when: .*only one of/],
    [{ fault: { kind: 'mute' }, when: { direction: 'up' } }, /when\.direction: .*afterMessages or afterWord/],
    [{ fault: { kind: 'status', status: 429 }, when: { afterWord: 2 } }, /when: .*before a connection opens/],
    ['mute', /chaos: .*found a string/],
  ])('%j is refused with the reason', (rule, message) => {
    expect(() => parseChaosRule(rule)).toThrow(message);
  });

  it('is what the schema takes', () => {
    expect(chaosRuleSchema.safeParse({ fault: { kind: 'reset' } }).success).toBe(true);
    expect(chaosRuleSchema.safeParse({ fault: { kind: 'rest' } }).success).toBe(false);
  });
});
