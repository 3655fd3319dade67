// What one run of a scenario goes by: providers, an agent whose work is waited for, and how fast everybody is.
import {
  ConfigError,
  type Agent,
  type BudgetOptions,
  type RunCallOptions,
  type TurnPolicy,
} from '@voicewire/core';
import { createConverter, readWav, type AudioFormat } from '@voicewire/core/adapter';
import { agentUnderTest } from './agent-under-test.js';
import { createAnswerWatch, type AnswerWatch } from './answer-watch.js';
import { scenarioProblems, type Setting } from './check-scenario.js';
import type { TakenStep } from './follow-script.js';
import { createOutsideWork, type OutsideWork } from './outside-work.js';
import type { Scenario, ScenarioFault } from './scenario.js';
import { createRandom, standInsFor, tempoOf, type ScenarioProviders, type Tempo } from './stand-ins.js';

/** The agent under test, and what it is played with. */
export interface RunScenarioOptions {
  readonly agent: Agent;
  /** The configured chains. In virtual time ears and voices are played by stand-ins with their names and capabilities. */
  readonly providers: ScenarioProviders;
  readonly turn?: Partial<TurnPolicy> | undefined;
  readonly budgets?: BudgetOptions | undefined;
  /** What is left when a stage has failed for good. */
  readonly ladder?: RunCallOptions['ladder'];
  /** Which caller, and which delays of the stand-ins. The same seed gives the same call. Default 1. */
  readonly seed?: number | undefined;
  /** For scenarios that do not say. Default `virtual`. */
  readonly time?: Scenario['time'] | undefined;
  /** Reads what a `wav` step names. */
  readonly readFile?: ((file: string) => Promise<Uint8Array>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the files of a run share. */
export interface Run extends Setting {
  readonly scenario: Scenario;
  readonly options: RunScenarioOptions;
  readonly agent: Agent;
  readonly random: () => number;
  readonly tempo: Tempo;
  readonly recordings: ReadonlyMap<string, Uint8Array>;
  readonly outside: OutsideWork | undefined;
  readonly answers: AnswerWatch;
  readonly steps: TakenStep[];
  readonly unscripted: string[];
  readonly struck: Set<ScenarioFault>;
}

/**
 * Throws one ConfigError with everything that keeps a scenario from being played with this agent and these providers: unknown
 * tools, faults of providers that are not there, recordings that nobody would hear.
 */
export function checkScenario(scenario: Scenario, options: RunScenarioOptions): void {
  const setting = settingOf(scenario, options, tempoOf(createRandom(1)), () => undefined);
  const problems = scenarioProblems(scenario, options.agent, setting);
  if (problems.length > 0) throw new ConfigError(problems);
}

function settingOf(
  scenario: Scenario,
  { providers, time = 'virtual' }: RunScenarioOptions,
  tempo: Tempo,
  onUnscripted: (question: string) => void,
): Setting {
  const { stt, llm = [], tts = [] } = providers;
  const isVirtual = (scenario.time ?? time) === 'virtual';
  const hasWav = scenario.script.some(({ wav }) => wav !== undefined);
  return {
    chains: isVirtual
      ? standInsFor(scenario, providers, tempo, onUnscripted)
      : { stt: stt === 'media' ? [] : stt, llm, tts },
    isVirtual,
    isTyped: !isVirtual && (scenario.lines ?? (hasWav ? 'sound' : 'typed')) === 'typed',
  };
}

export async function prepareRun(scenario: Scenario, options: RunScenarioOptions): Promise<Run> {
  checkScenario(scenario, options);
  const random = createRandom(options.seed ?? 1);
  const tempo = tempoOf(random);
  const unscripted: string[] = [];
  const setting = settingOf(scenario, options, tempo, (question) => unscripted.push(question));
  const outside = setting.isVirtual ? createOutsideWork() : undefined;
  return {
    ...setting,
    scenario,
    options,
    agent: agentUnderTest(options.agent, scenario, outside),
    random,
    tempo,
    recordings: await readRecordings(scenario, options),
    outside,
    answers: createAnswerWatch(options.agent.greeting !== undefined),
    steps: [],
    unscripted,
    struck: new Set(),
  };
}

async function readRecordings(
  { script }: Scenario,
  { readFile }: RunScenarioOptions,
): Promise<Run['recordings']> {
  const files = script.flatMap(({ wav }) => wav ?? []);
  if (files.length > 0 && readFile === undefined) {
    throw new ConfigError({
      code: 'config.missing_option',
      path: 'readFile',
      message: 'this scenario plays recordings: say how they are read',
    });
  }
  const read = async (file: string) => {
    const { audio, format } = readWav((await readFile?.(file)) ?? new Uint8Array(0));
    const converter = createConverter(format, realLine);
    return [file, Buffer.concat([converter.push(audio), converter.flush()])] as const;
  };
  return new Map(await Promise.all(files.map(read)));
}

/** What real ears hear, and what the files of recordings are turned into. */
export const realLine: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
