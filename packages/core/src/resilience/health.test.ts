// The breaker under every trap that streams set for it: each of these has gone wrong in a system somebody ran.
import { createVirtualClock } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { ErrorClass } from '../spec/error.js';
import {
  createHealth,
  isLease,
  type Health,
  type HealthMember,
  type Lease,
  type ProviderHealth,
} from './health.js';

const ears: HealthMember = { kind: 'stt', provider: 'ears', healthKey: 'ears one' };
const otherKey: HealthMember = { ...ears, healthKey: 'ears two' };

function failure(errorClass: ErrorClass = 'unavailable', retryAfterMs?: number): ProviderError {
  return new ProviderError({
    class: errorClass,
    provider: 'ears',
    stage: 'stt',
    message: 'down',
    retryAfterMs,
  });
}

let clock: ReturnType<typeof createVirtualClock>;
let changes: ProviderHealth[];
let health: Health;
beforeEach(() => {
  clock = createVirtualClock();
  changes = [];
  health = createHealth({ clock, random: () => 0.5 });
  health.watch((change) => changes.push(change));
});

function lease(member = ears): Lease {
  const answer = health.acquire(member);
  if (!isLease(answer)) throw new TypeError(`refused: ${answer.reason}`);
  return answer;
}

function fail(times: number, errorClass?: ErrorClass): void {
  for (let count = 0; count < times; count += 1) lease().fail(failure(errorClass));
}

const state = (member = ears): string => health.of(member).state;

describe('opening', () => {
  it('takes three failures in a row, and says so once, with the cause', () => {
    fail(2);
    lease().succeed();
    fail(2);
    expect(state()).toBe('closed');
    expect(changes).toEqual([]);
    fail(1);
    expect(health.acquire(ears)).toEqual({ reason: 'open', retryAfterMs: 1_000 });
    expect(changes).toMatchObject([
      { stage: 'stt', provider: 'ears', state: 'open', cause: { code: 'provider.unavailable' } },
    ]);
  });

  it('takes half of what was done lately, once that is enough to tell', () => {
    for (let count = 0; count < 2; count += 1) {
      fail(2);
      lease().succeed();
      expect(state()).toBe('closed');
    }
    lease().succeed();
    fail(1);
    expect(state()).toBe('open');
  });

  it('forgets what was long ago', async () => {
    for (let count = 0; count < 2; count += 1) {
      fail(2);
      lease().succeed();
    }
    lease().succeed();
    await clock.advance(40_000);
    fail(1);
    expect(state()).toBe('closed');
    expect(health.of(ears).recent).toEqual({ done: 0, failed: 1, slow: 0 });
  });

  it('happens when nearly everything is slow', () => {
    const one = lease();
    for (let count = 0; count < 7; count += 1) one.succeed({ isSlow: true });
    expect(state()).toBe('closed');
    one.succeed({ isSlow: true });
    expect(changes).toMatchObject([{ state: 'open', isLocked: false }]);
    expect(changes[0]?.cause).toBeUndefined();
  });

  it.each(['auth', 'quota'] as const)(
    'happens at once for %s, until the configuration changes',
    async (why) => {
      fail(1, why);
      expect(health.of(ears)).toMatchObject({ state: 'open', isLocked: true, retryAfterMs: Infinity });
      await clock.advance(24 * 3_600_000);
      expect(isLease(health.acquire(ears))).toBe(false);
      expect(health.force(ears)).toBeUndefined();
      health.reset();
      expect(state()).toBe('closed');
      expect(isLease(health.acquire(ears))).toBe(true);
    },
  );

  it.each(['invalid_request', 'content', 'idle', 'capacity', 'aborted'] as const)(
    'never comes of %s',
    (why) => {
      fail(20, why);
      expect(health.of(ears)).toMatchObject({ state: 'closed', recent: { failed: 0 } });
    },
  );

  it('is of one credential: another of the same provider knows nothing of it', () => {
    fail(3);
    expect(state()).toBe('open');
    expect(state(otherKey)).toBe('closed');
  });

  it('survives a listener that throws', () => {
    const heard: string[] = [];
    health.watch(() => {
      throw new TypeError('mine');
    });
    const leave = health.watch(({ state: now }) => heard.push(now));
    fail(3);
    expect(state()).toBe('open');
    expect(heard).toEqual(['open']);
    leave();
    health.reset();
    expect(heard).toEqual(['open']);
  });
});

