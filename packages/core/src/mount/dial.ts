// Calling out, by the next carrier as long as nothing rings, and hanging up: commands to carriers, each with a deadline.
import type { CallContext } from '../call/agent.js';
import { ConfigError } from '../errors/config-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import { createAttempt } from '../resilience/attempt.js';
import { asVoiceError, failureOf } from '../resilience/chain.js';
import { createDeadline } from '../resilience/deadline.js';
import { createRoute, nobodyLeft, type Route } from '../resilience/route.js';
import type { VoiceError } from '../spec/error.js';
import type { CallStatus, TelephonyAdapter } from '../spec/telephony.js';
import { wallTime, type CallRecord } from './call-store.js';
import {
  busy,
  hasSpentAll,
  isFull,
  publicPath,
  spentAll,
  warn,
  type IncomingCall,
  type Mount,
} from './mount.js';

export interface DialOptions {
  /** E.164. */
  readonly to: string;
  /** Our number; where several carriers may dial, each one's own by the carrier's name. Who is not named is not asked. */
  readonly from: string | Readonly<Record<string, string>>;
  /** Carriers in order. Default: all that can dial, as they are configured. */
  readonly provider?: string | readonly string[] | undefined;
  readonly context?: CallContext | undefined;
  readonly ringTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A carrier that does not answer a command in this time won't. */
const commandLimitMs = 15_000;

/** A call on its way to the callee: until their telephone rings, another carrier may try. */
export interface Dialling {
  readonly options: DialOptions;
  readonly route: Route<TelephonyAdapter>;
}

export async function dialCall(mount: Mount, options: DialOptions): Promise<CallRecord> {
  const carriers = carriersFor(mount, options);
  if (isFull(mount)) throw busy(mount);
  if (hasSpentAll(mount, incomingOf(options, carriers))) throw spentAll();
  const { health } = mount;
  // Trying a carrier once more could ring twice.
  const route = createRoute(carriers, { health, lastTryAfterMs: false });
  return dialNext(mount, { options, route });
}

/** The call out as the application is asked about it before it has an id. */
function incomingOf(
  { to, from, context = {} }: DialOptions,
  [first]: readonly TelephonyAdapter[],
): IncomingCall {
  const provider = first?.provider ?? '';
  return { callId: '', provider, direction: 'outbound', from: numberFor(from, provider) ?? '', to, context };
}

function carriersFor({ adapters }: Mount, { provider, from }: DialOptions): readonly TelephonyAdapter[] {
  const wanted = provider === undefined ? [...adapters.keys()] : [provider].flat();
  const able = wanted.flatMap((name) => {
    const adapter = adapters.get(name);
    const canDial = adapter?.control.dial !== undefined && numberFor(from, name) !== undefined;
    return canDial ? [adapter] : [];
  });
  if (able.length > 0) return able;
  throw new ConfigError({
    code: 'config.no_dialler',
    path: 'telephony',
    message:
      provider === undefined
        ? 'no telephony provider here can dial'
        : `provider ${[provider]
            .flat()
            .map((name) => JSON.stringify(name))
            .join(', ')} can not dial`,
    allowed: 'a carrier whose capabilities include control.dial, with a number in "from"',
  });
}

function numberFor(from: DialOptions['from'], provider: string): string | undefined {
  if (typeof from === 'string') return from;
  return Object.hasOwn(from, provider) ? from[provider] : undefined;
}

/**
 * The next carrier of the route that takes the call. One that says no, or can't be reached, leads to the next; an unclear
 * answer to nobody: the telephone may ring (fault C-10).
 */
async function dialNext(mount: Mount, dialling: Dialling, replaces?: string): Promise<CallRecord> {
  const { options, route } = dialling;
  const failures: VoiceError[] = [];
  for (let stop = route.next(); stop !== undefined; stop = route.next()) {
    const { member, lease } = stop;
    try {
      const callId = await command(mount, options, member);
      lease.succeed();
      const isOver = mount.dialling.get(callId) === 'failed';
      remember(mount, callId, dialling);
      if (isOver) dialStatus(mount, callId, 'failed');
      return expectCall(mount, options, member.provider, callId, replaces);
    } catch (error) {
      const failure = asVoiceError(error, member.provider, 'telephony');
      route.failed(stop, failure);
      if (failure.code === 'telephony.dial_unclear' || options.signal?.aborted === true) throw failure;
      // What the request itself can't be, no other carrier makes it.
      if (ConfigError.is(error)) throw error;
      failures.push(failure);
    } finally {
      lease.release();
    }
  }
  throw failures.length === 0
    ? nobodyLeft('telephony', carriersFor(mount, options))
    : failureOf('telephony', failures);
}

/** A carrier that never says what became of a call must not fill our memory. */
const maxRemembered = 1_000;

function remember({ dialling }: Mount, callId: string, call: Dialling | 'failed'): void {
  dialling.set(callId, call);
  for (const oldest of dialling.keys()) {
    if (dialling.size <= maxRemembered) return;
    dialling.delete(oldest);
  }
}

async function command(mount: Mount, options: DialOptions, carrier: TelephonyAdapter): Promise<string> {
  const { to, from, ringTimeoutMs } = options;
  const { provider, control } = carrier;
  const { callId } = await inTime(mount, options.signal, async (signal) => {
    const dialled = await control.dial?.({
      to,
      from: numberFor(from, provider) ?? '',
      answerUrl: publicPath(mount, provider, 'voice'),
      statusUrl: publicPath(mount, provider, 'status'),
      ringTimeoutMs,
      signal,
    });
    if (dialled === undefined) throw nobodyLeft('telephony', [carrier]);
    return dialled;
  });
  return callId;
}

function expectCall(
  mount: Mount,
  { to, from, context = {} }: DialOptions,
  provider: string,
  callId: string,
  replaces: string | undefined,
): CallRecord {
  // The callee may have answered before the carrier's reply reached us.
  const known = mount.store.get(callId);
  const record: CallRecord = {
    callId,
    provider,
    direction: 'outbound',
    from: numberFor(from, provider) ?? '',
    to,
    standing: 'expected',
    events: [],
    startedAt: wallTime(),
    ...(replaces === undefined ? {} : { replaces }),
    ...known,
    context: { ...context, ...known?.context },
  };
  mount.store.put(record);
  return record;
}

/** What a carrier says of a call it dials. One that fails before the callee's telephone rang goes to the next carrier. */
export function dialStatus(mount: Mount, callId: string, status: CallStatus): void {
  const dialling = mount.dialling.get(callId);
  // The carrier may tell it before it has answered the command.
  if (dialling === undefined && status === 'failed' && mount.store.get(callId) === undefined)
    return remember(mount, callId, 'failed');
  if (dialling === undefined || dialling === 'failed' || status === 'queued') return;
  mount.dialling.delete(callId);
  if (status !== 'failed' || mount.isClosing) return;
  dialNext(mount, dialling, callId).catch((error: unknown) => {
    const code = isVoiceError(error) ? error.code : 'call.unexpected';
    warn(mount, code, 'A call that its carrier could not place was not placed by another one either.');
  });
}

/** Ends a call however it stands: live, ringing, or on its way back. Undefined when there is none. */
export async function hangUp(mount: Mount, callId: string): Promise<CallRecord | undefined> {
  const { store, live, tokens, adapters } = mount;
  mount.dialling.delete(callId);
  const running = live.get(callId);
  running?.call.hangup({ now: true });
  await running?.over;
  const record = store.get(callId);
  if (record === undefined || record.standing === 'over') return record;
  const ended: CallRecord = { ...record, standing: 'over', endedAt: wallTime() };
  store.put(ended);
  tokens.revoke(({ record: expected }) => expected.callId === callId);
  const control = adapters.get(record.provider)?.control;
  await inTime(mount, undefined, async (signal) => control?.hangup?.(callId, signal));
  return ended;
}

async function inTime<Result>(
  { clock }: Mount,
  parent: AbortSignal | undefined,
  command: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = createDeadline(clock, () => {
    attempt.end();
  });
  const attempt = createAttempt(parent ?? new AbortController().signal, deadline.cancel);
  deadline.arm(commandLimitMs);
  try {
    return await command(attempt.signal);
  } finally {
    attempt.end();
  }
}
