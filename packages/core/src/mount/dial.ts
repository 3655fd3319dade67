// Calling out and hanging up: commands to carriers, each with a deadline.
import type { CallContext } from '../call/agent.js';
import { ConfigError } from '../errors/config-error.js';
import { createAttempt } from '../resilience/attempt.js';
import { createDeadline } from '../resilience/deadline.js';
import { wallTime, type CallRecord } from './call-store.js';
import { busy, isFull, publicPath, type Mount } from './mount.js';

export interface DialOptions {
  /** E.164. */
  readonly to: string;
  readonly from: string;
  /** Default: the first that can dial. */
  readonly provider?: string | undefined;
  readonly context?: CallContext | undefined;
  readonly ringTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A carrier that does not answer a command in this time won't. */
const commandLimitMs = 15_000;

export async function dialCall(mount: Mount, options: DialOptions): Promise<CallRecord> {
  const { provider, to, from, context = {}, ringTimeoutMs } = options;
  const adapter = [...mount.adapters.values()].find(
    (candidate) =>
      candidate.control.dial !== undefined && (provider === undefined || candidate.provider === provider),
  );
  const dial = adapter?.control.dial?.bind(adapter.control);
  if (adapter === undefined || dial === undefined) {
    throw new ConfigError({
      code: 'config.no_dialler',
      path: 'telephony',
      message:
        provider === undefined
          ? 'no telephony provider here can dial'
          : `provider ${JSON.stringify(provider)} can not dial`,
      allowed: 'a carrier whose capabilities include control.dial',
    });
  }
  if (isFull(mount)) throw busy(mount);
  const { callId } = await inTime(mount, options.signal, (signal) =>
    dial({
      to,
      from,
      answerUrl: publicPath(mount, adapter.provider, 'voice'),
      statusUrl: publicPath(mount, adapter.provider, 'status'),
      ringTimeoutMs,
      signal,
    }),
  );
  // The callee may have answered before the carrier's reply reached us.
  const known = mount.store.get(callId);
  const record: CallRecord = {
    callId,
    provider: adapter.provider,
    direction: 'outbound',
    from,
    to,
    standing: 'expected',
    events: [],
    startedAt: wallTime(),
    ...known,
    context: { ...context, ...known?.context },
  };
  mount.store.put(record);
  return record;
}

/** Ends a call however it stands: live, ringing, or on its way back. Undefined when there is none. */
export async function hangUp(mount: Mount, callId: string): Promise<CallRecord | undefined> {
  const { store, live, tokens, adapters } = mount;
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
