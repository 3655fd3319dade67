// A scenario played several times, each with a seed of its own: how often it passes, and whether that is often enough.
import type { RunScenarioOptions } from './prepare-run.js';
import { runScenario, type ScenarioVerdict } from './run-scenario.js';
import type { Scenario } from './scenario.js';

export interface RepeatScenarioOptions extends RunScenarioOptions {
  /** Seeds are `seed`, `seed + 1` and so on. Default 1. */
  readonly repeat?: number | undefined;
  /** The share of runs that have to pass, 0 to 1. Default 1. */
  readonly minPassRate?: number | undefined;
}

/** What became of a scenario. */
export interface ScenarioResult {
  readonly name: string;
  readonly passed: boolean;
  /** Share of the runs that passed, 0 to 1. */
  readonly passRate: number;
  readonly minPassRate: number;
  readonly runs: readonly ScenarioVerdict[];
}

/** Plays a scenario `repeat` times, one after the other. Throws as `runScenario` does; after an abort there are fewer runs. */
export async function repeatScenario(
  scenario: Scenario,
  { repeat = 1, minPassRate = 1, seed = 1, ...options }: RepeatScenarioOptions,
): Promise<ScenarioResult> {
  const runs: ScenarioVerdict[] = [];
  while (runs.length < repeat && options.signal?.aborted !== true) {
    runs.push(await runScenario(scenario, { ...options, seed: seed + runs.length }));
  }
  const passRate = runs.filter(({ passed }) => passed).length / Math.max(1, runs.length);
  return { name: scenario.name ?? 'scenario', passed: passRate >= minPassRate, passRate, minPassRate, runs };
}
