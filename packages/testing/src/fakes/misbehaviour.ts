// How a fake server can go wrong, and how often each wrong was done.

/**
 * One way to go wrong. `afterEvents` counts the results sent before it happens (a greeting is no result), default 0.
 *
 * - `refuse`: the request or upgrade is answered with `status`
 * - `close-on-open`: accepted, then closed before anything was said
 * - `black-hole`: the TCP connection is accepted, nothing is ever answered
 * - `mute`: open, and no message ever, not even a greeting
 * - `stop-reading`: open, and nothing the client sends is read
 * - `stall`: goes silent, stays open
 * - `close`, `reset`: closes with `code`; resets the TCP connection
 * - `garbage`, `binary`, `huge`, `unknown-type`: says something unreadable, bytes where text is due, too much, or something new
 * - `error`: the provider's own message of a failure in mid-stream (language models)
 * - `slow`: waits before each message
 * - `early-end`: everything but the final marker, then a clean end
 * - `silent-eof`: a clean end in the middle
 * - `cut-short`: results that follow are left out, and it ends as if they had been sent
 * - `empty-200`: a success with nothing in it
 */
export type Misbehaviour =
  | { readonly type: 'refuse'; readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly type: 'close-on-open'; readonly code: number; readonly reason?: string | undefined }
  | { readonly type: 'black-hole' }
  | { readonly type: 'mute' }
  | { readonly type: 'stop-reading' }
  | { readonly type: 'stall'; readonly afterEvents?: number | undefined }
  | { readonly type: 'close'; readonly code: number; readonly afterEvents?: number | undefined }
  | { readonly type: 'reset'; readonly afterEvents?: number | undefined }
  | { readonly type: 'garbage'; readonly afterEvents?: number | undefined }
  | { readonly type: 'binary'; readonly afterEvents?: number | undefined }
  | { readonly type: 'huge'; readonly afterEvents?: number | undefined; readonly bytes?: number | undefined }
  | { readonly type: 'unknown-type'; readonly afterEvents?: number | undefined }
  | {
      readonly type: 'error';
      readonly afterEvents?: number | undefined;
      readonly status?: number | undefined;
    }
  | { readonly type: 'slow'; readonly delayMs: number }
  | { readonly type: 'early-end' }
  | { readonly type: 'silent-eof'; readonly afterEvents?: number | undefined }
  | { readonly type: 'cut-short'; readonly afterEvents?: number | undefined }
  | { readonly type: 'empty-200' };

export type MisbehaviourType = Misbehaviour['type'];

/** A misbehaviour that was asked for. */
export interface Fault {
  readonly misbehaviour: Misbehaviour;
  /** How many connections or requests it has struck. */
  readonly count: number;
  /** No further connection is struck. */
  stop(): void;
}

export interface Faults {
  /** Strikes the next `times` connections or requests; without `times`, all until stopped. */
  add(misbehaviour: Misbehaviour, options?: { readonly times?: number | undefined }): Fault;
  /** What a new connection is to suffer; each is counted. */
  take(): readonly Misbehaviour[];
  /** Everything asked for is over. */
  clear(): void;
}

export function createFaults(): Faults {
  let active: { fault: Fault; strike(): void }[] = [];

  function add(misbehaviour: Misbehaviour, options: { readonly times?: number | undefined } = {}): Fault {
    const times = options.times ?? Number.POSITIVE_INFINITY;
    let count = 0;
    function stop(): void {
      active = active.filter((entry) => entry.fault !== fault);
    }
    const fault: Fault = {
      misbehaviour,
      get count() {
        return count;
      },
      stop,
    };
    function strike(): void {
      count += 1;
      if (count >= times) stop();
    }
    active.push({ fault, strike });
    return fault;
  }

  return {
    add,
    take() {
      const struck = active;
      for (const entry of struck) entry.strike();
      return struck.map(({ fault }) => fault.misbehaviour);
    },
    clear: () => void (active = []),
  };
}
