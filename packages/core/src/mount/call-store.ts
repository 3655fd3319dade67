// What outlives a call's media: enough to bring the call back. In memory here; a database for several nodes.
import type { CallContext } from '../call/agent.js';
import { systemClock } from '../clock/system-clock.js';
import type { CallEvent } from '../spec/call-event.js';

/** How a call stands. `interrupted`: its media was lost, the carrier is about to ask what comes next. */
export type CallStanding = 'expected' | 'live' | 'interrupted' | 'over';

export interface CallRecord {
  readonly callId: string;
  readonly provider: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  readonly context: CallContext;
  readonly standing: CallStanding;
  /** The log as far as it is kept. */
  readonly events: readonly CallEvent[];
  /** What the carrier is to say before it hangs up, because no voice of ours could. */
  readonly lastWords?: string | undefined;
  /** The call out that another carrier could not place. */
  readonly replaces?: string | undefined;
  /** By the prices that were named, all its parts together; undefined without prices. */
  readonly cost?: number | undefined;
  /** Wall-clock time, ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
}

/** Answers from memory: nothing on the call path may wait for a database. */
export interface CallStore {
  get(callId: string): CallRecord | undefined;
  put(record: CallRecord): void;
  /** Newest first. */
  list(): readonly CallRecord[];
}

/** The latest calls, at most `maxRecords` (default 1,000): what is over goes first, a live call never. */
export function createMemoryCallStore(maxRecords = 1_000): CallStore {
  const records = new Map<string, CallRecord>();

  function drop(mayGo: (record: CallRecord) => boolean): void {
    for (const [callId, record] of records) {
      if (records.size <= maxRecords) return;
      if (mayGo(record)) records.delete(callId);
    }
  }

  return {
    get: (callId) => records.get(callId),
    put(record) {
      records.delete(record.callId);
      records.set(record.callId, record);
      drop(({ standing }) => standing === 'over');
      // Callers who never came, lines that never came back.
      drop(({ callId, standing }) => standing !== 'live' && callId !== record.callId);
    },
    list: () => [...records.values()].reverse(),
  };
}

/** The wall clock, for people who read records; calls themselves are timed by their Clock. */
export function wallTime(): string {
  return new Date(performance.timeOrigin + systemClock.now()).toISOString();
}
