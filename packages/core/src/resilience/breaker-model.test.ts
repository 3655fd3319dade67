// The breaker against what must hold whatever happens in whatever order: random sequences, each with a seed to replay it.
import { createVirtualClock, type VirtualClock } from '@voicewire/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import { defaultBreaker } from './breaker.js';
import {
  createHealth,
  isLease,
  type Health,
  type HealthMember,
  type Lease,
  type ProviderHealth,
} from './health.js';

/** Sequences to try. The whole proof takes 100,000. */
const runs = Number(process.env.VOICEWIRE_MODEL_RUNS ?? 1_000);

const member: HealthMember = { kind: 'llm', provider: 'model', healthKey: 'model' };
const classes = ['unavailable', 'timeout', 'rate_limit', 'aborted', 'idle'] as const;

type Action =
  /** Requests one after the other that fail, or one that is answered. */
  | { readonly type: 'outage' }
  /** Down, up again as soon as it is tried, down again. */
  | { readonly type: 'flapping' }
  | { readonly type: 'answer' }
  | { readonly type: 'acquire' }
  | { readonly type: 'force' }
  | { readonly type: 'succeed'; readonly which: number; readonly isSlow: boolean }
  | { readonly type: 'release'; readonly which: number }
  | { readonly type: 'fail'; readonly which: number; readonly class: (typeof classes)[number] }
  | { readonly type: 'pass'; readonly ms: number };

const which = fc.nat(20);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      { type: 'outage' as const },
      { type: 'answer' as const },
      { type: 'flapping' as const },
    ),
  },
  { weight: 5, arbitrary: fc.constantFrom({ type: 'acquire' as const }, { type: 'force' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('succeed' as const), which, isSlow: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('release' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('fail' as const), which, class: fc.constantFrom(...classes) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(2_000), fc.nat(40_000)),
    }),
  },
);

/** All that is known of the breaker from outside, in the plainest form. */
interface Known {
  readonly clock: VirtualClock;
  readonly health: Health;
  readonly changes: { readonly atMs: number; readonly health: ProviderHealth }[];
  readonly leases: Held[];
}

interface Held {
  readonly lease: Lease;
  readonly atMs: number;
  readonly isForced: boolean;
  /** How many changes there were when its present unit of work began. */
  change: number;
  isOver: boolean;
}

it(`keeps its promises over ${runs} sequences`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 120 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
      async (actions, jitter) => {
        const clock = createVirtualClock();
        let drawn = 0;
        const health = createHealth({ clock, random: () => jitter[drawn++ % jitter.length] ?? 0.5 });
        const known: Known = { clock, health, changes: [], leases: [] };
        health.watch((change) => known.changes.push({ atMs: clock.now(), health: change }));
        for (const step of actions) await act(known, step);
        switchesSeldom(known);
        await recovers(known);
      },
    ),
    { numRuns: runs },
  );
}, 1_200_000);

async function act(known: Known, step: Action): Promise<void> {
  const { clock, health, leases } = known;
  if (step.type === 'pass') {
    await clock.advance(step.ms);
  } else if (step.type === 'acquire') {
    acquire(known);
  } else if (step.type === 'outage') {
    for (let count = 0; count < 3; count += 1) {
      const held = acquire(known);
      if (held !== undefined) tell(known, held, { type: 'fail', which: 0, class: 'unavailable' });
    }
  } else if (step.type === 'flapping') {
    for (let count = 0; count < 4; count += 1) {
      await act(known, { type: 'outage' });
      await clock.advance(health.of(member).retryAfterMs);
      await act(known, { type: 'answer' });
    }
  } else if (step.type === 'answer') {
    const held = acquire(known);
    if (held === undefined) return;
    tell(known, held, { type: 'succeed', which: 0, isSlow: false });
    tell(known, held, { type: 'release', which: 0 });
  } else if (step.type === 'force') {
    const lease = health.force(member);
    if (lease !== undefined) remember(known, lease, true);
  } else {
    const held = leases[step.which % Math.max(1, leases.length)];
    if (held !== undefined) tell(known, held, step);
  }
  expect(health.of(member).inFlight).toBe(leases.filter(({ isOver }) => !isOver).length);
}

function remember(known: Known, lease: Lease, isForced: boolean): Held {
  const held = {
    lease,
    atMs: known.clock.now(),
    change: known.changes.length,
    isForced,
    isOver: false,
  };
  known.leases.push(held);
  return held;
}

/** One probe at a time; everybody else while it is closed, unless a limit says no; nobody before the rest is over. */
function acquire(known: Known): Held | undefined {
  const { health, clock, leases } = known;
  const before = health.of(member);
  const answer = health.acquire(member);
  if (!isLease(answer)) {
    expect(before.retryAfterMs > 0 || before.inFlight >= (before.cap ?? Infinity)).toBe(true);
    return undefined;
  }
  expect(before.retryAfterMs).toBe(0);
  expect(answer.isProbe).toBe(before.state === 'open');
  const probes = leases.filter(
    ({ lease, isOver, atMs, change }) =>
      lease.isProbe &&
      !isOver &&
      change === known.changes.length &&
      clock.now() < atMs + defaultBreaker.probeMs,
  );
  if (answer.isProbe) expect(probes).toHaveLength(0);
  return remember(known, answer, false);
}

/** What began before the last opening or closing, and what was forced, changes nothing. */
function tell(known: Known, held: Held, step: Extract<Action, { readonly which: number }>): void {
  const { health, changes } = known;
  const before = health.of(member);
  const count = changes.length;
  const isProbing =
    before.state === 'half-open' && held.lease.isProbe && !held.isOver && held === lastProbe(known);
  const isStale = held.isForced || held.change < count;
  if (step.type === 'succeed') {
    held.lease.succeed({ isSlow: step.isSlow });
    held.change = changes.length;
  } else if (step.type === 'release') held.lease.release();
  else {
    const isLimit = step.class === 'rate_limit';
    held.lease.fail(new ProviderError({ class: step.class, provider: 'model', stage: 'llm', message: 'no' }));
    if (isLimit) {
      held.isOver = true;
      return;
    }
  }
  if (step.type !== 'succeed') held.isOver = true;
  if (step.type === 'release' && isProbing) expect(health.of(member).retryAfterMs).toBe(0);
  if (!isStale) return;
  const after = health.of(member);
  expect([after.state, after.retryAfterMs, after.recent, changes.length]).toEqual([
    before.state,
    before.retryAfterMs,
    before.recent,
    count,
  ]);
}

function lastProbe({ leases }: Known): Held | undefined {
  return leases.findLast(({ lease }) => lease.isProbe);
}

/** However it flaps: no more than six openings and closings in any minute. */
function switchesSeldom({ changes }: Known): void {
  for (const { atMs } of changes) {
    const within = changes.filter((change) => change.atMs >= atMs && change.atMs < atMs + 60_000);
    expect(within.length).toBeLessThanOrEqual(6);
  }
}

/** Never stuck: once everybody has let go, the next request after the rest gets a place, and its success closes. */
async function recovers(known: Known): Promise<void> {
  const { health, clock, leases } = known;
  for (const held of leases) held.lease.release();
  const { retryAfterMs } = health.of(member);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  await clock.advance(retryAfterMs);
  const answer = health.acquire(member);
  expect(isLease(answer)).toBe(true);
  if (isLease(answer)) answer.succeed();
  expect(health.of(member).state).toBe('closed');
}
