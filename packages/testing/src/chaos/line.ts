// One connection through the proxy: two ends, two lanes, the faults that have struck it, and what they do to it.
import type { Refusal } from '../fakes/dialects.js';
import type { Direction, ParsedFault } from './chaos-fault.js';
import type { ConnectionRecord } from './connection-record.js';
import type { Framing, Unit } from './framing.js';
import { createLane, type Lane } from './lane.js';
import { type ActiveFault, conditionsOf } from './lane-conditions.js';
import type { ProxyTimers } from './proxy-timers.js';

type Side = 'client' | 'server';

/** How a transport speaks to one of its ends. */
export interface LineEnd {
  /** The orderly end: of TCP, or of a body. */
  end(): void;
  /** TCP ends, whatever the protocol above would still have to say. */
  cut(): void;
  /** What was said still goes out, then the socket is gone. */
  leave(): void;
  reset(): void;
}

export interface LineOptions {
  readonly timers: ProxyTimers;
  readonly record: ConnectionRecord;
  /** Draws of this connection; each `purpose` has its own. */
  random(purpose: number): () => number;
  /** Something passed, was lost, or ended. */
  onChange(line: Line): void;
}

/** How each lane is written. */
export type Framings = Readonly<Record<Direction, Framing>>;

export interface Line {
  readonly record: ConnectionRecord;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  /** Neither end is there any more. */
  readonly isOver: boolean;
  setEnd(side: Side, end: LineEnd): void;
  /** The heads have passed, and messages can. */
  opened(framings: Framings): void;
  /** `side` has said all it had to say; the other is told. */
  ended(side: Side): void;
  /** `side` has gone; if it had not ended, the other is told in the same way, or by the transport. */
  closed(side: Side, how?: 'cut' | 'reset'): void;
  strike(active: ActiveFault): void;
  /** Ends what `strike` began; what is lost stays lost. */
  heal(active: ActiveFault): void;
  /** Both ends get a TCP reset. */
  reset(): void;
  /** What is to be answered in the server's place. */
  refusal(): Refusal | undefined;
  /** Whether the body of the server's answer is withheld. */
  isEmptied(): boolean;
}

/** Faults for which there must be an open connection. */
type OpenFault = Extract<ParsedFault, { kind: 'half-open' | 'close' | 'garbage' | 'huge' }>;

interface State {
  readonly ends: Partial<Record<Side, LineEnd>>;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  readonly active: Set<ActiveFault>;
  readonly ended: Set<Side>;
  readonly gone: Set<Side>;
  /** Sides that a fault has taken away: the other learns of it by that fault, or not at all. */
  readonly abandoned: Set<Side>;
  /** The server's end did not pass. */
  isUntold: boolean;
  /** Undefined before the connection is open. */
  framings: Framings | undefined;
  /** What struck before there was an open connection to strike. */
  waiting: readonly OpenFault[];
}

const otherSide: Readonly<Record<Side, Side>> = { client: 'server', server: 'client' };
const towards: Readonly<Record<Side, Direction>> = { server: 'up', client: 'down' };
const hearerOf: Readonly<Record<Direction, Side>> = { up: 'server', down: 'client' };

export function createLine({ timers, record, random, onChange }: LineOptions): Line {
  function laneOf(direction: Direction, purpose: number): Lane {
    return createLane({
      timers,
      jitter: random(purpose),
      chance: random(purpose + 1),
      onFate(unit, fate) {
        record.unit(direction, unit, fate);
        if (fate === 'swallowed') noticeLoss(state, direction, unit);
        onChange(line);
      },
    });
  }
  const state: State = {
    ends: {},
    lanes: { up: laneOf('up', 0), down: laneOf('down', 2) },
    active: new Set(),
    ended: new Set(),
    gone: new Set(),
    abandoned: new Set(),
    isUntold: false,
    framings: undefined,
    waiting: [],
  };
  const line: Line = {
    record,
    lanes: state.lanes,
    get isOver() {
      return isOver(state);
    },
    setEnd(side, end) {
      // Taken away before it was there.
      if (state.abandoned.has(side)) end.leave();
      else state.ends[side] = end;
    },
    opened(framings) {
      state.framings = framings;
      for (const fault of state.waiting) strikeOpen(state, framings, fault);
      state.waiting = [];
    },
    ended: (side) => ended(state, side),
    closed(side, how) {
      closed(state, side, how);
      if (side === 'client') record.ended();
      onChange(line);
    },
    strike(active) {
      record.struck(active.fault);
      strike(state, active);
      onChange(line);
    },
    heal(active) {
      if (state.active.delete(active)) applyConditions(state);
    },
    reset: () => reset(state),
    refusal() {
      const fault = find(state, 'status');
      return fault && { status: fault.status, headers: fault.headers, body: fault.body };
    },
    isEmptied: () => find(state, 'empty-200') !== undefined,
  };
  return line;
}

