// One run of a scenario: a call in virtual time on stand-ins, or in real time on the configured providers, and its verdict.
import type { CallEvent } from '@voicewire/core';
import type { Finding } from './judge-answer.js';
import { judgeCall } from './judge-call.js';
import { playRun } from './play-run.js';
import { prepareRun, type Run, type RunScenarioOptions } from './prepare-run.js';
import type { Scenario } from './scenario.js';
import { describeCall } from './transcript.js';

/** What became of one run. */
export interface ScenarioVerdict {
  readonly passed: boolean;
  readonly seed: number;
  /** Every expectation, in the order it is written. */
  readonly findings: readonly Finding[];
  /** How long the call was, on its own clock. */
  readonly callMs: number;
  /** The call as lines to read. */
  readonly transcript: readonly string[];
  readonly log: readonly CallEvent[];
}

/**
 * Plays a scenario once. Throws a ConfigError, before anything connects, for what can't be played with this agent and these
 * providers; whatever goes wrong in the call is a finding.
 *
 * ```ts
 * const scenario = parseScenario({
 *   model: [{ hears: 'order', says: 'It is on its way.' }],
 *   script: [{ say: 'where is my order' }, { expect: { says: 'on its way', within_ms: 1500 } }],
 * });
 * const { passed, findings } = await runScenario(scenario, { agent, providers: { stt: [] } });
 * ```
 */
export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioVerdict> {
  const run = await prepareRun(scenario, options);
  const { caller, log, problem } = await playRun(run);
  const findings = judgeCall({
    ...run,
    log,
    problem,
    heardWords: isWordCoded(run) ? caller.heardWords().map(({ text }) => text) : undefined,
  });
  return {
    passed: findings.every(({ status }) => status !== 'broken'),
    seed: options.seed ?? 1,
    findings,
    callMs: log.findLast((event) => event.type === 'call-ended')?.durationMs ?? 0,
    transcript: describeCall(log),
    log,
  };
}

/** Stand-ins speak sound that can be counted; of others, whoever writes `lines: sound` says so. */
function isWordCoded({ isVirtual, scenario: { lines, script } }: Run): boolean {
  return isVirtual || (lines === 'sound' && script.every(({ wav }) => wav === undefined));
}
