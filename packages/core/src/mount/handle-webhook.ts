// A carrier's webhook: verified by its adapter, answered from memory.
import { isVoiceError } from '../errors/voice-error.js';
import { ConfigError } from '../errors/config-error.js';
import type {
  CallInstruction,
  TelephonyAdapter,
  TelephonyEvent,
  TelephonyWebhook,
} from '../spec/telephony.js';
import type { CallRecord } from './call-store.js';
import { agentFor, mediaUrlOf, publicPath, warn, type Mount } from './mount.js';

/** Webhooks of voice carriers are forms of a few kilobytes. */
const maxBodyBytes = 64 * 1024;

export async function handleWebhook(mount: Mount, request: Request): Promise<Response | undefined> {
  const url = new URL(request.url);
  const [provider, name, ...rest] = pathBelow(mount, url.pathname);
  if (provider === undefined || name === undefined || name === 'media' || rest.length > 0) return undefined;
  const adapter = mount.adapters.get(provider);
  if (adapter?.webhook === undefined) return new Response('not found', { status: 404 });
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes)
    return new Response('too large', { status: 413 });
  let webhook: TelephonyWebhook;
  try {
    webhook = await adapter.webhook(request, {
      publicUrl: publicPath(mount, provider, name, url.search),
      clock: mount.clock,
    });
  } catch (error) {
    return refuse(mount, error);
  }
  const instructions = webhook.events.flatMap((event) => onEvent(mount, adapter, name, event));
  return webhook.respond(instructions);
}

export function pathBelow(mount: Mount, pathname: string): readonly string[] {
  if (!pathname.startsWith(`${mount.basePath}/`)) return [];
  return pathname.slice(mount.basePath.length + 1).split('/');
}

function refuse(mount: Mount, error: unknown): Response {
  if (!isVoiceError(error)) {
    warn(
      mount,
      'telephony.webhook_failed',
      'A webhook could not be handled; it was answered 500 and nothing was done.',
    );
    return new Response('error', { status: 500 });
  }
  warn(mount, error.code, error.message);
  return new Response('refused', { status: error.class === 'auth' ? 403 : 400 });
}

function onEvent(
  mount: Mount,
  adapter: TelephonyAdapter,
  name: string,
  event: TelephonyEvent,
): readonly CallInstruction[] {
  switch (event.type) {
    case 'call-incoming':
      return name === 'resume' ? comeBack(mount, adapter, event.callId) : takeCall(mount, adapter, event);
    case 'call-resumed':
      return comeBack(mount, adapter, event.callId);
    case 'call-status':
      if (isFinal(event.status)) carrierEnded(mount, event.callId);
      return [];
    default:
      return [];
  }
}

function isFinal(status: string): boolean {
  return ['completed', 'busy', 'no-answer', 'failed', 'canceled'].includes(status);
}

function carrierEnded(mount: Mount, callId: string): void {
  const live = mount.calls.get(callId);
  if (live !== undefined) live.hangup({ now: true });
  const record = mount.store.get(callId);
  if (record !== undefined && record.standing !== 'over') {
    mount.store.put({ ...record, standing: 'over', endedAt: new Date().toISOString() });
  }
  mount.tokens.revoke(({ record: expected }) => expected.callId === callId);
}

function takeCall(
  mount: Mount,
  adapter: TelephonyAdapter,
  event: Extract<TelephonyEvent, { readonly type: 'call-incoming' }>,
): readonly CallInstruction[] {
  const known = mount.store.get(event.callId);
  // A webhook that comes twice gets the same answer: one call, whatever its number of announcements.
  if (known === undefined && (mount.isClosing || mount.calls.size >= (mount.options.maxCalls ?? 300))) {
    return [
      { type: 'say', text: 'All our lines are busy. Please call again in a few minutes.' },
      { type: 'hangup' },
    ];
  }
  const record: CallRecord = known ?? {
    callId: event.callId,
    provider: adapter.provider,
    direction: event.direction,
    from: event.from,
    to: event.to,
    context: {},
    standing: 'expected',
    events: [],
    startedAt: new Date().toISOString(),
  };
  if (known === undefined) mount.store.put(record);
  return connect(mount, adapter, record);
}

/** The carrier asks what comes after the media: it comes back if it was lost, and ends if it was over. */
function comeBack(mount: Mount, adapter: TelephonyAdapter, callId: string): readonly CallInstruction[] {
  const record = mount.store.get(callId);
  if (record === undefined || record.standing === 'over') return [{ type: 'hangup' }];
  return connect(mount, adapter, record);
}

function connect(mount: Mount, adapter: TelephonyAdapter, record: CallRecord): readonly CallInstruction[] {
  try {
    const token = mount.tokens.issue({ record, adapter, agent: agentFor(mount, record), stt: undefined });
    return [
      { type: 'stream', url: mediaUrlOf(mount, adapter.provider), token },
      { type: 'redirect', url: publicPath(mount, adapter.provider, 'resume') },
    ];
  } catch (error) {
    const code = ConfigError.is(error) ? error.code : 'call.agent_failed';
    warn(mount, code, 'The choice of an agent failed; the caller was told to call again.');
    return [
      { type: 'say', text: 'Something went wrong on our side. Please call again.' },
      { type: 'hangup' },
    ];
  }
}
