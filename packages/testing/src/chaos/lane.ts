// One direction of a connection: what is read goes in, waits as long as it must, meets what may befall it, and goes out.
import type { Readable, Writable } from 'node:stream';
import { bytesOf, type Framing, type Unit } from './framing.js';
import { type ActiveMessageFault, fairWeather, type LaneConditions } from './lane-conditions.js';
import { type Alarm, createAlarm, type ProxyTimers } from './proxy-timers.js';

/** What became of a unit. `added`: a second copy, or the proxy's own. */
export type Fate = 'passed' | 'swallowed' | 'corrupted' | 'reordered' | 'added';

export interface LaneOptions {
  readonly timers: ProxyTimers;
  /** Draws how late. */
  readonly jitter: () => number;
  /** Draws what strikes: apart from `jitter`, so that timing does not change it. */
  readonly chance: () => number;
  /** Called when the last byte of a unit is out, or when it is lost. */
  onFate(unit: Unit, fate: Fate): void;
}

export interface Lane {
  /** Joins the queue. */
  push(unit: Unit): void;
  /** Overtakes the queue and is spared. */
  insert(unit: Unit): void;
  /** Whatever waits is forgotten; `units` still go out, and nothing after them. */
  finish(units: readonly Unit[]): void;
  /** `onEnd` is called when everything read before the end of `source` has been pushed. */
  readFrom(source: Readable, framing: Framing, onEnd: () => void): void;
  /** Until then messages wait. */
  writeTo(sink: Writable): void;
  setConditions(conditions: LaneConditions): void;
}

interface Queued {
  readonly unit: Unit;
  readonly dueMs: number;
  readonly isOurs: boolean;
}

interface Outgoing {
  readonly unit: Unit;
  readonly fate: Fate;
  /** Not written yet. */
  readonly pieces: Uint8Array[];
}

/** Beyond this the source is not read, as if there were no proxy: nobody's back-pressure gets lost here. */
const maxQueuedBytes = 1024 * 1024;
/** A narrow lane lets a piece out this often, or byte by byte. */
const piecesPerSecond = 50;
const maxJoinedBytes = 64 * 1024;

interface State extends LaneOptions {
  readonly alarm: Alarm;
  conditions: LaneConditions;
  queue: Queued[];
  queuedBytes: number;
  /** Ready to be written, the first of it partly written perhaps. */
  outgoing: Outgoing[];
  /** Kept back until the next message has passed. */
  late: Outgoing | undefined;
  /** When a narrow lane can take the next piece. */
  freeMs: number;
  source: Readable | undefined;
  sink: Writable | undefined;
  isBlocked: boolean;
  isPumping: boolean;
  isFinished: boolean;
}

export function createLane(options: LaneOptions): Lane {
  const state: State = {
    ...options,
    conditions: fairWeather,
    queue: [],
    queuedBytes: 0,
    outgoing: [],
    late: undefined,
    freeMs: 0,
    alarm: createAlarm(options.timers, () => pump(state)),
    source: undefined,
    sink: undefined,
    isBlocked: false,
    isPumping: false,
    isFinished: false,
  };
  return {
    push: (unit) => push(state, unit),
    insert(unit) {
      if (state.isFinished) return;
      state.queue.unshift({ unit, dueMs: 0, isOurs: true });
      pump(state);
    },
    finish(units) {
      state.isFinished = true;
      // Half a message would swallow what comes after it.
      state.outgoing.length = units.length > 0 ? Math.min(1, state.outgoing.length) : 0;
      state.queue = units.map((unit) => ({ unit, dueMs: 0, isOurs: true }));
      state.queuedBytes = 0;
      state.late = undefined;
      state.alarm.stop();
      pump(state);
    },
    readFrom: (source, framing, onEnd) => readFrom(state, source, framing, onEnd),
    writeTo: (sink) => writeTo(state, sink),
    setConditions(conditions) {
      state.conditions = conditions;
      pump(state);
    },
  };
}

function push(state: State, unit: Unit): void {
  if (state.isFinished) return;
  const { delayMs, jitterMs, closeDelayMs } = state.conditions;
  const isParting = unit.kind === 'close' || unit.kind === 'end';
  const jitter = jitterMs === 0 ? 0 : jitterMs * state.jitter();
  const delay = delayMs + jitter + (isParting ? closeDelayMs : 0);
  // Whoever is due earlier waits all the same for those before it.
  state.queue.push({ unit, dueMs: delay === 0 ? 0 : state.timers.now() + delay, isOurs: false });
  state.queuedBytes += bytesOf(unit);
  pump(state);
}

function readFrom(state: State, source: Readable, framing: Framing, onEnd: () => void): void {
  state.source = source;
  source.on('data', (bytes: Buffer) => {
    for (const unit of framing.split(bytes)) push(state, unit);
  });
  source.on('end', () => {
    for (const unit of framing.rest()) push(state, unit);
    onEnd();
  });
  regulate(state);
}

