// A carrier's webhook: verified by its adapter, answered from memory.
import { lastStatuses } from '../call/command.js';
import { ConfigError } from '../errors/config-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type {
  CallInstruction,
  CallStatus,
  TelephonyAdapter,
  TelephonyEvent,
  TelephonyWebhook,
} from '../spec/telephony.js';
import { wallTime, type CallRecord } from './call-store.js';
import { dialStatus } from './dial.js';
import {
  agentFor,
  hasSpentAll,
  isFull,
  mediaUrlOf,
  pathBelow,
  publicPath,
  warn,
  type Mount,
} from './mount.js';
import { readBody } from './read-body.js';

/** Webhooks of voice carriers are forms of a few kilobytes. */
export const maxBodyBytes = 64 * 1024;

/** How long a call whose carrier says it is over may take to hear it from its media. */
const lastMediaMs = 2_000;

export async function handleWebhook(mount: Mount, request: Request): Promise<Response | undefined> {
  const url = new URL(request.url);
  const [provider, name, ...rest] = pathBelow(mount, url.pathname) ?? [];
  if (provider === undefined || name === undefined || name === 'media' || rest.length > 0) return undefined;
  const adapter = mount.adapters.get(provider);
  if (adapter?.webhook === undefined) return new Response('not found', { status: 404 });
  try {
    const whole = await withBody(request);
    if (whole === undefined) return new Response('too large', { status: 413 });
    const publicUrl = publicPath(mount, provider, name, url.search);
    const webhook: TelephonyWebhook = await adapter.webhook(whole, { publicUrl, clock: mount.clock });
    return webhook.respond(webhook.events.flatMap((event) => onEvent(mount, adapter, name, event)));
  } catch (error) {
    return refuse(mount, error);
  }
}

/** The same request with its raw body read, which is bounded whatever its headers say. */
async function withBody(request: Request): Promise<Request | undefined> {
  if (request.body === null) return request;
  // Where a vendor's client brings the DOM's types, a stream of those is not known to be iterable.
  const chunks: unknown = request.body;
  const body = await readBody(chunks as AsyncIterable<Uint8Array>, maxBodyBytes);
  if (body === undefined) return undefined;
  return new Request(request.url, { method: request.method, headers: request.headers, body });
}

function refuse(mount: Mount, error: unknown): Response {
  if (!isVoiceError(error)) {
    warn(mount, 'telephony.webhook_failed', 'A webhook could not be handled; it was answered 500.');
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
      return event.transfer === undefined
        ? comeBack(mount, adapter, event.callId)
        : giveBack(mount, adapter, event.callId, event.transfer);
    case 'call-status':
      dialStatus(mount, event.callId, event.status);
      if (lastStatuses.has(event.status)) carrierEnded(mount, event.callId);
      return [];
    default:
      return [];
  }
}

function carrierEnded(mount: Mount, callId: string): void {
  const { store, tokens, live, clock } = mount;
  const record = store.get(callId);
  if (record !== undefined && record.standing !== 'over')
    store.put({ ...record, standing: 'over', endedAt: wallTime() });
  tokens.revoke(({ record: expected }) => expected.callId === callId);
  const running = live.get(callId);
  if (running === undefined) return;
  // Its media says why it ended, if it says so in time.
  const timer = clock.setTimeout(() => {
    running.connection.disconnected(1006);
  }, lastMediaMs);
  void running.over.then(() => {
    clock.clearTimeout(timer);
  });
}

function takeCall(
  mount: Mount,
  adapter: TelephonyAdapter,
  event: Extract<TelephonyEvent, { readonly type: 'call-incoming' }>,
): readonly CallInstruction[] {
  mount.dialling.delete(event.callId);
  const known = mount.store.get(event.callId);
  // A webhook that comes twice gets the same answer: one call, whatever its number of announcements.
  if (known !== undefined)
    return known.standing === 'over' ? [{ type: 'hangup' }] : connect(mount, adapter, known);
  if (isFull(mount)) {
    return [
      { type: 'say', text: 'All our lines are busy. Please call again in a few minutes.' },
      { type: 'hangup' },
    ];
  }
  const record: CallRecord = {
    callId: event.callId,
    provider: adapter.provider,
    direction: event.direction,
    from: event.from,
    to: event.to,
    context: {},
    standing: 'expected',
    events: [],
    startedAt: wallTime(),
  };
  return orApology(mount, record, () => {
    // A call out was asked about when it was dialled.
    if (event.direction === 'inbound' && hasSpentAll(mount, record)) {
      warn(
        mount,
        'call.spending_limit',
        'A caller was told to call later: the tenant has spent what it may.',
      );
      return [
        { type: 'say', text: 'We can not take your call at the moment. Please call again later.' },
        { type: 'hangup' },
      ];
    }
    mount.store.put(record);
    return connect(mount, adapter, record);
  });
}

/** The carrier asks what comes after the media: it comes back if it was lost, and ends if it was over. */
function comeBack(mount: Mount, adapter: TelephonyAdapter, callId: string): readonly CallInstruction[] {
  const record = mount.store.get(callId);
  if (record === undefined || record.standing === 'over') return [{ type: 'hangup' }];
  if (record.lastWords === undefined) return connect(mount, adapter, record);
  mount.store.put({ ...record, standing: 'over', endedAt: wallTime() });
  return [{ type: 'say', text: record.lastWords }, { type: 'hangup' }];
}

/** After a transfer: who was put through is done; who reached nobody is ours again, though our part was over (fault C-13). */
function giveBack(
  mount: Mount,
  adapter: TelephonyAdapter,
  callId: string,
  transfer: CallStatus,
): readonly CallInstruction[] {
  const record = mount.store.get(callId);
  if (record === undefined || transfer === 'completed') return [{ type: 'hangup' }];
  if (record.standing === 'over' && !wasTransferred(record)) return [{ type: 'hangup' }];
  const returned: CallRecord = { ...record, standing: 'interrupted', endedAt: undefined };
  mount.store.put(returned);
  return connect(mount, adapter, returned);
}

function wasTransferred({ events }: CallRecord): boolean {
  const last = events.at(-1);
  return last?.type === 'call-ended' && last.reason === 'transferred';
}

function connect(mount: Mount, adapter: TelephonyAdapter, record: CallRecord): readonly CallInstruction[] {
  return orApology(mount, record, () => {
    const token = mount.tokens.issue({ record, adapter, agent: agentFor(mount, record), stt: undefined });
    return [
      { type: 'stream', url: mediaUrlOf(mount, adapter.provider), token },
      { type: 'redirect', url: publicPath(mount, adapter.provider, 'resume') },
    ];
  });
}

/** The application is asked about the call: where its answer throws, the caller is told. */
function orApology(
  mount: Mount,
  record: CallRecord,
  ask: () => readonly CallInstruction[],
): readonly CallInstruction[] {
  try {
    return ask();
  } catch (error) {
    const code = ConfigError.is(error) ? error.code : 'call.agent_failed';
    warn(mount, code, 'The choice of an agent failed; the caller was told to call again.');
    mount.store.put({ ...record, standing: 'over', endedAt: wallTime() });
    return [
      { type: 'say', text: 'Something went wrong on our side. Please call again.' },
      { type: 'hangup' },
    ];
  }
}
