// One provider's circuit breaker, made for streams: places are leased, one outcome is told per unit of work, one probe at
// a time tries what failed. Nothing here has a timer: rests, probes and caps run out when somebody asks.
import type { Clock } from '../spec/clock.js';
import type { ErrorClass, VoiceError } from '../spec/error.js';
import type { Lease, ProviderState, Refusal } from './health.js';
import { createRollingWindow, type RollingWindow } from './rolling-window.js';

/** Milliseconds, shares of one, and counts. */
export interface BreakerOptions {
  /** How far back rates look. Default 30 s. */
  readonly windowMs: number;
  /** Fewer units than this in the window say nothing about a rate. Default 8. */
  readonly minimumUnits: number;
  /** Share of failed units that opens. Default 0.5. */
  readonly failureRate: number;
  /** Share of slow units that opens. Default 0.8. */
  readonly slowRate: number;
  /** Failures in a row that open, whatever the rates. Default 3. */
  readonly consecutiveFailures: number;
  /** The first rest; each failed probe and each new opening doubles it. Default 1 s. */
  readonly restMs: number;
  /** Default 30 s; the third opening within a minute rests until the first is a minute old. */
  readonly maxRestMs: number;
  /** A probe without a completed unit after this long has failed. Default 15 s. */
  readonly probeMs: number;
}

export const defaultBreaker: BreakerOptions = {
  windowMs: 30_000,
  minimumUnits: 8,
  failureRate: 0.5,
  slowRate: 0.8,
  consecutiveFailures: 3,
  restMs: 1_000,
  maxRestMs: 30_000,
  probeMs: 15_000,
};

/** What a failure says about its provider. The caller's mistakes, aborts and idle closes say nothing (fault P-06). */
const meaning: Record<ErrorClass, 'failure' | 'locked' | 'limited' | 'neutral'> = {
  auth: 'locked',
  quota: 'locked',
  rate_limit: 'limited',
  unavailable: 'failure',
  timeout: 'failure',
  stalled: 'failure',
  protocol: 'failure',
  invalid_request: 'neutral',
  content: 'neutral',
  idle: 'neutral',
  capacity: 'neutral',
  aborted: 'neutral',
};

/** No provider is stayed away from for longer because it asked so. */
const maxRetryAfterMs = 60_000;
/** A learnt cap is tried one higher so long after the last refusal. */
const capGrowthMs = 10_000;
/** No more than this many openings in that time, so that a flapping provider is not returned to all the time. */
const flapping = { openings: 3, withinMs: 60_000 };

interface Probe {
  readonly expiresAtMs: number;
}

export interface Breaker {
  acquire(): Lease | Refusal;
  /** A place outside of all rules, whose outcome counts for nothing; undefined where trying can't help. */
  force(): Lease | undefined;
  state(): ProviderState;
  /** As if nothing had ever happened: the configuration changed. */
  reset(): void;
}

interface Gate {
  readonly clock: Clock;
  readonly options: BreakerOptions;
  readonly random: () => number;
  readonly window: RollingWindow;
  readonly onChange: () => void;
  status: 'closed' | 'open';
  /** While open: nothing but a probe, and that not before. */
  reopenAtMs: number;
  /** Whether only a change of configuration can help. */
  isLocked: boolean;
  cause: VoiceError | undefined;
  changedAtMs: number;
  probe: Probe | undefined;
  /** Goes up at each opening and closing: what began before tells nothing about after (fault P-03). */
  epoch: number;
  failuresInARow: number;
  /** How often the rest was doubled. */
  doublings: number;
  openingsMs: number[];
  /** The provider asked us to stay away until then. */
  notBeforeMs: number;
  inFlight: number;
  /** Places the provider is known to give; undefined as long as it refused none. */
  cap: number | undefined;
  capAtMs: number;
}

export function createBreaker(
  clock: Clock,
  options: BreakerOptions,
  random: () => number,
  onChange: (state: ProviderState) => void,
): Breaker {
  const gate: Gate = {
    clock,
    options,
    random,
    window: createRollingWindow(clock, options.windowMs),
    onChange: () => {
      onChange(stateOf(gate));
    },
    ...fresh(clock),
    epoch: 0,
    inFlight: 0,
  };
  return {
    acquire: () => acquire(gate),
    force: () => (gate.isLocked ? undefined : forced(gate)),
    state: () => stateOf(gate),
    reset() {
      const wasOpen = gate.status === 'open';
      Object.assign(gate, fresh(clock), { epoch: gate.epoch + 1 });
      gate.window.clear();
      if (wasOpen) gate.onChange();
    },
  };
}