function writeTo(state: State, sink: Writable): void {
  function unblock(): void {
    state.isBlocked = false;
    pump(state);
  }
  state.sink = sink;
  sink.on('drain', unblock);
  // Nothing will be written any more, but what waits must not wait for ever.
  sink.on('close', unblock);
  pump(state);
}

/** Reads no more than can be passed on. */
function regulate({ source, conditions, queuedBytes, isBlocked }: State): void {
  const isFull = isBlocked || queuedBytes > maxQueuedBytes;
  if (source === undefined || source.destroyed) return;
  if (isFull || !conditions.isReading) source.pause();
  else source.resume();
}

function pump(state: State): void {
  // What is done by the way, by a fault that strikes after a message, may call here again.
  if (state.isPumping) return;
  state.isPumping = true;
  while (step(state));
  state.isPumping = false;
  regulate(state);
}

/** Whether anything was done, so that more may follow. */
function step(state: State): boolean {
  const [first] = state.outgoing;
  if (first !== undefined) return send(state, first);
  const [next] = state.queue;
  if (next === undefined || !state.alarm.hasCome(next.dueMs)) return false;
  state.queue.shift();
  if (next.isOurs) state.outgoing.push(toOutgoing(next.unit, 'added'));
  else {
    state.queuedBytes -= bytesOf(next.unit);
    admit(state, next.unit);
  }
  return true;
}

/** What befalls a unit whose time has come. */
function admit(state: State, unit: Unit): void {
  const { conditions, outgoing } = state;
  if (conditions.swallowed.has(unit.kind)) return state.onFate(unit, 'swallowed');
  if (unit.kind !== 'message') {
    if (unit.kind === 'close' || unit.kind === 'end') releaseLate(state);
    outgoing.push(toOutgoing(unit, 'passed'));
    return;
  }
  const struck = new Set(conditions.messageFaults.filter((one) => strikes(state, one)).map(kindOf));
  if (struck.has('drop')) return state.onFate(unit, 'swallowed');
  const isCorrupt = struck.has('corrupt');
  const passing = isCorrupt ? (unit.corrupted?.() ?? unit) : unit;
  if (struck.has('reorder') && state.late === undefined) {
    state.late = toOutgoing(passing, 'reordered');
    return;
  }
  outgoing.push(toOutgoing(passing, isCorrupt ? 'corrupted' : 'passed'));
  if (struck.has('duplicate')) outgoing.push(toOutgoing(passing, 'added'));
  releaseLate(state);
}

function releaseLate(state: State): void {
  if (state.late !== undefined) state.outgoing.push(state.late);
  state.late = undefined;
}

function kindOf({ fault }: ActiveMessageFault): ActiveMessageFault['fault']['kind'] {
  return fault.kind;
}

function strikes(state: State, active: ActiveMessageFault): boolean {
  const { probability, times = Number.POSITIVE_INFINITY } = active.fault;
  // Drawn for every message, so that which ones are struck does not depend on those that were.
  const isStruck = state.chance() < probability && active.struck < times;
  if (isStruck) active.struck += 1;
  return isStruck;
}

function send(state: State, outgoing: Outgoing): boolean {
  const { unit, pieces } = outgoing;
  const [piece] = pieces;
  if (unit.deliver !== undefined || piece === undefined) return sent(state, outgoing);
  if (state.sink === undefined || state.isBlocked) return false;
  const { bytesPerSecond } = state.conditions;
  if (bytesPerSecond === Number.POSITIVE_INFINITY) {
    pieces.shift();
    write(state, state.sink, piece);
  } else {
    if (!state.alarm.hasCome(state.freeMs)) return false;
    const part = piece.subarray(0, Math.max(1, Math.floor(bytesPerSecond / piecesPerSecond)));
    pieces[0] = piece.subarray(part.length);
    if (pieces[0].length === 0) pieces.shift();
    state.freeMs = Math.max(state.freeMs, state.timers.now()) + (part.length * 1000) / bytesPerSecond;
    write(state, state.sink, part);
  }
  return pieces.length > 0 || sent(state, outgoing);
}

function write(state: State, sink: Writable, bytes: Uint8Array): void {
  // Towards one that has left, bytes are lost without a sound.
  if (sink.writable && !sink.destroyed) state.isBlocked = !sink.write(bytes);
}

function sent(state: State, { unit, fate }: Outgoing): true {
  state.outgoing.shift();
  unit.deliver?.();
  state.onFate(unit, fate);
  return true;
}

function toOutgoing(unit: Unit, fate: Fate): Outgoing {
  const { pieces } = unit;
  // A frame's head and payload leave in one packet, as they came.
  const isSmall = pieces.length > 1 && bytesOf(unit) <= maxJoinedBytes;
  return { unit, fate, pieces: isSmall ? [Buffer.concat(pieces)] : [...pieces] };
}
