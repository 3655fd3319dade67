// What the files of this folder share: the application's options, and what lives as long as the process.
import type { EventEmitter } from 'eventemitter3';
import type { WebSocketServer } from 'ws';
import type { Agent, CallContext } from '../call/agent.js';
import type { Call } from '../call/call.js';
import type { HookWatch } from '../call/hook-watch.js';
import type { Approve } from '../call/tool.js';
import type { VoiceCache } from '../call/voice-cache.js';
import { BaseVoiceError } from '../errors/voice-error.js';
import type { Health } from '../resilience/health.js';
import type { Clock } from '../spec/clock.js';
import type { ByteStorage } from '../spec/storage.js';
import type { MediaConnection, TelephonyAdapter } from '../spec/telephony.js';
import { chainsFor, settingsFor, type CallChains, type CallSettings, type ProviderPolicy } from './chains.js';
import type { CallRecord, CallStore } from './call-store.js';
import type { Dialling } from './dial.js';
import type { LoopLag } from './loop-lag.js';
import type { SpendingBook } from './spending.js';
import type { TokenStore } from './tokens.js';

/** Who answers a call, decided when it comes in. */
export interface IncomingCall {
  readonly callId: string;
  readonly provider: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  readonly context: CallContext;
}

export interface VoicewireOptions extends CallSettings {
  /** Where carriers reach this process: `https://voice.example.com`, no path of its own needed. */
  readonly publicUrl: string;
  /** Where media sockets are reached, if elsewhere. Default: `publicUrl` with `ws`. */
  readonly publicMediaUrl?: string | undefined;
  /** What all paths begin with. Default `/voicewire`. */
  readonly basePath?: string | undefined;
  readonly telephony: readonly TelephonyAdapter[];
  /** One agent for all, or a choice per call; without one calls are assisted. */
  readonly agent?: Agent | ((call: IncomingCall) => Agent) | undefined;
  readonly approve?: Approve | undefined;
  /**
   * The label that a call's overrides and its spending go by. Default: `context.tenant`, where that is a text. A call out that is
   * not dialled yet has an empty `callId`.
   */
  readonly tenant?: ((call: IncomingCall) => string | undefined) | undefined;
  /** Which providers may serve a call: asked before health is. Nobody left means the ladder, never somebody else. */
  readonly policy?: ProviderPolicy | undefined;
  /** Shared where several are mounted in one process. Default: its own. */
  readonly health?: Health | undefined;
  /** Where fixed phrases outlive the process: `createDiskStorage` of `@voicewire/core/disk`. Default: in memory only. */
  readonly phraseStorage?: ByteStorage | undefined;
  /** Calls at once, expected ones included; one more is told that all lines are busy. Default 300. */
  readonly maxCalls?: number | undefined;
  /**
   * How late the event loop may be, in ms, for a call more to be taken: above it, callers are told that all lines are busy, and
   * live calls do not suffer. Default 150; `Infinity`: never.
   */
  readonly maxLagMs?: number | undefined;
  /**
   * The share of time, 0 to 1, that the event loop may be busy in each of two seconds on end for a call more to be taken: above
   * it the loop is about to be late. Default 0.9; 1: never.
   */
  readonly maxLoopUtilization?: number | undefined;
  readonly store?: CallStore | undefined;
  readonly clock?: Clock | undefined;
}

/** What a media socket may become; the token leads here. */
export interface ExpectedCall {
  readonly record: CallRecord;
  readonly adapter: TelephonyAdapter;
  readonly agent: Agent | undefined;
  readonly stt: 'media' | undefined;
}

/** A call that runs. */
export interface LiveCall {
  readonly call: Call;
  readonly connection: MediaConnection;
  /** Settles when the call is over and its record says so. */
  readonly over: Promise<void>;
}

/** One mounted Voicewire. */
export interface Mount {
  /** Of now: `reload` replaces them. */
  options: VoicewireOptions;
  readonly health: Health;
  readonly basePath: string;
  readonly clock: Clock;
  readonly store: CallStore;
  readonly tokens: TokenStore<ExpectedCall>;
  readonly live: Map<string, LiveCall>;
  /** The same calls, as applications see them. */
  readonly calls: Map<string, Call>;
  readonly phrases: VoiceCache;
  readonly emitter: EventEmitter;
  readonly lag: LoopLag;
  readonly spending: SpendingBook;
  /** Code of the application runs in here. */
  readonly hook: HookWatch;
  readonly sockets: WebSocketServer;
  readonly adapters: ReadonlyMap<string, TelephonyAdapter>;
  /** Calls out whose callee's telephone has not rung, as far as we were told; `failed` ones that we do not know yet. */
  readonly dialling: Map<string, Dialling | 'failed'>;
  /** Media sockets that have not said which call they are. */
  unbound: number;
  isClosing: boolean;
}

