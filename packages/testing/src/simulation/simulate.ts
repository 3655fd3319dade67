// Thousands of calls in virtual time, in batches that share a clock and the health of their providers.
import { createHealth } from '@voicewire/core';
import { seededRandom } from '../chaos/seeded-random.js';
import { createVirtualClock } from '../virtual-clock.js';
import { checkCall, checkCrossTalk } from './check-call.js';
import { planCall } from './plan-call.js';
import { simulateCall, tokenOf, type SimulatedCall } from './simulate-call.js';

export interface SimulateOptions {
  readonly calls: number;
  /** The first batch's; the others count on from it. Default 1. */
  readonly seed?: number | undefined;
  /** Calls at once. Default 20. */
  readonly batchSize?: number | undefined;
  /** Told after each batch. */
  readonly onBatch?: ((report: SimulationReport) => void) | undefined;
}

/** A batch that did not hold what it should: simulating its seed again does the same. */
export interface SimulationFailure {
  readonly seed: number;
  readonly problems: readonly string[];
}

export interface SimulationReport {
  readonly calls: number;
  /** Of all calls together. */
  readonly callSeconds: number;
  readonly events: number;
  /** Calls in which a provider failed, and calls that had to go down the ladder. */
  readonly faulty: number;
  readonly degraded: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly failures: readonly SimulationFailure[];
}

/** In virtual time, a batch at the end of which something is left is stuck: calls are let go long before. */
const stuckAfterMs = 600_000;

/**
 * Makes calls by chance, plays each to its end on the shipped call, turn and resilience code, and checks what must hold
 * for every call. Chance decides what callers do, what providers are like and how they fail, and the order of what
 * happens at the same moment. Never rejects for what a call does: that is a failure of the report.
 */
export async function simulate({
  calls,
  seed = 1,
  batchSize = 20,
  onBatch,
}: SimulateOptions): Promise<SimulationReport> {
  let report: SimulationReport = {
    calls: 0,
    callSeconds: 0,
    events: 0,
    faulty: 0,
    degraded: 0,
    reasons: {},
    failures: [],
  };
  for (let batch = 0; batch * batchSize < calls; batch += 1) {
    const size = Math.min(batchSize, calls - batch * batchSize);
    const { played, problems } = await simulateBatch(seed + batch, size);
    report = add(report, seed + batch, played, problems);
    onBatch?.(report);
  }
  return report;
}

async function simulateBatch(
  seed: number,
  size: number,
): Promise<{ readonly played: readonly SimulatedCall[]; readonly problems: readonly string[] }> {
  const order = seededRandom(seed, -1);
  const clock = createVirtualClock({ order });
  const health = createHealth({ clock, random: seededRandom(seed, -2) });
  const played: SimulatedCall[] = [];
  const problems: string[] = [];
  let waiting = size;
  for (let index = 0; index < size; index += 1) {
    const token = tokenOf(index);
    void simulateCall(planCall(seed, index), token, clock, health)
      .then(
        (call) => void played.push(call),
        (error: unknown) => void problems.push(`${token}: it threw ${String(error)}`),
      )
      .finally(() => (waiting -= 1));
  }
  await clock.run({ until: () => waiting === 0, untilMs: stuckAfterMs }).catch((error: unknown) => {
    problems.push(`stuck: ${String(error)}`);
  });
  // What was set up to be over by itself gets the time for that.
  await clock.advance(60_000);
  if (clock.pendingTimers > 0) problems.push(`end: ${clock.pendingTimers} timers left`);
  const leases = health.list().filter(({ inFlight }) => inFlight > 0);
  for (const { stage, provider, inFlight } of leases)
    problems.push(`end: ${inFlight} places at ${stage} ${provider} not given back`);
  for (const call of played) problems.push(...checkCall(call).map((problem) => `${call.token}: ${problem}`));
  problems.push(...checkCrossTalk(played).map(([{ token }, problem]) => `${token}: ${problem}`));
  return { played, problems };
}

function add(
  report: SimulationReport,
  seed: number,
  played: readonly SimulatedCall[],
  problems: readonly string[],
): SimulationReport {
  const reasons = { ...report.reasons };
  for (const { result } of played) reasons[result.reason] = (reasons[result.reason] ?? 0) + 1;
  const having = (type: string): number =>
    played.filter(({ events }) => events.some((event) => event.type === type)).length;
  return {
    calls: report.calls + played.length,
    callSeconds: report.callSeconds + played.reduce((sum, { durationMs }) => sum + durationMs / 1_000, 0),
    events: report.events + played.reduce((sum, { events }) => sum + events.length, 0),
    faulty: report.faulty + having('provider-failed'),
    degraded: report.degraded + having('degraded'),
    reasons,
    failures: problems.length === 0 ? report.failures : [...report.failures, { seed, problems }],
  };
}
