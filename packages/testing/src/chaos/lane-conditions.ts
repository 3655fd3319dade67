// What the faults that last make of one direction of a connection.
import type { Direction, ParsedFault } from './chaos-fault.js';
import type { UnitKind } from './framing.js';

/** A fault that has struck a connection and lasts. */
export interface ActiveFault {
  readonly fault: ParsedFault;
  /** Messages of this connection that it has struck. */
  struck: number;
}

export interface ActiveMessageFault extends ActiveFault {
  readonly fault: Extract<ParsedFault, { probability: number }>;
}

export interface LaneConditions {
  readonly delayMs: number;
  readonly jitterMs: number;
  /** More, for close frames and ends. */
  readonly closeDelayMs: number;
  /** Infinity: as much as there is. */
  readonly bytesPerSecond: number;
  readonly isReading: boolean;
  /** Units of these kinds do not pass. */
  readonly swallowed: ReadonlySet<UnitKind>;
  /** What may strike a message, in the order they came. */
  readonly messageFaults: readonly ActiveMessageFault[];
}

const everything: readonly UnitKind[] = ['request', 'response', 'message', 'ping', 'pong', 'close', 'end'];
const signsOfLifeExcepted: readonly UnitKind[] = ['message', 'close', 'end'];

export const fairWeather: LaneConditions = {
  delayMs: 0,
  jitterMs: 0,
  closeDelayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  isReading: true,
  swallowed: new Set(),
  messageFaults: [],
};

/** Delays add up, the narrowest bandwidth holds. */
export function conditionsOf(active: Iterable<ActiveFault>, direction: Direction): LaneConditions {
  let conditions = fairWeather;
  for (const one of active) {
    if (strikes(one.fault, direction)) conditions = { ...conditions, ...changeBy(one, conditions) };
  }
  return conditions;
}

function strikes(fault: ParsedFault, direction: Direction): boolean {
  return !('direction' in fault) || fault.direction === 'both' || fault.direction === direction;
}

function changeBy(active: ActiveFault, now: LaneConditions): Partial<LaneConditions> {
  const { fault } = active;
  switch (fault.kind) {
    case 'latency':
      return { delayMs: now.delayMs + fault.ms, jitterMs: now.jitterMs + fault.jitterMs };
    case 'bandwidth':
      return { bytesPerSecond: Math.min(now.bytesPerSecond, fault.bytesPerSecond) };
    case 'slow-close':
      return { closeDelayMs: now.closeDelayMs + fault.ms };
    case 'stop-reading':
      return { isReading: false };
    case 'black-hole':
      return { swallowed: new Set(everything) };
    case 'mute':
      return { swallowed: new Set([...now.swallowed, ...signsOfLifeExcepted]) };
    case 'no-pong':
      return { swallowed: new Set([...now.swallowed, 'pong']) };
    default:
      // The rest strikes once, or in place of the server's answer.
      return isMessageFault(active) ? { messageFaults: [...now.messageFaults, active] } : {};
  }
}

function isMessageFault(active: ActiveFault): active is ActiveMessageFault {
  return 'probability' in active.fault;
}