/** Absolute address of one of our paths, as a carrier is told it. */
export function publicPath(mount: Mount, provider: string, name: string, query = ''): string {
  return `${mount.options.publicUrl.replace(/\/+$/, '')}${mount.basePath}/${provider}/${name}${query}`;
}

export function mediaUrlOf(mount: Mount, provider: string): string {
  const base = mount.options.publicMediaUrl ?? mount.options.publicUrl;
  return `${base.replace(/^http/, 'ws').replace(/\/+$/, '')}${mount.basePath}/${provider}/media`;
}

/** The segments of a path after ours; undefined for paths that are not ours. */
export function pathBelow(mount: Pick<Mount, 'basePath'>, pathname: string): readonly string[] | undefined {
  if (!pathname.startsWith(`${mount.basePath}/`)) return undefined;
  return pathname.slice(mount.basePath.length + 1).split('/');
}

export function warn(mount: Mount, code: string, message: string): void {
  mount.emitter.emit('warning', { code, message });
}

export function agentFor(mount: Mount, record: CallRecord): Agent | undefined {
  const { agent } = mount.options;
  return typeof agent === 'function' ? mount.hook('The choice of an agent', () => agent(record)) : agent;
}

/** What a call runs on from its start to its end, whatever is reloaded meanwhile. */
export function chainsOf(
  { options, health, hook }: Mount,
  record: CallRecord,
  agent: Agent | undefined,
): CallChains {
  const { policy, tenant = tenantOfContext } = options;
  return hook('The choice of providers', () => {
    const call = { ...record, tenant: tenant(record), language: agent?.language };
    return chainsFor({ settings: options, health, policy }, call);
  });
}

const tenantOfContext = ({ context }: IncomingCall): string | undefined => {
  const { tenant } = context;
  return typeof tenant === 'string' ? tenant : undefined;
};

/** Callers hear gaps of their carrier's buffer, which holds more than this; what is later than that is heard. */
const defaultMaxLagMs = 150;

/** Whether a call that is not here yet would be one too many. Callers whose media is on its way count. */
export function isFull({ isClosing, live, tokens, lag, options }: Mount): boolean {
  const { maxCalls = 300, maxLagMs = defaultMaxLagMs, maxLoopUtilization = 0.9 } = options;
  if (isClosing || live.size >= maxCalls) return true;
  if (lag.ms() > maxLagMs || lag.utilization() > maxLoopUtilization) return true;
  const calls = new Set([...live.keys(), ...tokens.values().map(({ record }) => record.callId)]);
  return calls.size >= maxCalls;
}

export function busy({ isClosing }: Mount): BaseVoiceError {
  return new BaseVoiceError({
    code: 'call.busy',
    class: 'capacity',
    stage: 'call',
    message: isClosing
      ? 'No new calls: this process is about to stop.'
      : 'All lines are busy, or this process is: wait for a call to end, or allow more (maxCalls, maxLagMs, maxLoopUtilization).',
  });
}

/** Whether the tenant of a call that is not here yet has spent what it may. */
export function hasSpentAll({ options, hook, spending }: Mount, call: IncomingCall): boolean {
  if ([options, ...(options.overrides ?? [])].every((one) => one.spending?.perTenant === undefined))
    return false;
  const { tenant: choose = tenantOfContext } = options;
  const tenant = hook('The choice of a tenant', () => choose(call));
  const limits = settingsFor(options, { ...call, tenant, language: undefined })('spending');
  return limits?.perTenant !== undefined && spending.spent(tenant, limits.withinHours) >= limits.perTenant;
}

export function spentAll(): BaseVoiceError {
  return new BaseVoiceError({
    code: 'call.spending_limit',
    class: 'quota',
    stage: 'call',
    message: 'No new calls of this tenant: it has spent what it may (spending.perTenant).',
  });
}
