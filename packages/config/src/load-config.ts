// A configuration file to providers and an agent, every problem with its line.
import {
  ConfigError,
  createRegistry,
  type Agent,
  type BuiltInAdapters,
  type LoadedProviders,
  type VoicewireConfig,
  type VoicewireOptions,
} from '@voicewire/core';
import { createDiskStorage } from '@voicewire/core/disk';
import { resolve } from 'node:path';
import { agentProblems, duplicateProblems } from './check-loaded.js';
import { knownAdapters } from './known-adapters.js';
import { importModule } from './import-module.js';
import { placed, readConfig, type ConfigFile, type ReadConfigOptions } from './read-config.js';

export interface LoadConfigOptions extends ReadConfigOptions {
  /** Instead of the module that the file names under `adapters`. */
  readonly adapters?: BuiltInAdapters | undefined;
  /** Instead of the module that the file names under `agent`. */
  readonly agent?: Agent | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadedConfig {
  readonly file: ConfigFile;
  readonly config: VoicewireConfig;
  readonly providers: LoadedProviders;
  /** All that `createVoicewire` and `reload` take from a configuration: providers, ladder, budgets, hedging, limits, storage. */
  readonly options: Omit<VoicewireOptions, 'publicUrl'>;
  /** What the module named by `agent` exports. */
  readonly agent: Agent | undefined;
}

/** Reads, checks and loads. Throws one ConfigError with every problem. */
export async function loadConfig({
  adapters,
  agent,
  signal,
  ...options
}: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const file = await readConfig(options);
  try {
    const own = adapters ?? (await exportOf<BuiltInAdapters>(file, 'adapters'));
    const registry = createRegistry({ adapters: own, knownAdapters, baseDirectory: file.directory });
    const { config, ...providers } = await registry.load(file.config, { signal });
    const named = agent ?? (await exportOf<Agent>(file, 'agent'));
    const problems = [...duplicateProblems(config), ...(named === undefined ? [] : agentProblems(named))];
    if (problems.length > 0) throw new ConfigError(problems);
    return { file, config, providers, agent: named, options: mountOptions(file, config, providers, named) };
  } catch (error) {
    throw ConfigError.is(error) ? placed(error, file) : error;
  }
}

const bytesOfMegabyte = 1024 * 1024;

function mountOptions(
  { directory: base }: ConfigFile,
  { phrases = {}, ladder, budgets, hedge, turn, calls, prices, spending }: VoicewireConfig,
  providers: LoadedProviders,
  agent: Agent | undefined,
): LoadedConfig['options'] {
  const { directory, maxMegabytes } = phrases;
  const maxBytes = maxMegabytes === undefined ? undefined : maxMegabytes * bytesOfMegabyte;
  const phraseStorage =
    directory === undefined
      ? undefined
      : createDiskStorage({ directory: resolve(base, directory), maxBytes });
  return {
    ...providers,
    agent,
    ladder,
    budgets,
    hedge,
    turn,
    prices,
    spending,
    maxCalls: calls?.max,
    phraseStorage,
  };
}

/** What the module that the configuration names under `name` exports by that name. */
async function exportOf<Value>(
  { config, directory }: ConfigFile,
  name: 'adapters' | 'agent',
): Promise<Value | undefined> {
  const path: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, name) : undefined;
  if (typeof path !== 'string') return undefined;
  const module = await importModule(resolve(directory, path), { path: name });
  const value = module[name];
  if (typeof value === 'object' && value !== null) return value as Value;
  throw new ConfigError({
    code: 'config.no_export',
    path: name,
    message: `"${path}" should export "${name}"`,
    found: Object.keys(module).join(', ') || 'nothing',
    allowed: name === 'agent' ? 'an object with name and instructions' : 'factories by kind and name',
  });
}