function fresh(
  clock: Clock,
): Omit<Gate, 'clock' | 'options' | 'random' | 'window' | 'onChange' | 'epoch' | 'inFlight'> {
  return {
    status: 'closed',
    reopenAtMs: 0,
    isLocked: false,
    cause: undefined,
    changedAtMs: clock.now(),
    probe: undefined,
    failuresInARow: 0,
    doublings: 0,
    openingsMs: [],
    notBeforeMs: -Infinity,
    cap: undefined,
    capAtMs: 0,
  };
}

function stateOf(gate: Gate): ProviderState {
  settleProbe(gate);
  const { status, probe, isLocked, cause, changedAtMs, inFlight } = gate;
  const { done, failed, slow } = gate.window.counts();
  const shown = status === 'closed' ? 'closed' : probe === undefined ? 'open' : 'half-open';
  const cap = currentCap(gate);
  return {
    state: shown,
    isLocked,
    sinceMs: gate.clock.now() - changedAtMs,
    retryAfterMs: waitMs(gate),
    ...(cause === undefined ? {} : { cause: { code: cause.code, class: cause.class } }),
    inFlight,
    ...(cap === undefined ? {} : { cap }),
    recent: { done, failed, slow },
  };
}

/** How long until somebody may try; 0 where that is now. */
function waitMs({ clock, status, reopenAtMs, notBeforeMs, probe }: Gate): number {
  const now = clock.now();
  const rest = status === 'open' ? (probe?.expiresAtMs ?? reopenAtMs) - now : 0;
  return Math.max(0, rest, notBeforeMs - now);
}

/** A cap that was never reached again grows back: what was refused once may have been somebody else's load. */
function currentCap({ clock, cap, capAtMs }: Gate): number | undefined {
  return cap === undefined ? undefined : cap + Math.floor((clock.now() - capAtMs) / capGrowthMs);
}

function acquire(gate: Gate): Lease | Refusal {
  settleProbe(gate);
  const retryAfterMs = waitMs(gate);
  const refuse = (reason: Refusal['reason']): Refusal => ({ reason, retryAfterMs });
  if (gate.status === 'open' && retryAfterMs > 0) return refuse('open');
  if (retryAfterMs > 0) return refuse('rate-limited');
  const cap = currentCap(gate);
  if (cap !== undefined && gate.inFlight >= cap) return refuse('at-capacity');
  return lease(gate);
}

/** A probe that ran out of time has failed, whether or not its stream ever says so (fault P-02). */
function settleProbe(gate: Gate): void {
  if (gate.probe !== undefined && gate.clock.now() >= gate.probe.expiresAtMs) rest(gate);
}

function lease(gate: Gate): Lease {
  const probe = gate.status === 'open' ? { expiresAtMs: gate.clock.now() + gate.options.probeMs } : undefined;
  gate.probe = probe;
  let { epoch } = gate;
  const giveBack = occupy(gate);
  const isProbing = (): boolean => probe !== undefined && gate.probe === probe;
  return {
    isProbe: probe !== undefined,
    succeed({ isSlow = false } = {}) {
      if (isProbing()) close(gate);
      else if (epoch === gate.epoch && gate.status === 'closed') count(gate, isSlow);
      // The next unit begins now.
      ({ epoch } = gate);
    },
    fail(error) {
      if (!giveBack()) return;
      if (isProbing()) probeFailed(gate, error);
      else if (epoch === gate.epoch && gate.status === 'closed') failed(gate, error);
    },
    release() {
      if (giveBack() && isProbing()) gate.probe = undefined;
    },
  };
}

function forced(gate: Gate): Lease {
  const giveBack = occupy(gate);
  return {
    isProbe: false,
    succeed: () => undefined,
    fail: (error) => {
      // That somebody must not, or not yet, is told whoever asked.
      if (giveBack() && meaning[error.class] !== 'failure') failed(gate, error);
    },
    release: giveBack,
  };
}

