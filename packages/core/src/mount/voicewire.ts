// Voicewire in an application: adapters and an agent in, a webhook handler and a media upgrade out.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { EventEmitter } from 'eventemitter3';
import { defaultLines, type Agent, type CallContext } from '../call/agent.js';
import type { Call } from '../call/call.js';
import { createLineCache } from '../call/line-cache.js';
import { systemClock } from '../clock/system-clock.js';
import { ConfigError } from '../errors/config-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import { llmChain, sttChain, ttsChain } from '../resilience/provider-chains.js';
import { createMemoryCallStore, type CallRecord, type CallStore } from './call-store.js';
import { dialCall, type DialOptions } from './dial.js';
import { handleWebhook } from './handle-webhook.js';
import { acceptUpgrade, createSocketServer } from './media-sockets.js';
import { agentFor, mediaUrlOf, warn, type Mount, type VoicewireOptions } from './mount.js';
import { createTokenStore } from './tokens.js';

/** What happens outside of calls. No secrets, numbers or transcripts. */
export interface VoicewireEvents {
  /** A call runs. */
  call: (call: Call, record: CallRecord) => void;
  /** A call is over and everything of it is closed. */
  'call-over': (record: CallRecord) => void;
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
  /** Calls out. Never repeated by itself. */
  dial(options: DialOptions): Promise<CallRecord>;
  readonly calls: ReadonlyMap<string, Call>;
  readonly store: CallStore;
  on<Name extends keyof VoicewireEvents>(name: Name, listener: VoicewireEvents[Name]): () => void;
  /** Settles when apologies are rendered; calls may come before. Never rejects. */
  readonly ready: Promise<void>;
  /** No new calls; live ones may finish for `graceMs` (default 0), then their carriers are asked to come back. */
  close(options?: { readonly graceMs?: number | undefined }): Promise<void>;
}

/** Everything is checked here, before the first call: throws one ConfigError. Nothing connects before it is needed but voices. */
export function createVoicewire(options: VoicewireOptions): Voicewire {
  const clock = options.clock ?? systemClock;
  const { budgets = {} } = options;
  const mount: Mount = {
    options,
    basePath: (options.basePath ?? '/voicewire').replace(/\/+$/, ''),
    clock,
    store: options.store ?? createMemoryCallStore(),
    tokens: createTokenStore(clock),
    calls: new Map(),
    lines: createLineCache(),
    emitter: new EventEmitter(),
    sockets: createSocketServer(),
    adapters: new Map(options.telephony.map((adapter) => [adapter.provider, adapter])),
    stt: options.stt === 'media' ? 'media' : sttChain(options.stt, budgets.stt),
    llm: options.llm === undefined ? undefined : llmChain(options.llm, budgets.llm),
    tts: options.tts === undefined ? undefined : ttsChain(options.tts, budgets.tts),
    isClosing: false,
  };
  checkPublicUrl(options.publicUrl);
  const shutdown = new AbortController();
  const ready = renderApologies(mount, shutdown.signal);
  return {
    basePath: mount.basePath,
    handle: (request) => handleWebhook(mount, request),
    upgrade: (request, socket, head) => acceptUpgrade(mount, request, socket, head),
    invite: (invitation) => invite(mount, invitation),
    dial: (dialOptions) => dialCall(mount, dialOptions),
    calls: mount.calls,
    store: mount.store,
    on(name, listener) {
      mount.emitter.on(name, listener);
      return () => void mount.emitter.off(name, listener);
    },
    ready,
    close: async ({ graceMs = 0 } = {}) => {
      mount.isClosing = true;
      shutdown.abort();
      await closeCalls(mount, graceMs);
      mount.sockets.close();
    },
  };
}

function checkPublicUrl(publicUrl: string): void {
  const isUrl = URL.canParse(publicUrl) && /^https?:$/.test(new URL(publicUrl).protocol);
  if (isUrl) return;
  throw new ConfigError({
    code: 'config.public_url',
    path: 'publicUrl',
    message: 'carriers need an address of this process',
    found: JSON.stringify(publicUrl),
    allowed: 'a URL that begins with https:// (http:// on this machine)',
  });
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
  const record: CallRecord = {
    callId: crypto.randomUUID(),
    provider,
    direction: 'inbound',
    from: provider,
    to: 'voicewire',
    context,
    standing: 'expected',
    events: [],
    startedAt: new Date().toISOString(),
  };
  mount.store.put(record);
  const token = mount.tokens.issue({ record, adapter, agent: agent ?? agentFor(mount, record), stt });
  return { callId: record.callId, token, mediaUrl: mediaUrlOf(mount, provider) };
}

/** The last words of a call whose providers all failed must not need a provider. */
async function renderApologies(mount: Mount, signal: AbortSignal): Promise<void> {
  const { agent } = mount.options;
  const { tts } = mount;
  if (tts === undefined) return;
  const known = typeof agent === 'object' ? agent : undefined;
  const text = known?.lines?.apology ?? defaultLines.apology;
  const formats = [...mount.adapters.values()].flatMap(({ capabilities }) =>
    capabilities.outbound.slice(0, 1),
  );
  for (const format of formats) {
    const line = { text, format, voice: known?.voice, language: known?.language };
    try {
      await mount.lines.render(tts, line, { signal, clock: mount.clock });
    } catch (error) {
      if (signal.aborted) return;
      const code = isVoiceError(error) ? error.code : 'call.unexpected';
      warn(
        mount,
        code,
        'The apology for failed calls could not be rendered: such calls end without words until it can be.',
      );
    }
  }
}

async function closeCalls(mount: Mount, graceMs: number): Promise<void> {
  const live = [...mount.calls.values()];
  if (live.length === 0) return;
  const timer = mount.clock.setTimeout(() => {
    for (const call of live) call.hangup({ now: true });
  }, graceMs);
  await Promise.all(live.map(({ done }) => done));
  mount.clock.clearTimeout(timer);
}
