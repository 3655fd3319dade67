// How one stream, utterance or response of any adapter is made to go wrong: by time, by word, or from its beginning.
import {
  classOfCloseCode,
  classOfHttpStatus,
  createEventQueue,
  ProviderError,
  type Clock,
  type TimerHandle,
} from '@voicewire/core/adapter';
import type { ScenarioFault, ScenarioStage } from './scenario.js';

/** What one provider does wrong, in the order it is written. */
export interface FaultPlan {
  /** What the next stream, utterance or response may suffer. */
  next(): ScenarioFault | undefined;
  /** The moment has come: whether the fault still strikes. */
  claim(fault: ScenarioFault): boolean;
}

/** Each fault strikes as often as it says: once, unless it is a standing one. */
export function planFaults(
  faults: readonly ScenarioFault[],
  onStrike: (fault: ScenarioFault) => void,
): FaultPlan {
  const left = new Map(faults.map((fault) => [fault, fault.times ?? (isStanding(fault) ? Infinity : 1)]));
  return {
    next: () => faults.find((fault) => (left.get(fault) ?? 0) > 0),
    claim(fault) {
      const times = left.get(fault) ?? 0;
      if (times <= 0) return false;
      left.set(fault, times - 1);
      onStrike(fault);
      return true;
    },
  };
}

function isStanding({ dies, mutes }: ScenarioFault): boolean {
  return dies === undefined && mutes === undefined;
}

export interface StruckOptions {
  readonly stage: ScenarioStage;
  readonly provider: string;
  readonly clock: Clock;
  /** Whose abort ends it all. */
  readonly signal: AbortSignal;
  readonly fault: ScenarioFault;
  readonly plan: FaultPlan;
}

export interface Struck<T> extends AsyncIterable<T> {
  /** The moment has come. */
  strike(): void;
  readonly isStruck: boolean;
}

/**
 * What `open` gives until the fault strikes, and nothing at all of a provider that refuses or hangs. `cut` sees each event: in
 * the one that the fault strikes in, it gives back what still comes.
 */
export function struck<T>(
  { stage, provider, clock, signal, fault, plan }: StruckOptions,
  open: (signal: AbortSignal) => AsyncIterable<T>,
  cut: (event: T) => readonly T[] | undefined = () => undefined,
): Struck<T> {
  const controller = new AbortController();
  const timers: TimerHandle[] = [];
  let isStruck = false;

  const release = (): void => {
    for (const timer of timers) clock.clearTimeout(timer);
    signal.removeEventListener('abort', release);
    controller.abort(signal.reason);
  };
  const queue = createEventQueue<T>({ signal, onCancel: release });

  function strike(): void {
    if (isStruck || queue.isOver || !plan.claim(fault)) return;
    isStruck = true;
    if (fault.dies !== undefined || fault.refuses !== undefined) queue.fail(failure(stage, provider, fault));
    release();
  }

  async function pump(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const event of source) {
        const before = cut(event);
        for (const part of before ?? [event]) if (!isStruck) queue.push(part);
        if (before !== undefined) strike();
        if (isStruck) return;
        if (fault.slow_by_ms !== undefined) await pause(clock, fault.slow_by_ms, timers);
      }
      if (!isStruck) queue.finish();
    } catch (error) {
      if (!isStruck) queue.fail(error);
    } finally {
      if (!isStruck) release();
    }
  }

  signal.addEventListener('abort', release);
  if (fault.slow_by_ms !== undefined) plan.claim(fault);
  if (fault.refuses !== undefined || fault.hangs === true) strike();
  const afterMs = fault.dies?.after_ms ?? fault.mutes?.after_ms;
  if (afterMs !== undefined) timers.push(clock.setTimeout(strike, afterMs));
  const source = isStruck ? undefined : open(controller.signal);
  return {
    strike,
    get isStruck() {
      return isStruck;
    },
    [Symbol.asyncIterator]() {
      const iterator = queue[Symbol.asyncIterator]();
      if (source !== undefined) void pump(source);
      return iterator;
    },
  };
}

function pause(clock: Clock, ms: number, timers: TimerHandle[]): Promise<void> {
  return new Promise((resolve) => void timers.push(clock.setTimeout(resolve, ms)));
}

function failure(stage: ScenarioStage, provider: string, { dies, refuses }: ScenarioFault): ProviderError {
  const { status = 503, retry_after_ms: retryAfterMs } = refuses ?? {};
  const code = dies?.code ?? 1006;
  return new ProviderError({
    stage,
    provider,
    class: refuses === undefined ? classOfCloseCode(code) : classOfHttpStatus(status),
    status: refuses === undefined ? code : status,
    retryAfterMs,
    message: `${provider} failed because the scenario said so.`,
  });
}
