// Voicewire in an application: adapters and an agent in, a webhook handler and a media upgrade out.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { EventEmitter } from 'eventemitter3';
import type { Agent, CallContext } from '../call/agent.js';
import type { Call } from '../call/call.js';
import { createHookWatch } from '../call/hook-watch.js';
import { createVoiceCache } from '../call/voice-cache.js';
import { systemClock } from '../clock/system-clock.js';
import { ConfigError } from '../errors/config-error.js';
import { createHealth, type ProviderHealth } from '../resilience/health.js';
import type { CallSettings } from './chains.js';
import { createMemoryCallStore, wallTime, type CallRecord, type CallStore } from './call-store.js';
import { checkOptions } from './check-options.js';
import { dialCall, hangUp, type DialOptions } from './dial.js';
import { handleWebhook } from './handle-webhook.js';
import { acceptUpgrade, createSocketServer } from './media-sockets.js';
import { watchLoopLag } from './loop-lag.js';
import {
  agentFor,
  busy,
  hasSpentAll,
  isFull,
  mediaUrlOf,
  spentAll,
  warn,
  type Mount,
  type VoicewireOptions,
} from './mount.js';
import { renderAtStart } from './render-phrases.js';
import { createSpendingBook } from './spending.js';
import { createTokenStore } from './tokens.js';

/** What happens outside of calls. No secrets, numbers or transcripts. */
export interface VoicewireEvents {
  /** A call runs. */
  call: (call: Call, record: CallRecord) => void;
  /** A call's media is over and everything of it is closed; an `interrupted` one may come back. */
  'call-over': (record: CallRecord) => void;
  /** A provider is left alone from now on, or used again; told once, with the cause. */
  'provider-health': (health: ProviderHealth) => void;
  /** Something was refused or went wrong outside of a call. */
  warning: (warning: { readonly code: string; readonly message: string }) => void;
}

export interface InviteOptions {
  readonly provider: string;
  readonly context?: CallContext | undefined;
  /** Default: the application's choice. */
  readonly agent?: Agent | undefined;
  /** The connection brings its own transcripts. */
  readonly stt?: 'media' | undefined;
}

/** What the other side needs to connect: once, within a minute. */
export interface Invitation {
  readonly callId: string;
  readonly token: string;
  readonly mediaUrl: string;
}

export interface Voicewire {
  /** What all paths of ours begin with. */
  readonly basePath: string;
  /** Webhooks. Undefined for paths that are not Voicewire's. */
  handle(request: Request): Promise<Response | undefined>;
  /** Media sockets. False for paths that are not Voicewire's: the socket is untouched. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Expects a media connection that no webhook announces, a browser's: gives it its token and URL. */
  invite(options: InviteOptions): Invitation;
  /** Calls out: by the next carrier when one says no, or can't place the call; never again once it may ring. */
  dial(options: DialOptions): Promise<CallRecord>;
  /** Ends a call however it stands: live, ringing, or on its way back. Undefined where there is none. */
  hangup(callId: string): Promise<CallRecord | undefined>;
  readonly calls: ReadonlyMap<string, Call>;
  /** How every provider that was asked so far is doing, as the calls of this process see it. */
  health(): readonly ProviderHealth[];
  /** Whether one more call would be taken now: calls, the event loop's lag, closing. */
  isReady(): boolean;
  /**
   * From now on calls run on this; those that are live keep what they have. All of it is replaced: what is left out is gone.
   * Providers that were refused for their key or account get a new chance. Throws one ConfigError, and changes nothing then.
   */
  reload(settings: ReloadSettings): void;
  readonly store: CallStore;
  /** A listener that throws ends nothing but itself. Returns what takes the listener away. */
  on<Name extends keyof VoicewireEvents>(name: Name, listener: VoicewireEvents[Name]): () => void;
  /** Settles when what an agent always says is rendered; calls may come before. Never rejects. */
  readonly ready: Promise<void>;
  /** No new calls; live ones may finish, and what is left then is ended. Resolves when everything is closed. */
  close(options?: CloseOptions): Promise<void>;
}

/** What may change while calls run. */
export type ReloadSettings = CallSettings & Pick<VoicewireOptions, 'agent' | 'maxCalls'>;

export interface CloseOptions {
  /** Default 0. */
  readonly graceMs?: number | undefined;
  /**
   * What becomes of calls that are not over by then. `hang-up` (default): they end. `let-go`: only their media does, and
   * whoever answers the carrier's next question goes on: another process with the same store.
   */
  readonly leftovers?: 'hang-up' | 'let-go' | undefined;
}

