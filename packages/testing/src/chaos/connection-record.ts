// What a chaos proxy remembers of each connection.
import type { WireMessage } from '../fakes/dialects.js';
import type { Direction, ParsedFault } from './chaos-fault.js';
import { bytesOf, type Unit, type UnitKind } from './framing.js';
import type { Fate } from './lane.js';

export type ChaosTransport = 'websocket' | 'http' | 'tcp';

/** Something that came by, or a fault that struck. Times in ms since the proxy started. */
export type ChaosEntry =
  | {
      readonly type: 'unit';
      readonly atMs: number;
      readonly direction: Direction;
      /** `request` and `response` are heads; for TCP, connecting and connected. `end` is that of TCP or of a body. */
      readonly kind: UnitKind;
      /** On the wire; of heads and ends 0. */
      readonly bytes: number;
      /** What became of it. `added`: a second copy, or the proxy's own. */
      readonly fate: Fate;
      /** What the reader heard in it. */
      readonly words: readonly string[];
    }
  | { readonly type: 'fault'; readonly atMs: number; readonly fault: ParsedFault };

/** One WebSocket, one HTTP request with its answer, or one TCP connection. */
export interface ChaosConnection {
  /** From 1, in the order they came. */
  readonly id: number;
  readonly transport: ChaosTransport;
  /** Without the query, which may hold a key; of TCP the empty string. */
  readonly path: string;
  readonly openedMs: number;
  /** When the client or the proxy had ended it. */
  readonly endedMs: number | undefined;
  /** Messages that reached the other end. */
  readonly messages: Readonly<Record<Direction, number>>;
  /** Bytes of these messages. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Words the reader heard in these messages. */
  readonly words: Readonly<Record<Direction, readonly string[]>>;
  /** Faults that struck, in order. */
  readonly faults: readonly ParsedFault[];
  /** Everything in order; empty with `record: false`. */
  readonly entries: readonly ChaosEntry[];
}

/** The words that a message completes; called for each message that passed, in order. Must not throw. */
export type ChaosWordReader = (direction: Direction, message: WireMessage) => readonly string[];

export interface ConnectionRecord {
  readonly connection: ChaosConnection;
  unit(direction: Direction, unit: Unit, fate: Fate): void;
  struck(fault: ParsedFault): void;
  ended(): void;
}

export interface ConnectionRecordOptions extends Pick<ChaosConnection, 'id' | 'transport' | 'path'> {
  readonly createWordReader: ((connection: ChaosConnection) => ChaosWordReader) | undefined;
  readonly keepsEntries: boolean;
  now(): number;
}

export function createConnectionRecord(options: ConnectionRecordOptions): ConnectionRecord {
  const { id, transport, path, keepsEntries, now } = options;
  const messages = { up: 0, down: 0 };
  const bytes = { up: 0, down: 0 };
  const words: Record<Direction, string[]> = { up: [], down: [] };
  const faults: ParsedFault[] = [];
  const entries: ChaosEntry[] = [];
  let endedMs: number | undefined;

  const connection: ChaosConnection = {
    id,
    transport,
    path,
    openedMs: now(),
    get endedMs() {
      return endedMs;
    },
    messages,
    bytes,
    words,
    faults,
    entries,
  };
  const readWords = options.createWordReader?.(connection);

  function heard(direction: Direction, unit: Unit): readonly string[] {
    if (readWords === undefined || unit.read === undefined) return [];
    return readWords(direction, unit.read());
  }

  return {
    connection,
    unit(direction, unit, fate) {
      const size = bytesOf(unit);
      const hasPassed = unit.kind === 'message' && fate !== 'swallowed';
      const newWords = hasPassed ? heard(direction, unit) : [];
      if (hasPassed) {
        messages[direction] += 1;
        bytes[direction] += size;
        words[direction].push(...newWords);
      }
      if (!keepsEntries) return;
      const { kind } = unit;
      entries.push({ type: 'unit', atMs: now(), direction, kind, bytes: size, fate, words: newWords });
    },
    struck(fault) {
      faults.push(fault);
      if (keepsEntries) entries.push({ type: 'fault', atMs: now(), fault });
    },
    ended() {
      endedMs ??= now();
    },
  };
}
