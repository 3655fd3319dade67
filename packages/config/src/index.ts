// What applications import from '@voicewire/config'.
export { loadConfig, type LoadConfigOptions, type LoadedConfig } from './load-config.js';
export { findConfig, placed, readConfig, type ConfigFile, type ReadConfigOptions } from './read-config.js';
export type { Environment } from './references.js';
export { watchConfig, type WatchOptions } from './watch-config.js';
