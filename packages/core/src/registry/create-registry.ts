// From a configuration object to providers: everything is loaded and checked before the first call, every problem told at once.
import { namesIn, spendingProblems, type Spenders } from '../call/spending-limits.js';
import { unknownPriceProblems } from '../call/price-problems.js';
import { canConvert } from '../audio/convert.js';
import { describeFormat } from '../audio/format.js';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import { ladderProblems } from '../resilience/ladder.js';
import type { AudioFormat } from '../spec/audio.js';
import {
  parseConfig,
  type AdapterEntry,
  type OverrideConfig,
  type StageConfig,
  type VoicewireConfig,
} from './config-schema.js';
import {
  applies,
  loadAdapter,
  type AdapterKind,
  type AdapterKinds,
  type BuiltInAdapters,
  type KnownAdapters,
  type LoadOptions,
} from './load-adapter.js';

export interface RegistryOptions {
  /** Factories the application brings along, by kind and name; they win over packages. */
  readonly adapters?: BuiltInAdapters | undefined;
  /** Names of adapters that exist as packages: what "did you mean" may suggest. */
  readonly knownAdapters?: KnownAdapters | undefined;
  /** What relative paths count from. Default: the working directory. */
  readonly baseDirectory?: string | undefined;
}

/** What a configuration comes to; made to be spread into `createVoicewire`. */
export interface LoadedProviders {
  readonly stt: readonly AdapterKinds['stt'][] | 'media';
  readonly llm?: readonly AdapterKinds['llm'][] | undefined;
  readonly tts?: readonly AdapterKinds['tts'][] | undefined;
  readonly telephony: readonly AdapterKinds['telephony'][];
  readonly require?: readonly string[] | undefined;
  readonly overrides?: readonly LoadedOverride[] | undefined;
}

/** An override with its providers. */
export interface LoadedOverride extends Omit<OverrideConfig, 'stt' | 'llm' | 'tts'> {
  readonly stt?: readonly AdapterKinds['stt'][] | 'media' | undefined;
  readonly llm?: readonly AdapterKinds['llm'][] | undefined;
  readonly tts?: readonly AdapterKinds['tts'][] | undefined;
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
  knownAdapters = {},
  baseDirectory = process.cwd(),
}: RegistryOptions = {}): Registry {
  const load: LoadOptions = { builtIn: adapters, known: knownAdapters, baseDirectory };
  return {
    async load(config, { signal = AbortSignal.timeout(probeLimitMs) } = {}) {
      const parsed = await parseConfig(config);
      const [base, telephony, ...overrides] = await Promise.all([
        loadStages(parsed, '', load, signal),
        loadStage('telephony', parsed.telephony, 'telephony', load, signal),
        ...(parsed.overrides ?? []).map((override, index) =>
          loadStages(override, `overrides[${index}].`, load, signal),
        ),
      ]);
      const all = [base, ...overrides];
      const problems = [
        ...missingStages(parsed),
        ...ladderProblems(parsed),
        ...moneyProblems(parsed, base, overrides, telephony),
        ...[...all.flatMap(({ stt, llm, tts }) => [stt, llm, tts]), telephony].flatMap(
          (loaded) => loaded.problems,
        ),
        ...formatProblems(
          all.flatMap(({ stt }) => stt.adapters ?? []),
          all.flatMap(({ tts }) => tts.adapters ?? []),
          telephony.adapters ?? [],
        ),
      ];
      if (problems.length > 0) throw new ConfigError(problems);
      return {
        config: parsed,
        ...adaptersOf(parsed, base),
        stt: base.stt.adapters?.map(adapterOf) ?? 'media',
        telephony: telephony.adapters?.map(adapterOf) ?? [],
        require: parsed.require,
        overrides: parsed.overrides?.map(({ match, hedge, ladder, require, spending, ...stages }, index) => ({
          match,
          hedge,
          ladder,
          require,
          spending,
          ...adaptersOf(stages, overrides[index]),
        })),
      };
    },
  };
}

type CallStages = Pick<VoicewireConfig, 'stt' | 'llm' | 'tts'>;

interface LoadedStages {
  readonly stt: LoadedStage<'stt'>;
  readonly llm: LoadedStage<'llm'>;
  readonly tts: LoadedStage<'tts'>;
}

/** `path`: what the stages' own paths begin with. */
async function loadStages(
  stages: CallStages,
  path: string,
  load: LoadOptions,
  signal: AbortSignal,
): Promise<LoadedStages> {
  const stage = <Kind extends keyof CallStages>(kind: Kind): Promise<LoadedStage<Kind>> =>
    loadStage(kind, stages[kind], `${path}${kind}`, load, signal);
  const [stt, llm, tts] = await Promise.all([
    stages.stt === 'media' ? nothing : stage('stt'),
    stage('llm'),
    stage('tts'),
  ]);
  return { stt, llm, tts };
}

function adaptersOf(
  stages: CallStages,
  loaded: LoadedStages | undefined,
): Required<Pick<LoadedOverride, 'stt' | 'llm' | 'tts'>> {
  return {
    stt: stages.stt === 'media' ? 'media' : loaded?.stt.adapters?.map(adapterOf),
    llm: loaded?.llm.adapters?.map(adapterOf),
    tts: loaded?.tts.adapters?.map(adapterOf),
  };
}

