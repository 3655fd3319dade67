// Watching a configuration file: new calls get what is written now, and a broken edit changes nothing.
import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ConfigError } from '@voicewire/core';
import { loadConfig, type LoadConfigOptions, type LoadedConfig } from './load-config.js';

export interface WatchOptions extends LoadConfigOptions {
  readonly file: string;
  /** What is written now: read, checked and loaded. */
  readonly onChange: (loaded: LoadedConfig) => void;
  /** The file can not be used as it is now; what was loaded before stays. */
  readonly onError: (error: ConfigError) => void;
}

/** Editors write in several steps: only the last of a burst counts. */
const settleMs = 100;

/** Returns what stops it. The directory is watched, because editors replace files; modules the file names are not. */
export function watchConfig({ onChange, onError, ...options }: WatchOptions): () => void {
  const file = resolve(options.cwd ?? process.cwd(), options.file);
  let timer: NodeJS.Timeout | undefined;
  /** Grows with each change: what an older one comes to is not told. */
  let change = 0;

  async function reload(): Promise<void> {
    const mine = (change += 1);
    try {
      const loaded = await loadConfig(options);
      if (mine === change) onChange(loaded);
    } catch (error) {
      if (mine === change) onError(ConfigError.is(error) ? error : unusable('it could not be loaded', error));
    }
  }
  function unusable(message: string, cause: unknown): ConfigError {
    return new ConfigError({ code: 'config.unreadable', file, message }, { cause });
  }

  const watcher = watch(dirname(file), (_, name) => {
    if (name !== null && name !== basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), settleMs);
  });
  watcher.on('error', (error) => {
    onError(unusable('changes can not be seen any more', error));
  });
  return () => {
    change += 1;
    clearTimeout(timer);
    watcher.close();
  };
}
