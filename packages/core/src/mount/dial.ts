// Calling out: one dial, its state known before the carrier answers.
import type { CallContext } from '../call/agent.js';
import { ConfigError } from '../errors/config-error.js';
import type { CallRecord } from './call-store.js';
import { publicPath, type Mount } from './mount.js';

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

export async function dialCall(mount: Mount, options: DialOptions): Promise<CallRecord> {
  const { provider, to, from, context = {}, ringTimeoutMs } = options;
  const adapter = [...mount.adapters.values()].find(
    (candidate) =>
      candidate.control.dial !== undefined && (provider === undefined || candidate.provider === provider),
  );
  if (adapter?.control.dial === undefined) {
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
  const { callId } = await adapter.control.dial({
    to,
    from,
    answerUrl: publicPath(mount, adapter.provider, 'voice'),
    statusUrl: publicPath(mount, adapter.provider, 'status'),
    ringTimeoutMs,
    signal: options.signal ?? new AbortController().signal,
  });
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
    startedAt: new Date().toISOString(),
    ...known,
    context: { ...context, ...known?.context },
  };
  mount.store.put(record);
  return record;
}
