// From a configuration object to providers: everything is loaded and checked before the first call, every problem told at once.
import { canConvert } from '../audio/convert.js';
import { describeFormat } from '../audio/format.js';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { parseConfig, type AdapterEntry, type StageConfig, type VoicewireConfig } from './config-schema.js';
import {
  applies,
  loadAdapter,
  type AdapterKind,
  type AdapterKinds,
  type BuiltInAdapters,
  type LoadOptions,
} from './load-adapter.js';

export interface RegistryOptions {
  /** Factories the application brings along, by kind and name; they win over packages. */
  readonly adapters?: BuiltInAdapters | undefined;
  /** What relative paths count from. Default: the working directory. */
  readonly baseDirectory?: string | undefined;
}

/** What a configuration comes to; made to be spread into `createVoicewire`. */
export interface LoadedProviders {
  readonly stt: readonly AdapterKinds['stt'][] | 'media';
  readonly llm?: readonly AdapterKinds['llm'][] | undefined;
  readonly tts?: readonly AdapterKinds['tts'][] | undefined;
  readonly telephony: readonly AdapterKinds['telephony'][];
}

export interface Registry {
  /** Throws one ConfigError with every problem of the whole configuration. */
  load(
    config: unknown,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<LoadedProviders & { readonly config: VoicewireConfig }>;
}

/** How long `when: reachable` may take, all together. */
const probeLimitMs = 1_500;

export function createRegistry({
  adapters = {},
  baseDirectory = process.cwd(),
}: RegistryOptions = {}): Registry {
  const load: LoadOptions = { builtIn: adapters, baseDirectory };
  return {
    async load(config, { signal = AbortSignal.timeout(probeLimitMs) } = {}) {
      const parsed = await parseConfig(config);
      const problems: ConfigProblem[] = [];
      const stage = <Kind extends AdapterKind>(
        kind: Kind,
      ): Promise<readonly AdapterKinds[Kind][] | undefined> =>
        loadStage(kind, parsed[kind], load, problems, signal);
      const isMedia = parsed.stt === 'media';
      const [stt, llm, tts, telephony = []] = await Promise.all([
        isMedia ? undefined : stage('stt'),
        stage('llm'),
        stage('tts'),
        stage('telephony'),
      ]);
      if (stt === undefined && !isMedia)
        problems.push({
          code: 'config.missing_option',
          path: 'stt',
          message: 'calls need somebody who listens',
        });
      problems.push(...formatProblems(stt ?? [], tts ?? [], telephony));
      if (problems.length > 0) throw new ConfigError(problems);
      return { config: parsed, stt: stt ?? 'media', llm, tts, telephony };
    },
  };
}

async function loadStage<Kind extends AdapterKind>(
  kind: Kind,
  stage: StageConfig | undefined,
  load: LoadOptions,
  problems: ConfigProblem[],
  signal: AbortSignal,
): Promise<readonly AdapterKinds[Kind][] | undefined> {
  if (stage === undefined) return undefined;
  const loaded: AdapterKinds[Kind][] = [];
  for (const { entry, path } of await chosen(kind, stage, load, problems, signal)) {
    try {
      loaded.push(await loadAdapter(kind, entry, path, load));
    } catch (error) {
      if (!ConfigError.is(error)) throw error;
      problems.push(...error.problems);
    }
  }
  return loaded;
}

interface Placed {
  readonly entry: AdapterEntry;
  readonly path: string;
}

async function chosen(
  kind: AdapterKind,
  stage: StageConfig,
  load: LoadOptions,
  problems: ConfigProblem[],
  signal: AbortSignal,
): Promise<readonly Placed[]> {
  const { placed, isFirst } = placedEntries(kind, stage);
  const taken: Placed[] = [];
  for (const candidate of placed) {
    if (isFirst && taken.length > 0) break;
    if (await applies(kind, candidate.entry, candidate.path, load, signal)) taken.push(candidate);
  }
  if (taken.length === 0) {
    problems.push({
      code: 'config.none_applies',
      path: kind,
      message: 'no entry applies here; let the last have no "when"',
    });
  }
  return taken;
}

function placedEntries(
  kind: AdapterKind,
  stage: StageConfig,
): { readonly placed: readonly Placed[]; readonly isFirst: boolean } {
  if (typeof stage === 'string') return { placed: [{ entry: { use: stage }, path: kind }], isFirst: false };
  if (isList(stage)) return { placed: placeAll(stage, kind), isFirst: false };
  if (isFirstList(stage)) return { placed: placeAll(stage.first, `${kind}.first`), isFirst: true };
  return { placed: [{ entry: stage, path: kind }], isFirst: false };
}

function placeAll(list: readonly (string | AdapterEntry)[], path: string): readonly Placed[] {
  return list.map((entry, index) => ({ entry: toEntry(entry), path: `${path}[${index}]` }));
}

function isList(stage: StageConfig): stage is readonly (string | AdapterEntry)[] {
  return Array.isArray(stage);
}

function isFirstList(
  stage: Exclude<StageConfig, string>,
): stage is { readonly first: readonly (string | AdapterEntry)[] } {
  return 'first' in stage;
}

function toEntry(item: string | AdapterEntry): AdapterEntry {
  return typeof item === 'string' ? { use: item } : item;
}

/** Formats are converted per member; only what core can't convert is an error. */
function formatProblems(
  ears: readonly AdapterKinds['stt'][],
  voices: readonly AdapterKinds['tts'][],
  carriers: readonly AdapterKinds['telephony'][],
): readonly ConfigProblem[] {
  return carriers.flatMap(({ provider, capabilities: { inbound, outbound } }) => [
    ...ears.flatMap((ear) => unconvertible('stt', provider, inbound, ear.provider, ear.capabilities.formats)),
    ...voices.flatMap((voice) =>
      unconvertible('tts', voice.provider, voice.capabilities.formats, provider, outbound),
    ),
  ]);
}

function unconvertible(
  path: string,
  giver: string,
  given: readonly AudioFormat[],
  taker: string,
  taken: readonly AudioFormat[],
): readonly ConfigProblem[] {
  const fits = given.every((from) => taken.some((to) => canConvert(from, to)));
  if (fits) return [];
  const list = (formats: readonly AudioFormat[]): string => formats.map(describeFormat).join(', ');
  return [
    {
      code: 'config.audio_format',
      path,
      message: `audio of "${giver}" can not be converted for "${taker}"`,
      found: list(given),
      allowed: list(taken),
    },
  ];
}
