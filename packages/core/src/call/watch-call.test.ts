// What is watched from outside while a call runs: lines that go dead, and how long the whole call has lasted.
import { createVirtualClock } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { playCall, type PlayedCall, type PlayOptions } from '../../test/play-call.js';
import type { CallControl } from '../spec/telephony.js';
import type { Agent } from './agent.js';

describe('a line without frames', () => {
  const silent: PlayOptions['line'] = { capabilities: { frameMs: 20_000 } };
  const never = new Promise<never>(() => undefined);
  const play = (status: CallControl['status'], more: Partial<PlayOptions> = {}): Promise<PlayedCall> =>
    playCall({
      control: status === undefined ? {} : { status },
      script: (hands) => hands.wait(60_000),
      line: silent,
      ...more,
    });

  it.each(['completed', 'busy', 'no-answer', 'failed', 'canceled'] as const)(
    'is that of a caller who is gone where the carrier says %s',
    async (status) => {
      const asked: string[] = [];
      const { result, of, clock } = await play(async (callId) => {
        asked.push(callId);
        return status;
      });
      expect(asked).toEqual(['simulated-call']);
      expect(result).toMatchObject({ reason: 'caller-hung-up', durationMs: 10_300 });
      expect(of('error')).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each<[string, CallControl['status'], number]>([
    ['says that the call is on', () => Promise.resolve('in-progress'), 10_300],
    ['can not be asked', undefined, 10_300],
    ['fails to say', () => Promise.reject(new TypeError('no')), 10_300],
    [
      'can not even be asked',
      () => {
        throw new TypeError('no');
      },
      10_300,
    ],
    ['never says anything', () => never, 15_300],
  ])('is lost where the carrier %s', async (_, status, durationMs) => {
    const { result, of, clock } = await play(status);
    expect(result).toMatchObject({ reason: 'media-lost', durationMs });
    expect(of('error')).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on as if nothing had been when frames come back meanwhile, whatever the carrier says', async () => {
    const virtualClock = createVirtualClock();
    let asked = 0;
    const status: CallControl['status'] = () =>
      new Promise((resolve) => {
        asked += 1;
        virtualClock.setTimeout(() => {
          resolve('completed');
        }, 2_500);
      });
    const { result } = await play(status, {
      virtualClock,
      script: (hands) => hands.wait(30_000),
      line: { capabilities: { frameMs: 12_000 } },
    });
    expect(result.reason).toBe('caller-hung-up');
    expect(result.durationMs).toBeGreaterThanOrEqual(30_000);
    expect(asked).toBe(3);
  });

  it('is nobody’s business any more when the call ends while the carrier is asked', async () => {
    const virtualClock = createVirtualClock();
    let signal: AbortSignal | undefined;
    const { result, clock } = await play(
      (_callId, asking) => {
        signal = asking;
        return never;
      },
      {
        virtualClock,
        line: { capabilities: { frameMs: 12_000 } },
        script: (hands) => {
          virtualClock.setTimeout(hands.hangup, 12_200);
          return hands.wait(60_000);
        },
      },
    );
    expect(result).toMatchObject({ reason: 'caller-hung-up', durationMs: 12_500 });
    expect(signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('of a call that was brought back, and still carries nothing, is hung up by command', async () => {
    const first = await play(undefined);
    let hangups = 0;
    const { result, of, clock } = await play(undefined, {
      resume: first.result.log,
      control: {
        status: () => Promise.resolve('in-progress'),
        hangup: async () => void (hangups += 1),
      },
    });
    expect(result.reason).toBe('error');
    expect(of('error')).toMatchObject([{ stage: 'telephony', code: 'telephony.no_audio' }]);
    expect(hangups).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('of a call that was brought back, and carried something, may be brought back again', async () => {
    const first = await play(undefined);
    const virtualClock = createVirtualClock();
    let delayMs = 2_500;
    // The first answer is overtaken by a frame, the second is not.
    const status: CallControl['status'] = () =>
      new Promise((resolve) => {
        virtualClock.setTimeout(() => {
          resolve('in-progress');
        }, delayMs);
        delayMs = 0;
      });
    const { result, of } = await play(status, {
      virtualClock,
      resume: first.result.log,
      line: { capabilities: { frameMs: 12_000 } },
    });
    expect(result.reason).toBe('media-lost');
    expect(of('error')).toEqual([]);
  });
});

it('a call ends at its limit, however often it was brought back', async () => {
  const limited: Agent = {
    name: 'test',
    instructions: 'Answer.',
    turn: { silenceMs: 60_000 },
    limits: { callMinutes: 1 },
  };
  const first = await playCall({
    agent: limited,
    script: async (hands) => {
      await hands.wait(50_000);
      hands.lose();
    },
  });
  expect(first.result.reason).toBe('media-lost');
  const { result } = await playCall({
    agent: limited,
    resume: first.result.log,
    script: (hands) => hands.wait(300_000),
  });
  expect(result.reason).toBe('limit');
  expect(result.durationMs).toBeLessThan(70_000);
});