/** Everything is checked here, before the first call: throws one ConfigError. Nothing connects before it is needed but voices. */
export function createVoicewire(options: VoicewireOptions): Voicewire {
  checkOptions(options);
  const { clock = systemClock, store = createMemoryCallStore() } = options;
  const { health = createHealth({ clock }) } = options;
  const mount: Mount = {
    options,
    health,
    basePath: (options.basePath ?? '/voicewire').replace(/\/+$/, ''),
    clock,
    store,
    tokens: createTokenStore(clock),
    live: new Map(),
    calls: new Map(),
    phrases: createVoiceCache({ storage: options.phraseStorage }),
    emitter: new EventEmitter(),
    lag: watchLoopLag(),
    spending: createSpendingBook(clock),
    hook: createHookWatch(clock, (name, ms) => {
      const message = `${name} held the event loop for ${ms} ms, and every call of this process with it. Told once.`;
      warn(mount, 'call.hook_held_loop', message);
    }),
    sockets: createSocketServer(),
    adapters: new Map(options.telephony.map((adapter) => [adapter.provider, adapter])),
    dialling: new Map(),
    unbound: 0,
    isClosing: false,
  };
  const shutdown = new AbortController();
  const unwatch = health.watch((change) => {
    mount.emitter.emit('provider-health', change);
  });
  return {
    basePath: mount.basePath,
    handle: (request) => handleWebhook(mount, request),
    upgrade: (request, socket, head) => acceptUpgrade(mount, request, socket, head),
    invite: (invitation) => invite(mount, invitation),
    dial: (dialOptions) => dialCall(mount, dialOptions),
    hangup: (callId) => hangUp(mount, callId),
    calls: mount.calls,
    health: health.list,
    isReady: () => !isFull(mount),
    store,
    on: (name, listener) => listen(mount, name, listener),
    ready: renderAtStart(mount, shutdown.signal),
    reload: (settings) => {
      reload(mount, settings);
      void renderAtStart(mount, shutdown.signal);
    },
    close: async (closeOptions = {}) => {
      mount.isClosing = true;
      unwatch();
      shutdown.abort();
      await closeCalls(mount, closeOptions);
      for (const socket of mount.sockets.clients) socket.terminate();
      mount.sockets.close();
      mount.lag.close();
    },
  };
}

function reload(mount: Mount, settings: ReloadSettings): void {
  const { stt, llm, tts, budgets, hedge, turn, ladder, require, overrides, agent, maxCalls } = settings;
  const { prices, spending } = settings;
  const changed = { stt, llm, tts, budgets, hedge, turn, ladder, require, overrides, agent, maxCalls };
  const options: VoicewireOptions = { ...mount.options, ...changed, prices, spending };
  checkOptions(options);
  mount.options = options;
  mount.health.reset();
}

/** Calls must not suffer from whoever watches them. */
function listen<Name extends keyof VoicewireEvents>(
  { emitter }: Mount,
  name: Name,
  listener: VoicewireEvents[Name],
): () => void {
  const guarded = (...args: Parameters<VoicewireEvents[Name]>): void => {
    try {
      (listener as (...given: typeof args) => void)(...args);
    } catch {
      // The listener's own affair: what it was told of goes on.
    }
  };
  emitter.on(name, guarded);
  return () => void emitter.off(name, guarded);
}

function invite(mount: Mount, { provider, context = {}, agent, stt }: InviteOptions): Invitation {
  const adapter = mount.adapters.get(provider);
  if (adapter?.media === undefined) {
    throw new ConfigError({
      code: 'config.unknown_adapter',
      path: 'telephony',
      message: `there is no media connection of provider ${JSON.stringify(provider)}`,
      allowed: [...mount.adapters.keys()].join(', '),
    });
  }
  if (isFull(mount)) throw busy(mount);
  const record: CallRecord = {
    callId: crypto.randomUUID(),
    provider,
    direction: 'inbound',
    from: provider,
    to: 'voicewire',
    context,
    standing: 'expected',
    events: [],
    startedAt: wallTime(),
  };
  if (hasSpentAll(mount, record)) throw spentAll();
  const token = mount.tokens.issue({ record, adapter, agent: agent ?? agentFor(mount, record), stt });
  mount.store.put(record);
  return { callId: record.callId, token, mediaUrl: mediaUrlOf(mount, provider) };
}

async function closeCalls(
  { live, clock }: Mount,
  { graceMs = 0, leftovers = 'hang-up' }: CloseOptions,
): Promise<void> {
  const timer = clock.setTimeout(() => {
    for (const { call, connection } of live.values()) {
      if (leftovers === 'hang-up') call.hangup({ now: true });
      else connection.disconnected(1001);
    }
  }, graceMs);
  while (live.size > 0) await Promise.all([...live.values()].map(({ over }) => over));
  clock.clearTimeout(timer);
}
