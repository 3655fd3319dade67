// From a name in a configuration to an adapter: built in, a package of ours, any package, or a path.
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import { closestName } from '../kit/closest-name.js';
import { labelled } from '../resilience/labels.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type { TelephonyAdapter } from '../spec/telephony.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { AdapterEntry } from './config-schema.js';

export interface AdapterKinds {
  readonly stt: SttAdapter;
  readonly llm: LlmAdapter;
  readonly tts: TtsAdapter;
  readonly telephony: TelephonyAdapter;
}

export type AdapterKind = keyof AdapterKinds;

/** Makes an adapter of the options written beside `use`; throws ConfigError for wrong ones. */
export type AdapterFactory<Kind extends AdapterKind> = (
  options: Record<string, unknown>,
) => AdapterKinds[Kind];

/** Factories an application brings along, by kind and name. */
export type BuiltInAdapters = {
  readonly [Kind in AdapterKind]?: Readonly<Record<string, AdapterFactory<Kind>>>;
};

/** Names of adapters that exist as packages, by kind. */
export type KnownAdapters = { readonly [Kind in AdapterKind]?: readonly string[] };

export interface LoadOptions {
  readonly builtIn: BuiltInAdapters;
  /** What "did you mean" may suggest beside the built-in ones. */
  readonly known: KnownAdapters;
  /** What relative paths count from. */
  readonly baseDirectory: string;
}

type Module = Readonly<Record<string, unknown>>;

const suffixes = { stt: 'Stt', llm: 'Llm', tts: 'Tts', telephony: 'Telephony' } as const;

/** Throws a ConfigError that says which package to install, or which name was meant. */
export async function loadAdapter<Kind extends AdapterKind>(
  kind: Kind,
  { use, when: _when, labels, ...options }: AdapterEntry,
  path: string,
  load: LoadOptions,
): Promise<AdapterKinds[Kind]> {
  const factory =
    builtInFactory(kind, use, load) ??
    findFactory(kind, use, path, await importModule(kind, use, path, load));
  try {
    const adapter = factory(options);
    if (adapter.kind === kind) return labels === undefined ? adapter : withLabels(adapter, labels);
    throw new ConfigError({
      code: 'config.wrong_kind',
      message: `"${use}" is no ${kind} adapter`,
      found: adapter.kind,
      allowed: kind,
    });
  } catch (error) {
    throw atPath(error, path);
  }
}

function withLabels<Adapter extends AdapterKinds[AdapterKind]>(
  adapter: Adapter,
  labels: readonly string[],
): Adapter {
  return adapter.kind === 'telephony' ? adapter : labelled(adapter as Adapter & SttAdapter, labels);
}

/** Whether an entry applies. A probe that fails or takes too long says no. */
export async function applies(
  kind: AdapterKind,
  entry: AdapterEntry,
  path: string,
  load: LoadOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { use, when, labels: _labels, ...options } = entry;
  if (when === undefined) return true;
  if (when !== 'reachable') return when.trim() !== '';
  const isBuiltIn = builtInFactory(kind, use, load) !== undefined;
  const { isReachable } = isBuiltIn ? {} : await importModule(kind, use, path, load);
  if (typeof isReachable !== 'function') {
    throw new ConfigError({
      code: 'config.not_probeable',
      path: `${path}.when`,
      message: `"${use}" can not say whether it is reachable`,
    });
  }
  return answers(isReachable as Probe, options, signal);
}

/** Exported as `isReachable` by adapters whose provider may or may not run on this machine. */
type Probe = (options: object, request: { readonly signal: AbortSignal }) => Promise<boolean>;

function answers(isReachable: Probe, options: object, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const no = (): void => {
      resolve(false);
    };
    if (signal.aborted) no();
    signal.addEventListener('abort', no, { once: true });
    isReachable(options, { signal }).then(resolve, no);
  });
}

function builtInFactory<Kind extends AdapterKind>(
  kind: Kind,
  use: string,
  { builtIn }: LoadOptions,
): AdapterFactory<Kind> | undefined {
  const factories = builtIn[kind];
  return factories !== undefined && Object.hasOwn(factories, use) ? factories[use] : undefined;
}

