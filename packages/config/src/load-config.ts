// A configuration file to providers and an agent, every problem with its line.
import {
  ConfigError,
  createRegistry,
  type Agent,
  type LoadedProviders,
  type RegistryOptions,
  type VoicewireConfig,
} from '@voicewire/core';
import { resolve } from 'node:path';
import { placed, readConfig, type ConfigFile, type ReadConfigOptions } from './read-config.js';

export interface LoadConfigOptions extends ReadConfigOptions, Pick<RegistryOptions, 'adapters'> {
  readonly signal?: AbortSignal | undefined;
}

export interface LoadedConfig {
  readonly file: ConfigFile;
  readonly config: VoicewireConfig;
  readonly providers: LoadedProviders;
  /** What the module named by `agent` exports. */
  readonly agent: Agent | undefined;
}

/** Reads, checks and loads. Throws one ConfigError with every problem. */
export async function loadConfig({
  adapters,
  signal,
  ...options
}: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const file = await readConfig(options);
  const registry = createRegistry({ adapters, baseDirectory: file.directory });
  try {
    const { config, ...providers } = await registry.load(file.config, { signal });
    return {
      file,
      config,
      providers,
      agent: config.agent === undefined ? undefined : await loadAgent(config.agent, file),
    };
  } catch (error) {
    throw ConfigError.is(error) ? placed(error, file) : error;
  }
}

async function loadAgent(path: string, { directory }: ConfigFile): Promise<Agent> {
  const { createJiti } = await import('jiti');
  const file = resolve(directory, path);
  let found: unknown;
  try {
    const module = await createJiti(import.meta.url, { moduleCache: false, fsCache: false }).import<{
      readonly agent?: unknown;
    }>(file);
    found = module.agent;
  } catch (error) {
    throw new ConfigError(
      { code: 'config.unreadable', path: 'agent', message: 'this module can not be loaded', found: path },
      { cause: error },
    );
  }
  if (isAgent(found)) return found;
  throw new ConfigError({
    code: 'config.no_agent',
    path: 'agent',
    message: `"${path}" should export an agent by the name "agent"`,
    found: typeof found,
    allowed: 'an object with name and instructions',
  });
}

function isAgent(value: unknown): value is Agent {
  return typeof value === 'object' && value !== null && 'name' in value && 'instructions' in value;
}
