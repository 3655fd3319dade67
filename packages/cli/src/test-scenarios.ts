// Scenario files against the agent of a configuration: all are read and checked before the first is played.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { ConfigError, systemClock, type ConfigProblem } from '@voicewire/core';
import {
  findConfig,
  loadConfig,
  placed,
  readConfig,
  type ConfigFile,
  type LoadConfigOptions,
} from '@voicewire/config';
import {
  checkScenario,
  parseScenario,
  repeatScenario,
  type RunScenarioOptions,
  type Scenario,
  type ScenarioResult,
} from '@voicewire/testing';

export interface TestScenariosOptions {
  /** Files, and folders whose `.yaml`, `.yml` and `.json` files are meant. Default: `scenarios` beside the configuration. */
  readonly files?: readonly string[] | undefined;
  /** Where the agent and its providers come from: whatever `loadConfig` takes. */
  readonly config?: LoadConfigOptions | undefined;
  /** Runs of each scenario, with the seeds `seed`, `seed + 1` and so on. Default 1. */
  readonly repeat?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
  /** The share of a scenario's runs that have to pass. Default 1. */
  readonly minPassRate?: number | undefined;
  /** In real time on the configured providers, unless a scenario says `time: virtual`. */
  readonly isRealTime?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onResult?: ((tested: TestedScenario) => void) | undefined;
}

export interface TestedScenario {
  /** As it was named. */
  readonly file: string;
  readonly result: ScenarioResult;
  readonly tookMs: number;
  /** The line of a finding's path, from 1. */
  lineOf(path: string): number | undefined;
}

/** Throws one ConfigError with every problem of the configuration or of all the files. */
export async function testScenarios(options: TestScenariosOptions): Promise<readonly TestedScenario[]> {
  const { cwd = process.cwd(), env } = options.config ?? {};
  const { agent, providers, config, file } = await loadConfig({
    ...options.config,
    file: options.config?.file ?? findConfig(cwd) ?? findConfig(besideFirst(options, cwd)),
    signal: options.signal,
  });
  if (agent === undefined) {
    throw new ConfigError({
      code: 'config.no_agent',
      path: 'agent',
      file: file.file,
      message: 'there is nobody to test: name a module that exports an agent',
    });
  }
  const common: RunScenarioOptions = {
    agent,
    providers,
    turn: config.turn,
    budgets: config.budgets,
    ladder: config.ladder,
    time: options.isRealTime === true ? 'real' : undefined,
    signal: options.signal,
  };
  const named = options.files ?? [join(file.directory, 'scenarios')];
  const read = await readScenarios(await listFiles(named, cwd), { cwd, env }, common);
  const tested: TestedScenario[] = [];
  for (const one of read) {
    if (options.signal?.aborted === true) break;
    const beganMs = systemClock.now();
    const { repeat, minPassRate, seed } = options;
    const result = await repeatScenario(one.scenario, { ...one.options, repeat, minPassRate, seed });
    const done = { file: one.name, result, tookMs: systemClock.now() - beganMs, lineOf: one.file.lineOf };
    tested.push(done);
    options.onResult?.(done);
  }
  return tested;
}

/** Whoever names scenarios from elsewhere means the configuration that is nearest to them. */
function besideFirst({ files = [] }: TestScenariosOptions, cwd: string): string {
  return resolve(cwd, dirname(files[0] ?? ''));
}

const extensions = ['.yaml', '.yml', '.json'];

/** Files in the order they were named, those of a folder by name. */
async function listFiles(named: readonly string[], cwd: string): Promise<readonly string[]> {
  const listed = await Promise.all(
    named.map(async (name) => {
      const isFolder = (await stat(resolve(cwd, name)).catch(() => undefined))?.isDirectory() === true;
      if (!isFolder) return [name];
      const inside = (await readdir(resolve(cwd, name))).filter((file) => extensions.includes(extname(file)));
      return inside.sort().map((file) => join(name, file));
    }),
  );
  const files = listed.flat();
  if (files.length > 0) return files;
  throw new ConfigError({
    code: 'config.no_file',
    message: 'there are no scenarios; name the files, or the folder they are in',
    found: named.join(', '),
  });
}

interface ReadScenario {
  readonly name: string;
  readonly file: ConfigFile;
  readonly scenario: Scenario;
  readonly options: RunScenarioOptions;
}

async function readScenarios(
  names: readonly string[],
  place: Pick<LoadConfigOptions, 'cwd' | 'env'>,
  common: RunScenarioOptions,
): Promise<readonly ReadScenario[]> {
  const problems: ConfigProblem[] = [];
  const read: ReadScenario[] = [];
  for (const name of names) {
    try {
      read.push(await readScenario(name, place, common));
    } catch (error) {
      if (!ConfigError.is(error)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return read;
}

async function readScenario(
  name: string,
  place: Pick<LoadConfigOptions, 'cwd' | 'env'>,
  common: RunScenarioOptions,
): Promise<ReadScenario> {
  const file = await readConfig({ ...place, file: name });
  // Recordings lie beside the file that names them.
  const options = { ...common, readFile: (wav: string) => readFile(resolve(dirname(file.file), wav)) };
  try {
    const written = parseScenario(file.config);
    const scenario = { ...written, name: written.name ?? basename(name, extname(name)) };
    checkScenario(scenario, options);
    await checkRecordings(scenario, dirname(file.file));
    return { name, file, scenario, options };
  } catch (error) {
    throw ConfigError.is(error) ? placed(error, file) : error;
  }
}

async function checkRecordings({ script }: Scenario, directory: string): Promise<void> {
  const problems = await Promise.all(
    script.map(async ({ wav }, index): Promise<readonly ConfigProblem[]> => {
      const isThere =
        wav === undefined || (await stat(resolve(directory, wav)).catch(() => undefined)) !== undefined;
      const path = `script[${index}].wav`;
      return isThere
        ? []
        : [{ code: 'config.no_file', path, message: 'there is no such recording', found: wav }];
    }),
  );
  if (problems.flat().length > 0) throw new ConfigError(problems.flat());
}
