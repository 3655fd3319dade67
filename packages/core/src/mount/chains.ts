// Which providers a call gets: the chains of now, overridden for its tenant, language or number, and none that policy forbids.
import type { Health } from '../resilience/health.js';
import type { HedgeSettings } from '../resilience/hedge.js';
import type { Ladder } from '../resilience/ladder.js';
import {
  llmChain,
  membersOf,
  sttChain,
  ttsChain,
  type BudgetOptions,
  type Chain,
} from '../resilience/provider-chains.js';
import { nobodyLeft } from '../resilience/route.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { Prices } from '../call/spend.js';
import type { SpendingLimits } from '../call/spending-limits.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import type { IncomingCall } from './mount.js';

/** What calls run on. Replaced as a whole by `reload`. */
export interface CallSettings {
  /** `'media'` for connections that bring their own transcripts; others use the chain. */
  readonly stt: Chain<SttAdapter> | 'media';
  readonly llm?: Chain<LlmAdapter> | undefined;
  readonly tts?: Chain<TtsAdapter> | undefined;
  readonly budgets?: BudgetOptions | undefined;
  /** Which stages ask a second provider the same when the first is late, and how often at most. Default: none. */
  readonly hedge?: HedgeSettings | undefined;
  /** How turns are taken, for agents that do not say otherwise. */
  readonly turn?: Partial<TurnPolicy> | undefined;
  /** What is left to callers when a stage has failed for good. Default: one more try, then a goodbye. */
  readonly ladder?: Ladder | undefined;
  /** Labels that every provider of a call must have: a region, a contract (`labelled`). Default: none. */
  readonly require?: readonly string[] | undefined;
  /** What providers ask, so that what calls cost is counted. Default: it is not. */
  readonly prices?: Prices | undefined;
  /** What calls may cost; needs `prices` of all who may serve one. Default: no limit. */
  readonly spending?: SpendingLimits | undefined;
  /** Chains for some calls. For each of its fields the first override that matches and has it wins. */
  readonly overrides?: readonly CallOverride[] | undefined;
}

export interface CallOverride {
  /** All that is named must fit. */
  readonly match: CallMatch;
  readonly stt?: Chain<SttAdapter> | 'media' | undefined;
  readonly llm?: Chain<LlmAdapter> | undefined;
  readonly tts?: Chain<TtsAdapter> | undefined;
  readonly hedge?: HedgeSettings | undefined;
  readonly ladder?: Ladder | undefined;
  readonly require?: readonly string[] | undefined;
  /** Not with `match.language`. */
  readonly spending?: SpendingLimits | undefined;
}

export interface CallMatch {
  /** The call's label; see `VoicewireOptions.tenant`. */
  readonly tenant?: string | undefined;
  /** BCP 47, the agent's: `de` fits `de-AT` too. */
  readonly language?: string | undefined;
  /** Our side's: the number called, or the one we call from. `+4930*` fits all that begin with it. */
  readonly number?: string | undefined;
}

/** Decides about one provider for one call: region, contract, consent. Asked before health is. */
export type ProviderPolicy = (
  provider: {
    readonly kind: 'stt' | 'llm' | 'tts';
    readonly provider: string;
    readonly labels: readonly string[];
  },
  call: IncomingCall,
) => boolean;

/** A call as chains are chosen by it. */
export interface ChainCall extends IncomingCall {
  readonly tenant: string | undefined;
  readonly language: string | undefined;
}

/** What one call runs on. */
export interface CallChains {
  readonly tenant: string | undefined;
  readonly stt: SttAdapter | 'media';
  readonly llm: LlmAdapter | undefined;
  readonly tts: TtsAdapter | undefined;
  readonly ladder: Ladder | undefined;
  readonly moneyLimit: number | undefined;
}

export interface ChainChoice {
  readonly settings: CallSettings;
  readonly health: Health;
  readonly policy: ProviderPolicy | undefined;
}

