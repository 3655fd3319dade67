// The shape of a configuration object. zod is loaded with it, and only with it.
import type * as Zod from 'zod';
import type { HedgeSettings } from '../resilience/hedge.js';
import type { Ladder } from '../resilience/ladder.js';
import type { BudgetOptions } from '../resilience/provider-chains.js';
import type { Prices } from '../call/spend.js';
import { maxSpendingHours, type SpendingLimits } from '../call/spending-limits.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import { defaultTurnPolicy } from '../turn/turn-policy.js';
import { defaultBudgets } from '../resilience/budgets.js';
import { parseOptions } from '../kit/parse-options.js';

/** One provider: by name, package or path, with its options beside `use`. */
export interface AdapterEntry {
  readonly use: string;
  /**
   * Take this entry only if the text is not empty (`${NAME:-}` is empty where NAME is not set), or, for `reachable`, if the
   * adapter's module says that its provider answers. Entries that do not apply are left out of their chain.
   */
  readonly when?: string | undefined;
  /** What policy goes by: a region, a contract. */
  readonly labels?: readonly string[] | undefined;
  readonly [option: string]: unknown;
}

/** A chain in order of preference, or the first entry that applies. */
export type StageConfig =
  | string
  | AdapterEntry
  | readonly (string | AdapterEntry)[]
  | { readonly first: readonly (string | AdapterEntry)[] };

/** Chains for some calls; see `CallOverride`. */
export interface OverrideConfig {
  readonly match: {
    readonly tenant?: string | undefined;
    readonly language?: string | undefined;
    readonly number?: string | undefined;
  };
  readonly stt?: StageConfig | undefined;
  readonly llm?: StageConfig | undefined;
  readonly tts?: StageConfig | undefined;
  readonly hedge?: HedgeSettings | undefined;
  readonly ladder?: Ladder | undefined;
  readonly require?: readonly string[] | undefined;
  readonly spending?: SpendingLimits | undefined;
}

/** What `voicewire.config.*` holds. */
export interface VoicewireConfig {
  readonly stt?: StageConfig | undefined;
  readonly llm?: StageConfig | undefined;
  readonly tts?: StageConfig | undefined;
  readonly telephony?: StageConfig | undefined;
  /** A module whose export `adapters` holds factories of its own by kind and name: read by whoever reads files. */
  readonly adapters?: string | undefined;
  /** A module whose export `agent` is an Agent. */
  readonly agent?: string | undefined;
  readonly calls?: { readonly max?: number | undefined } | undefined;
  readonly turn?: Partial<TurnPolicy> | undefined;
  readonly budgets?: BudgetOptions | undefined;
  readonly hedge?: HedgeSettings | undefined;
  /** What is left to callers when a stage has failed for good. */
  readonly ladder?: Ladder | undefined;
  /** What providers ask, by stage and name. */
  readonly prices?: Prices | undefined;
  readonly spending?: SpendingLimits | undefined;
  /** Labels that every provider of a call must have. */
  readonly require?: readonly string[] | undefined;
  readonly overrides?: readonly OverrideConfig[] | undefined;
  /** Where rendered phrases are kept: read by whoever has a disk. */
  readonly phrases?:
    { readonly directory?: string | undefined; readonly maxMegabytes?: number | undefined } | undefined;
  readonly server?:
    | {
        readonly host?: string | undefined;
        readonly port?: number | undefined;
        readonly mediaPort?: number | undefined;
        readonly publicUrl?: string | undefined;
      }
    | undefined;
}

/** The checked object. Throws one ConfigError with every problem. */
export async function parseConfig(config: unknown): Promise<VoicewireConfig> {
  const zod = await import('zod');
  return parseOptions('config', configSchema(zod), config) as VoicewireConfig;
}