describe('the probe', () => {
  beforeEach(async () => {
    fail(3);
    await clock.advance(1_000);
  });

  it('is one, however many ask', () => {
    expect(lease().isProbe).toBe(true);
    expect(state()).toBe('half-open');
    expect(health.acquire(ears)).toMatchObject({ reason: 'open' });
  });

  it('closes with its first unit of work and holds an ordinary place from then on', () => {
    const probe = lease();
    probe.succeed();
    expect(changes.map((change) => change.state)).toEqual(['open', 'closed']);
    expect(lease().isProbe).toBe(false);
    probe.fail(failure());
    expect(health.of(ears)).toMatchObject({ state: 'closed', recent: { failed: 1 } });
  });

  it('makes the next rest longer by failing', async () => {
    lease().fail(failure());
    expect(health.acquire(ears)).toEqual({ reason: 'open', retryAfterMs: 2_000 });
    await clock.advance(2_000);
    lease().fail(failure());
    expect(health.acquire(ears)).toEqual({ reason: 'open', retryAfterMs: 4_000 });
    // Nobody came back to it and was sent away again.
    expect(changes.map((change) => change.state)).toEqual(['open']);
  });

  it('gives its place back when its call is over', () => {
    lease().release();
    expect(lease().isProbe).toBe(true);
  });

  it('gives its place back for a mistake that is not the provider’s', () => {
    lease().fail(failure('invalid_request'));
    expect(lease().isProbe).toBe(true);
  });

  it('has failed when it never ends, and a late word from it changes nothing', async () => {
    const hung = lease();
    await clock.advance(15_000);
    expect(health.of(ears)).toMatchObject({ state: 'open', retryAfterMs: 2_000 });
    hung.succeed();
    expect(state()).toBe('open');
    await clock.advance(2_000);
    const probe = lease();
    hung.fail(failure());
    expect(state()).toBe('half-open');
    probe.succeed();
    expect(state()).toBe('closed');
  });

  it('is not counted by failures from before, after it closed', () => {
    lease().succeed();
    fail(2);
    expect(state()).toBe('closed');
  });
});

describe('what began before the outage', () => {
  it('neither closes it by a late success nor opens it anew by a late failure', async () => {
    const [early, late, third] = [lease(), lease(), lease()];
    fail(3);
    early.succeed();
    expect(state()).toBe('open');
    await clock.advance(1_000);
    lease().succeed();
    for (const one of [late, third]) one.fail(failure());
    expect(health.of(ears)).toMatchObject({ state: 'closed', recent: { done: 0, failed: 0 }, inFlight: 2 });
  });

  it('counts again from the first unit that began after', async () => {
    const stream = lease();
    fail(3);
    await clock.advance(1_000);
    lease().succeed();
    stream.succeed();
    expect(health.of(ears).recent.done).toBe(0);
    stream.succeed();
    expect(health.of(ears).recent.done).toBe(1);
  });
});

describe('limits', () => {
  it('stays away as long as it was asked to, and counts no failure', async () => {
    lease().fail(failure('rate_limit', 7_000));
    expect(health.acquire(ears)).toEqual({ reason: 'rate-limited', retryAfterMs: 7_000 });
    expect(health.of(ears)).toMatchObject({ state: 'closed', recent: { failed: 0 } });
    await clock.advance(7_000);
    expect(isLease(health.acquire(ears))).toBe(true);
  });

  it('stays away from who is overloaded as long as it was asked to, and that is a failure', async () => {
    lease().fail(failure('unavailable', 7_000));
    expect(health.acquire(ears)).toMatchObject({ retryAfterMs: 7_000 });
    expect(health.of(ears)).toMatchObject({ state: 'closed', recent: { failed: 1 } });
    await clock.advance(7_000);
    lease().fail(failure());
    lease().fail(failure('unavailable', 3_600_000));
    expect(health.of(ears)).toMatchObject({ state: 'open', retryAfterMs: 60_000 });
  });

  it.each([
    [3_600_000, 60_000],
    [-5, 1_000],
    [undefined, 1_000],
  ])('asked to wait %s ms, waits %s ms', (asked, waited) => {
    lease().fail(failure('rate_limit', asked));
    expect(health.acquire(ears)).toEqual({ reason: 'rate-limited', retryAfterMs: waited });
  });

  it('learns how many places there are, and tries one more after a while', async () => {
    const held = [lease(), lease(), lease()];
    lease().fail(failure('rate_limit'));
    expect(health.acquire(ears)).toEqual({ reason: 'at-capacity', retryAfterMs: 0 });
    held[0]?.release();
    held[0]?.release();
    lease();
    expect(health.acquire(ears)).toMatchObject({ reason: 'at-capacity' });
    await clock.advance(10_000);
    expect(health.of(ears)).toMatchObject({ inFlight: 3, cap: 4 });
    lease();
    expect(health.acquire(ears)).toMatchObject({ reason: 'at-capacity' });
  });
});

describe('a forced place', () => {
  it('tells nothing, whatever becomes of it', async () => {
    fail(3);
    health.force(ears)?.succeed();
    health.force(ears)?.fail(failure());
    expect(health.of(ears)).toMatchObject({ state: 'open', retryAfterMs: 1_000, inFlight: 1 });
    await clock.advance(1_000);
    expect(lease().isProbe).toBe(true);
  });

  it('still learns that nobody may', () => {
    fail(3);
    health.force(ears)?.fail(failure('auth'));
    expect(health.of(ears)).toMatchObject({ isLocked: true });
    expect(health.force(ears)).toBeUndefined();
  });
});