/** `call`: undefined for what is done before any call. */
export function chainsFor(
  { settings, health, policy }: ChainChoice,
  call: ChainCall | undefined,
): CallChains {
  const pick = settingsFor(settings, call);
  const required = pick('require') ?? [];
  const allowed = <Adapter extends SttAdapter | LlmAdapter | TtsAdapter>(
    chain: Chain<Adapter>,
  ): readonly Adapter[] =>
    membersOf(chain).filter(({ kind, provider, labels = [] }) => {
      if (!required.every((label) => labels.includes(label))) return false;
      return call === undefined || policy === undefined || policy({ kind, provider, labels }, call);
    });
  const { budgets = {} } = settings;
  const [stt, llm, tts] = [pick('stt'), pick('llm'), pick('tts')];
  return {
    tenant: call?.tenant,
    stt: stt === 'media' ? 'media' : chainOf(sttChain, stt, allowed(stt), { budgets: budgets.stt, health }),
    llm:
      llm &&
      chainOf(llmChain, llm, allowed(llm), { budgets: budgets.llm, health, hedge: pick('hedge')?.llm }),
    tts: tts && chainOf(ttsChain, tts, allowed(tts), { budgets: budgets.tts, health }),
    ladder: pick('ladder'),
    moneyLimit: pick('spending')?.perCall,
  };
}

/** For each field, what the first override that fits the call and has it says, else what the settings say. */
export function settingsFor(settings: CallSettings, call: ChainCall | undefined) {
  const fitting = (settings.overrides ?? []).filter(({ match }) => call !== undefined && fits(match, call));
  return <Field extends keyof CallOverride & keyof CallSettings>(field: Field): CallSettings[Field] =>
    (fitting.find((override) => override[field] !== undefined)?.[field] ??
      settings[field]) as CallSettings[Field];
}

function fits({ tenant, language, number }: CallMatch, call: ChainCall): boolean {
  const ours = call.direction === 'inbound' ? call.to : call.from;
  return (
    (tenant === undefined || tenant === call.tenant) &&
    (language === undefined || isLanguage(language, call.language)) &&
    (number === undefined || isNumber(number, ours))
  );
}

/** A language fits its regions: RFC 4647, basic filtering. */
function isLanguage(range: string, language = ''): boolean {
  const [wanted, found] = [range.toLowerCase(), language.toLowerCase()];
  return found === wanted || found.startsWith(`${wanted}-`);
}

function isNumber(pattern: string, number: string): boolean {
  return pattern.endsWith('*') ? number.startsWith(pattern.slice(0, -1)) : number === pattern;
}

/** Where nobody is allowed, a chain that says so each time it is asked, and asks nobody. */
function chainOf<
  Adapter extends SttAdapter | LlmAdapter | TtsAdapter,
  Options extends { readonly health: Health },
>(
  toChain: (members: readonly Adapter[], options: Options) => Adapter,
  chain: Chain<Adapter>,
  allowed: readonly Adapter[],
  options: Options,
): Adapter {
  if (allowed.length > 0) return toChain(allowed, options);
  const nobody = membersOf(chain).slice(0, 1).map(unconnected);
  return toChain(nobody, { ...options, health: refusing(options.health) });
}

const refusing = (health: Health): Health => ({
  ...health,
  acquire: () => ({ reason: 'open', retryAfterMs: Infinity }),
  force: () => undefined,
});

/** Voices are connected before they are asked to speak: this one is not. */
function unconnected<Adapter extends SttAdapter | LlmAdapter | TtsAdapter>(adapter: Adapter): Adapter {
  if (adapter.kind !== 'tts') return adapter;
  const connect: TtsAdapter['connect'] = () => {
    const ready: Promise<void> = Promise.reject(nobodyLeft('tts', [adapter]));
    ready.catch(() => undefined);
    return {
      ready,
      closed: new Promise(() => undefined),
      close: () => undefined,
      speak: () => {
        throw nobodyLeft('tts', [adapter]);
      },
    };
  };
  return { ...adapter, connect };
}