function configSchema(z: typeof Zod): Zod.ZodType {
  const labels = z.array(z.string().min(1));
  const entry = z.union([
    z.string().min(1),
    z.looseObject({ use: z.string().min(1), when: z.string().optional(), labels: labels.optional() }),
  ]);
  const stage = z
    .union([entry, z.array(entry).min(1), z.strictObject({ first: z.array(entry).min(1) })])
    .optional();
  // A port that comes from the environment is text.
  const digits = z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number);
  const port = z.union([z.number(), digits]).pipe(z.number().int().min(0).max(65_535)).optional();
  return z.strictObject({
    stt: stage,
    llm: stage,
    tts: stage,
    telephony: stage,
    adapters: z.string().min(1).optional(),
    agent: z.string().min(1).optional(),
    calls: z.strictObject({ max: z.number().int().min(1).max(10_000).optional() }).optional(),
    turn: likeDefaults(z, defaultTurnPolicy).optional(),
    budgets: z
      .strictObject({
        stt: likeDefaults(z, defaultBudgets.stt).optional(),
        tts: likeDefaults(z, defaultBudgets.tts).optional(),
        llm: likeDefaults(z, defaultBudgets.llm).optional(),
      })
      .optional(),
    hedge: hedgeSchema(z).optional(),
    ladder: ladderSchema(z).optional(),
    prices: pricesSchema(z).optional(),
    spending: spendingSchema(z).optional(),
    require: labels.optional(),
    overrides: z
      .array(
        z.strictObject({
          match: z
            .strictObject({
              tenant: z.string().min(1).optional(),
              language: z.string().min(1).optional(),
              number: z.string().min(1).optional(),
            })
            .refine((match) => Object.keys(match).length > 0, 'name a tenant, a language or a number'),
          stt: stage,
          llm: stage,
          tts: stage,
          hedge: hedgeSchema(z).optional(),
          ladder: ladderSchema(z).optional(),
          require: labels.optional(),
          spending: spendingSchema(z).optional(),
        }),
      )
      .optional(),
    phrases: z
      .strictObject({
        directory: z.string().min(1).optional(),
        maxMegabytes: z.number().positive().optional(),
      })
      .optional(),
    server: z
      .strictObject({ host: z.string().optional(), port, mediaPort: port, publicUrl: z.url().optional() })
      .optional(),
  });
}

function hedgeSchema(z: typeof Zod): Zod.ZodType {
  const limits = z.strictObject({
    share: z.number().min(0).max(1).optional(),
    afterMs: z.number().min(0).optional(),
  });
  return z.strictObject({ llm: z.union([z.boolean(), limits]).optional() });
}

function pricesSchema(z: typeof Zod): Zod.ZodType {
  const amount = z.number().min(0);
  const list = (price: Zod.ZodType) => z.record(z.string().min(1), price).optional();
  const perMinute = z.strictObject({ perMinute: amount });
  return z.strictObject({
    stt: list(perMinute),
    llm: list(z.strictObject({ perMillionInputTokens: amount, perMillionOutputTokens: amount })),
    tts: list(z.strictObject({ perThousandCharacters: amount })),
    telephony: list(perMinute),
  });
}

function spendingSchema(z: typeof Zod): Zod.ZodType {
  return z.strictObject({
    perCall: z.number().min(0).optional(),
    perTenant: z.number().min(0).optional(),
    withinHours: z.number().int().min(1).max(maxSpendingHours).optional(),
  });
}

function ladderSchema(z: typeof Zod): Zod.ZodType {
  // A number from an environment variable that is not set is none.
  const number = z
    .string()
    .transform((text) => (text === '' ? undefined : text))
    .optional();
  return z.strictObject({
    retries: z.number().int().min(0).max(5).optional(),
    menu: z
      .strictObject({
        prompt: z.string().min(1),
        keys: z.record(z.string().regex(/^[0-9*#]$/), z.enum(['person', 'voicemail', 'goodbye'])),
        waitMs: z.number().min(0).optional(),
        times: z.number().int().min(1).max(5).optional(),
      })
      .optional(),
    person: number,
    voicemail: number,
  });
}

/** Policies are numbers, switches and lists of phrases: their defaults say which. */
function likeDefaults(z: typeof Zod, defaults: object): Zod.ZodType {
  const like = (value: unknown): Zod.ZodType => {
    if (Array.isArray(value)) return z.array(z.string().min(1));
    return typeof value === 'boolean' ? z.boolean() : z.number().min(0);
  };
  return z.strictObject(
    Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, like(value).optional()])),
  );
}