/** `acme` is `@voicewire/<kind>-acme`; a scope or a slash makes it a package of its own; a dot or a root a path. */
function specifierOf(kind: AdapterKind, use: string, { baseDirectory }: LoadOptions): string {
  if (use.startsWith('.') || isAbsolute(use)) return pathToFileURL(resolve(baseDirectory, use)).href;
  return use.includes('/') ? use : `@voicewire/${kind}-${use}`;
}

async function importModule(
  kind: AdapterKind,
  use: string,
  path: string,
  load: LoadOptions,
): Promise<Module> {
  const specifier = specifierOf(kind, use, load);
  try {
    return await importFrom(specifier, load.baseDirectory);
  } catch (error) {
    throw new ConfigError(notLoaded(kind, use, specifier, path, error, load), { cause: error });
  }
}

/** As this package sees it, else as the application does: strict package managers show each package only its own. */
async function importFrom(specifier: string, directory: string): Promise<Module> {
  try {
    return (await import(specifier)) as Module;
  } catch (error) {
    const resolved = isMissing(error, specifier) ? resolveFrom(specifier, directory) : undefined;
    if (resolved === undefined) throw error;
    return (await import(pathToFileURL(resolved).href)) as Module;
  }
}

function resolveFrom(specifier: string, directory: string): string | undefined {
  try {
    return createRequire(join(directory, 'noop.js')).resolve(specifier);
  } catch {
    // Not there either; the first error says what is missing.
    return undefined;
  }
}

/** The module itself is missing, not something it needs. */
function isMissing(error: unknown, specifier: string): boolean {
  const isNotFound = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  return isNotFound && error.message.includes(specifier.replace(/^file:\/\//, ''));
}

function notLoaded(
  kind: AdapterKind,
  use: string,
  specifier: string,
  path: string,
  error: unknown,
  { builtIn, known }: LoadOptions,
): ConfigProblem {
  if (!isMissing(error, specifier)) {
    return {
      code: 'config.adapter_broken',
      path,
      message: `"${use}" is there but could not be loaded`,
      found: error instanceof Error && 'code' in error ? String(error.code) : 'an error while loading',
    };
  }
  const meant = closestName(use, [...Object.keys(builtIn[kind] ?? {}), ...(known[kind] ?? [])]);
  const hint = meant === undefined || meant === use ? '' : `did you mean "${meant}"? If not: `;
  const remedy = specifier.startsWith('file:') ? 'check the path' : `npm install ${specifier}`;
  return {
    code: 'config.unknown_adapter',
    path,
    message: `no ${kind} adapter of this name is installed; ${hint}${remedy}`,
    found: JSON.stringify(use),
  };
}

/** By convention one export is called `create…Stt` (or Llm, Tts, Telephony). */
function findFactory<Kind extends AdapterKind>(
  kind: Kind,
  use: string,
  path: string,
  module: Module,
): AdapterFactory<Kind> {
  const pattern = new RegExp(`^create[A-Z].*${suffixes[kind]}$`);
  const names = Object.keys(module).filter(
    (name) => pattern.test(name) && typeof module[name] === 'function',
  );
  const [name, another] = names;
  if (name !== undefined && another === undefined) return module[name] as AdapterFactory<Kind>;
  throw new ConfigError({
    code: 'config.no_factory',
    path,
    message: `"${use}" should export one function that makes its ${kind} adapter`,
    found: names.length === 0 ? 'none' : names.join(', '),
    allowed: `create<Provider>${suffixes[kind]}`,
  });
}

/** The adapter knows its options' paths; the configuration knows where they stand. */
function atPath(error: unknown, path: string): unknown {
  if (!ConfigError.is(error)) {
    const message = isVoiceError(error) ? error.message : 'the adapter could not be made';
    // What a factory throws of its own may hold the options it was given, keys among them.
    const found = error instanceof Error ? error.name : undefined;
    return new ConfigError({ code: 'config.adapter_broken', path, message, found });
  }
  return new ConfigError(
    error.problems.map((problem) => ({
      ...problem,
      path: problem.path === undefined ? path : `${path}.${problem.path}`,
    })),
    { cause: error },
  );
}
