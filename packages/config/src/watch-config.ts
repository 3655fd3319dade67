// Watching a configuration file: new calls get what is written now, and a broken edit changes nothing.
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ConfigError } from '@voicewire/core';
import { readConfig, type ConfigFile, type ReadConfigOptions } from './read-config.js';

export interface WatchOptions extends ReadConfigOptions {
  readonly file: string;
  readonly onChange: (config: ConfigFile) => void;
  /** The file can not be read as it is now; what was read before stays. */
  readonly onError: (error: ConfigError) => void;
}

/** Editors write in several steps: only the last of a burst counts. */
const settleMs = 100;

/** Returns what stops it. The directory is watched, because editors replace files. */
export function watchConfig({ onChange, onError, ...options }: WatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(options.file), (_, name) => {
    if (name !== null && name !== basename(options.file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      readConfig(options).then(onChange, (error: unknown) => {
        if (ConfigError.is(error)) onError(error);
        else
          onError(
            new ConfigError(
              { code: 'config.unreadable', file: options.file, message: 'this can not be read' },
              { cause: error },
            ),
          );
      });
    }, settleMs);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
