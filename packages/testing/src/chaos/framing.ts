// Bytes of a stream as the messages in them, and messages of ours as bytes. Bodies and bare TCP; WebSockets have their own file.
import type { WireMessage } from '../fakes/dialects.js';

/** `request` and `response` are heads; for TCP, connecting and connected. `end` is that of TCP or of a body. */
export type UnitKind = 'request' | 'response' | 'message' | 'ping' | 'pong' | 'close' | 'end';

/** What faults act on: whatever can be late or lost by itself. */
export interface Unit {
  readonly kind: UnitKind;
  /** The bytes on the wire, in order. */
  readonly pieces: readonly Uint8Array[];
  /** Called in place of writing `pieces`. */
  deliver?(): void;
  /** What a message says. */
  read?(): WireMessage;
  /** The same message, unreadable. */
  corrupted?(): Unit;
}

/** On the wire. */
export function bytesOf({ pieces }: Unit): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** How one direction of a connection is written. */
export interface Framing {
  split(bytes: Uint8Array): readonly Unit[];
  /** What the stream ended in the middle of. */
  rest(): readonly Unit[];
  /** Nothing a peer could read: as text, as a binary message, or not even that. */
  garbage(as: 'text' | 'binary' | 'bytes'): Unit;
  /** A message of `bytes`. */
  huge(bytes: number): Unit;
  /** The protocol's own goodbye, if it has one besides the end of the stream. */
  close?(code: number, reason: string): Unit;
}

const garbageText = Buffer.from('{"type": "cut');
const garbageBytes: Uint8Array = new Uint8Array([0xff, 0xfe, 0x00, 0x01, 0x80]);
const block = Buffer.alloc(64 * 1024, 'x');

/** `bytes` of text that take up 64 KiB, however many they are. */
export function filler(bytes: number): Uint8Array[] {
  const blocks = Array.from({ length: Math.floor(bytes / block.length) }, () => block);
  return [...blocks, block.subarray(0, bytes % block.length)];
}

export function garbageOf(as: 'text' | 'binary' | 'bytes'): Uint8Array {
  return as === 'text' ? garbageText : garbageBytes;
}

/** What opens its first JSON object is overwritten, or where there is none its first byte. */
export function corruptedBytes(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = Math.max(0, copy.indexOf('{'));
  // A letter, or it would not be text any more; no letter of audio, where it is as good as any other.
  if (copy.length > 0) copy.writeUInt8(copy[at] === 0x7e ? 0x21 : 0x7e, at);
  return copy;
}

/** A message that nobody is meant to understand. */
export function unreadable(...pieces: readonly Uint8Array[]): Unit {
  return { kind: 'message', pieces };
}

function pieceUnit(bytes: Uint8Array, read: () => WireMessage = () => bytes): Unit {
  return { kind: 'message', pieces: [bytes], read, corrupted: () => unreadable(corruptedBytes(bytes)) };
}

/** Every piece that was read is a message. */
export function pieceFraming(): Framing {
  return {
    split: (bytes) => [pieceUnit(bytes)],
    rest: () => [],
    garbage: (as) => unreadable(garbageOf(as)),
    huge: (bytes) => unreadable(...filler(bytes)),
  };
}

/** Text in which every message ends with what `separator` matches; `before` and `after` go around a message of ours. */
function textFraming(separator: RegExp, before: string, after: string): Framing {
  let pending = Buffer.alloc(0);
  const around = (...pieces: readonly Uint8Array[]): Unit =>
    unreadable(Buffer.from(before), ...pieces, Buffer.from(after));
  const toUnit = (bytes: Buffer): Unit => pieceUnit(bytes, () => bytes.toString('utf8'));
  return {
    split(bytes) {
      const units: Unit[] = [];
      pending = Buffer.concat([pending, bytes]);
      // One byte, one letter: places in the text are places in the bytes.
      const text = pending.toString('latin1');
      let start = 0;
      for (const match of text.matchAll(separator)) {
        const end = match.index + match[0].length;
        units.push(toUnit(pending.subarray(start, end)));
        start = end;
      }
      pending = pending.subarray(start);
      return units;
    },
    rest: () => (pending.length === 0 ? [] : [toUnit(pending)]),
    garbage: (as) => (as === 'bytes' ? unreadable(garbageOf(as)) : around(garbageOf(as))),
    huge: (bytes) => around(...filler(bytes)),
  };
}

/** By a body's content type. */
export function bodyFraming(contentType = ''): Framing {
  if (contentType.startsWith('text/event-stream')) {
    return textFraming(/\r\n\r\n|\n\n|\r\r/g, 'data: ', '\n\n');
  }
  return /ndjson|jsonl|json-seq/.test(contentType) ? textFraming(/\n/g, '', '\n') : pieceFraming();
}