/** Of all who may serve a call; who is configured and left out here (`when`) has a name too, and needs no price. */
function moneyProblems(
  parsed: VoicewireConfig,
  base: LoadedStages,
  overrides: readonly LoadedStages[],
  telephony: LoadedStage<'telephony'>,
): readonly ConfigProblem[] {
  const { prices, spending } = parsed;
  if (prices === undefined && spending === undefined && parsed.overrides === undefined) return [];
  const spenders: Spenders = {
    prices,
    spending,
    ...adaptersOf(parsed, base),
    telephony: telephony.adapters?.map(adapterOf) ?? [],
    overrides: parsed.overrides?.map(({ match, spending, ...stages }, index) => ({
      match,
      spending,
      ...adaptersOf(stages, overrides[index]),
    })),
  };
  const loaded = namesIn(spenders);
  const named = (stage: 'stt' | 'llm' | 'tts'): readonly string[] => [
    ...loaded[stage],
    ...[parsed, ...(parsed.overrides ?? [])].flatMap((stages) => usedBy(stages[stage])),
  ];
  return [
    ...spendingProblems(spenders),
    ...unknownPriceProblems(prices, {
      stt: named('stt'),
      llm: named('llm'),
      tts: named('tts'),
      telephony: [...loaded.telephony, ...usedBy(parsed.telephony)],
    }),
  ];
}

function usedBy(stage: StageConfig | undefined): readonly string[] {
  return stage === undefined ? [] : placedEntries('', stage).placed.map(({ entry }) => entry.use);
}

/** Calls need somebody who listens; an agent also needs a mind and a voice. */
function missingStages(config: VoicewireConfig): readonly ConfigProblem[] {
  const missing = (path: 'stt' | 'llm' | 'tts', message: string): readonly ConfigProblem[] =>
    config[path] === undefined ? [{ code: 'config.missing_option', path, message }] : [];
  return [
    ...missing('stt', 'calls need somebody who listens'),
    ...(config.agent === undefined ? [] : missing('llm', 'an agent needs a language model')),
    ...(config.agent === undefined ? [] : missing('tts', 'an agent needs a voice')),
  ];
}

/** An adapter and the path it is configured at. */
interface Loaded<Kind extends AdapterKind> {
  readonly adapter: AdapterKinds[Kind];
  readonly path: string;
}

/** What became of a stage of the configuration. */
interface LoadedStage<Kind extends AdapterKind> {
  /** Undefined where the stage is not configured. */
  readonly adapters: readonly Loaded<Kind>[] | undefined;
  readonly problems: readonly ConfigProblem[];
}

const nothing = { adapters: undefined, problems: [] } as const;

function adapterOf<Kind extends AdapterKind>({ adapter }: Loaded<Kind>): AdapterKinds[Kind] {
  return adapter;
}

async function loadStage<Kind extends AdapterKind>(
  kind: Kind,
  stage: StageConfig | undefined,
  path: string,
  load: LoadOptions,
  signal: AbortSignal,
): Promise<LoadedStage<Kind>> {
  if (stage === undefined) return nothing;
  const adapters: Loaded<Kind>[] = [];
  const problems: ConfigProblem[] = [];
  const { placed, isFirst } = placedEntries(path, stage);
  for (const { entry, path: entryPath } of placed) {
    if (isFirst && adapters.length > 0) break;
    try {
      if (await applies(kind, entry, entryPath, load, signal))
        adapters.push({ adapter: await loadAdapter(kind, entry, entryPath, load), path: entryPath });
    } catch (error) {
      if (!ConfigError.is(error)) throw error;
      problems.push(...error.problems);
      // It was chosen, and is wrong: the next is no remedy for that.
      if (isFirst) break;
    }
  }
  if (adapters.length === 0 && problems.length === 0) {
    problems.push({
      code: 'config.none_applies',
      path,
      message: 'no entry applies here; let the last have no "when"',
    });
  }
  return { adapters, problems };
}

interface Placed {
  readonly entry: AdapterEntry;
  readonly path: string;
}

function placedEntries(
  path: string,
  stage: StageConfig,
): { readonly placed: readonly Placed[]; readonly isFirst: boolean } {
  if (typeof stage === 'string') return { placed: [{ entry: { use: stage }, path }], isFirst: false };
  if (isList(stage)) return { placed: placeAll(stage, path), isFirst: false };
  if (isFirstList(stage)) return { placed: placeAll(stage.first, `${path}.first`), isFirst: true };
  return { placed: [{ entry: stage, path }], isFirst: false };
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
  // Beside a name it is an option of that adapter.
  return 'first' in stage && !('use' in stage);
}

function toEntry(item: string | AdapterEntry): AdapterEntry {
  return typeof item === 'string' ? { use: item } : item;
}

/** Formats are converted per member; only what core can't convert is an error. */
function formatProblems(
  ears: readonly Loaded<'stt'>[],
  voices: readonly Loaded<'tts'>[],
  carriers: readonly Loaded<'telephony'>[],
): readonly ConfigProblem[] {
  return carriers.flatMap(({ adapter: { provider, capabilities } }) => [
    ...ears.flatMap(({ path, adapter }) => {
      const { formats } = adapter.capabilities;
      const fits = capabilities.inbound.every((from) => formats.some((to) => canConvert(from, to)));
      return fits ? [] : [unconvertible(path, provider, capabilities.inbound, adapter.provider, formats)];
    }),
    ...voices.flatMap(({ path, adapter }) => {
      const { formats } = adapter.capabilities;
      const fits = capabilities.outbound.every((to) => formats.some((from) => canConvert(from, to)));
      return fits ? [] : [unconvertible(path, adapter.provider, formats, provider, capabilities.outbound)];
    }),
  ]);
}

function unconvertible(
  path: string,
  giver: string,
  given: readonly AudioFormat[],
  taker: string,
  taken: readonly AudioFormat[],
): ConfigProblem {
  const list = (formats: readonly AudioFormat[]): string => formats.map(describeFormat).join(', ');
  return {
    code: 'config.audio_format',
    path,
    message: `audio of "${giver}" can not be converted for "${taker}"`,
    found: list(given),
    allowed: list(taken),
  };
}