function find<Kind extends ParsedFault['kind']>(
  { active }: State,
  kind: Kind,
): Extract<ParsedFault, { kind: Kind }> | undefined {
  const faults = [...active].map(({ fault }) => fault);
  return faults.find((fault): fault is Extract<ParsedFault, { kind: Kind }> => fault.kind === kind);
}

function strike(state: State, active: ActiveFault): void {
  const { fault } = active;
  switch (fault.kind) {
    case 'reset':
      return reset(state);
    case 'cut':
      stopLanes(state);
      abandon(state, 'server', 'leave');
      state.ends.client?.cut();
      return;
    case 'half-open':
    case 'close':
    case 'garbage':
    case 'huge':
      if (state.framings === undefined) state.waiting = [...state.waiting, fault];
      else strikeOpen(state, state.framings, fault);
      return;
    default:
      state.active.add(active);
      applyConditions(state);
  }
}

function strikeOpen(state: State, framings: Framings, fault: OpenFault): void {
  switch (fault.kind) {
    case 'half-open':
      stopLanes(state);
      return abandon(state, otherSide[hearerOf[fault.direction]], 'leave');
    case 'close': {
      const { direction, code, reason } = fault;
      const goodbye = framings[direction].close?.(code, reason);
      const left = otherSide[hearerOf[direction]];
      state.lanes[towards[left]].finish([]);
      abandon(state, left, 'leave');
      state.lanes[direction].finish([...(goodbye ? [goodbye] : []), endUnit(state, hearerOf[direction])]);
      return;
    }
    case 'garbage':
      return state.lanes[fault.direction].insert(framings[fault.direction].garbage(fault.as));
    case 'huge':
      return state.lanes[fault.direction].insert(framings[fault.direction].huge(fault.bytes));
  }
}

function reset(state: State): void {
  stopLanes(state);
  abandon(state, 'client', 'reset');
  abandon(state, 'server', 'reset');
}

function stopLanes({ lanes }: State): void {
  lanes.up.finish([]);
  lanes.down.finish([]);
}

/** Takes a side away without telling the other. */
function abandon({ abandoned, ends }: State, side: Side, how: 'leave' | 'reset'): void {
  abandoned.add(side);
  ends[side]?.[how]();
}

function applyConditions(state: State): void {
  const { lanes, active, ends, isUntold } = state;
  const down = conditionsOf(active, 'down');
  lanes.up.setConditions(conditionsOf(active, 'up'));
  lanes.down.setConditions(down);
  // Its next packet to a server that left in the meantime would be answered with a reset.
  if (isUntold && !down.swallowed.has('end')) ends.client?.reset();
}

function endUnit({ ends }: State, hearer: Side, how: 'end' | 'cut' | 'reset' = 'end'): Unit {
  return { kind: 'end', pieces: [], deliver: () => ends[hearer]?.[how]() };
}

function ended(state: State, side: Side): void {
  const hearer = otherSide[side];
  state.ended.add(side);
  // Nobody is left to be told: that was the last of this connection.
  if (state.abandoned.has(hearer)) state.ends[side]?.leave();
  else state.lanes[towards[hearer]].push(endUnit(state, hearer));
}

function closed(state: State, side: Side, how: 'cut' | 'reset' | undefined): void {
  const hearer = otherSide[side];
  const isTold = state.ended.has(side) || state.abandoned.has(side) || state.gone.has(side);
  state.gone.add(side);
  if (isOver(state)) stopLanes(state);
  else if (!isTold && how !== undefined) state.lanes[towards[hearer]].push(endUnit(state, hearer, how));
}

/** A server that was never reached is not there either. */
function isOver({ gone, ends }: State): boolean {
  return gone.has('client') && (gone.has('server') || ends.server === undefined);
}

/** A client that leaves while nothing passes has left for good: the server is not kept waiting for what can't come. */
function noticeLoss(state: State, direction: Direction, { kind }: Unit): void {
  if (kind !== 'end') return;
  if (direction === 'down') {
    state.isUntold = true;
    return;
  }
  if (!state.ended.has('client') && !state.gone.has('client')) return;
  stopLanes(state);
  abandon(state, 'client', 'leave');
  abandon(state, 'server', 'leave');
}