/** Takes a place; what is returned gives it back once, and says whether this was that time. */
function occupy(gate: Gate): () => boolean {
  gate.inFlight += 1;
  let isHeld = true;
  return () => {
    if (!isHeld) return false;
    isHeld = false;
    gate.inFlight -= 1;
    return true;
  };
}

function count(gate: Gate, isSlow: boolean): void {
  const { window, options } = gate;
  gate.failuresInARow = 0;
  window.add('done');
  if (!isSlow) return;
  window.add('slow');
  const { done, slow } = window.counts();
  if (done >= options.minimumUnits && slow / done >= options.slowRate) open(gate, undefined);
}

function failed(gate: Gate, error: VoiceError): void {
  switch (meaning[error.class]) {
    case 'neutral':
      return;
    case 'locked':
      gate.isLocked = true;
      if (gate.status === 'closed') open(gate, error);
      gate.reopenAtMs = Infinity;
      return;
    case 'limited':
      limited(gate, error);
      return;
    case 'failure': {
      const { window, options } = gate;
      stayAway(gate, askedMs(error));
      gate.failuresInARow += 1;
      window.add('failed');
      const { done, failed: bad } = window.counts();
      const isTooMany = done + bad >= options.minimumUnits && bad / (done + bad) >= options.failureRate;
      if (isTooMany || gate.failuresInARow >= options.consecutiveFailures) open(gate, error);
    }
  }
}

/** Too many at once, or too often: the first is learnt as a cap, the second waited for (faults S-05, T-07). */
function limited(gate: Gate, error: VoiceError): void {
  const asked = askedMs(error);
  if (gate.inFlight > 0) {
    gate.cap = Math.min(gate.inFlight, currentCap(gate) ?? Infinity);
    gate.capAtMs = gate.clock.now();
  }
  // Somebody who has nothing running there and is refused all the same has to wait, told how long or not.
  stayAway(gate, asked > 0 ? asked : gate.inFlight > 0 ? 0 : jittered(gate, gate.options.restMs));
}

function stayAway(gate: Gate, ms: number): void {
  gate.notBeforeMs = Math.max(gate.notBeforeMs, gate.clock.now() + ms);
}

/** How long the provider wants to be left alone; 0 where it did not say, or nonsense. */
function askedMs({ retryAfterMs = 0 }: VoiceError): number {
  return retryAfterMs > 0 ? Math.min(retryAfterMs, maxRetryAfterMs) : 0;
}

function probeFailed(gate: Gate, error: VoiceError): void {
  switch (meaning[error.class]) {
    case 'neutral':
      gate.probe = undefined;
      return;
    case 'failure':
      gate.cause = error;
      stayAway(gate, askedMs(error));
      rest(gate);
      return;
    default:
      gate.probe = undefined;
      failed(gate, error);
  }
}

function open(gate: Gate, cause: VoiceError | undefined): void {
  const now = gate.clock.now();
  gate.openingsMs = [...gate.openingsMs, now].filter((atMs) => atMs > now - flapping.withinMs);
  // Healthy for long enough: what was before is forgotten.
  if (gate.openingsMs.length === 1) gate.doublings = 0;
  gate.status = 'open';
  gate.cause = cause;
  gate.changedAtMs = now;
  gate.epoch += 1;
  rest(gate);
  const earliest = gate.openingsMs.at(-flapping.openings);
  if (earliest !== undefined) gate.reopenAtMs = Math.max(gate.reopenAtMs, earliest + flapping.withinMs);
  gate.onChange();
}

/** The next probe comes after a rest that grows, and not at the same moment everywhere (fault P-08). */
function rest(gate: Gate): void {
  const { restMs, maxRestMs } = gate.options;
  gate.probe = undefined;
  gate.reopenAtMs = gate.clock.now() + jittered(gate, Math.min(maxRestMs, restMs * 2 ** gate.doublings));
  gate.doublings += 1;
}

function jittered({ random }: Gate, ms: number): number {
  return ms * (0.75 + 0.5 * random());
}

function close(gate: Gate): void {
  gate.status = 'closed';
  gate.probe = undefined;
  gate.cause = undefined;
  gate.changedAtMs = gate.clock.now();
  gate.epoch += 1;
  gate.failuresInARow = 0;
  // One failure after recovery must not open it again with the failures from before.
  gate.window.clear();
  gate.onChange();
}
