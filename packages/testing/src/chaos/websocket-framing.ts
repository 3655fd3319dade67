// WebSocket frames (RFC 6455), read off the wire and passed on byte for byte: what is not struck stays as the peers wrote it.
import type { WireMessage } from '../fakes/dialects.js';
import { corruptedBytes, filler, type Framing, garbageOf, type Unit, unreadable } from './framing.js';

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const isLastBit = 0x80;
const isMaskedBit = 0x80;
const controlBit = 0x08;

interface FrameHead {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly mask: Uint8Array | undefined;
  readonly headBytes: number;
  readonly payloadBytes: number;
}

interface Frame extends FrameHead {
  /** Head and payload. */
  readonly pieces: Uint8Array[];
  missingBytes: number;
}

/** The longest a head can be. */
const maxHeadBytes = 14;

/** Undefined while bytes are missing. */
function readHead(bytes: Buffer): FrameHead | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const short = second & 0x7f;
  const maskAt = short === 126 ? 4 : short === 127 ? 10 : 2;
  const isMasked = (second & isMaskedBit) !== 0;
  const headBytes = maskAt + (isMasked ? 4 : 0);
  if (bytes.length < headBytes) return undefined;
  return {
    opcode: first & 0x0f,
    isLast: (first & isLastBit) !== 0,
    mask: isMasked ? bytes.subarray(maskAt, headBytes) : undefined,
    headBytes,
    payloadBytes:
      short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short,
  };
}

/** Our frames to a server carry the mask it demands: of zeros, which changes nothing. */
function writeHead(opcode: number, payloadBytes: number, isMasked: boolean): Buffer {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes + (isMasked ? 4 : 0));
  const short = lengthBytes === 0 ? payloadBytes : lengthBytes === 2 ? 126 : 127;
  head.writeUInt8(isLastBit | opcode, 0);
  head.writeUInt8((isMasked ? isMaskedBit : 0) | short, 1);
  if (lengthBytes === 2) head.writeUInt16BE(payloadBytes, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return head;
}

function payloadOf({ pieces, headBytes, mask }: Frame): Buffer {
  const payload = Buffer.from(Buffer.concat(pieces).subarray(headBytes));
  if (mask === undefined) return payload;
  for (let index = 0; index < payload.length; index += 1) {
    payload.writeUInt8(payload.readUInt8(index) ^ (mask[index % 4] ?? 0), index);
  }
  return payload;
}

function kindOf(opcode: number): Unit['kind'] {
  if (opcode === opcodes.close) return 'close';
  if (opcode === opcodes.ping) return 'ping';
  return opcode === opcodes.pong ? 'pong' : 'message';
}

function messageUnit(frames: readonly Frame[], isMasked: boolean): Unit {
  const opcode = frames[0]?.opcode ?? opcodes.binary;
  const payload = (): Buffer => Buffer.concat(frames.map(payloadOf));
  return {
    kind: 'message',
    pieces: frames.flatMap(({ pieces }) => pieces),
    read: (): WireMessage => (opcode === opcodes.text ? payload().toString('utf8') : payload()),
    corrupted: () => frameOf(opcode, corruptedBytes(payload()), isMasked),
  };
}

function frameOf(opcode: number, payload: Uint8Array, isMasked: boolean): Unit {
  return { kind: kindOf(opcode), pieces: [writeHead(opcode, payload.length, isMasked), payload] };
}

function closePayload(code: number, reason: string): Uint8Array {
  // 1005 stands for a close frame without a code.
  if (code === 1005) return Buffer.alloc(0);
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code, 0);
  return payload;
}

/** `isMasked`: the direction from client to server. */
export function webSocketFraming(isMasked: boolean): Framing {
  return {
    ...createSplitter(isMasked),
    garbage(as) {
      const said = garbageOf(as);
      return as === 'bytes' ? unreadable(said) : frameOf(opcodes[as], said, isMasked);
    },
    huge: (bytes) => unreadable(writeHead(opcodes.text, bytes, isMasked), ...filler(bytes)),
    close: (code, reason) => frameOf(opcodes.close, closePayload(code, reason), isMasked),
  };
}

function createSplitter(isMasked: boolean): Pick<Framing, 'split' | 'rest'> {
  let headStart: Uint8Array = Buffer.alloc(0);
  let frame: Frame | undefined;
  /** Of a message that is not whole yet. */
  let frames: Frame[] = [];

  /** The bytes left over; undefined while the head is not whole. */
  function begin(bytes: Uint8Array): Uint8Array | undefined {
    const known = Buffer.concat([headStart, bytes.subarray(0, maxHeadBytes)]);
    const head = readHead(known);
    if (head === undefined) {
      headStart = known;
      return undefined;
    }
    frame = { ...head, pieces: [known.subarray(0, head.headBytes)], missingBytes: head.payloadBytes };
    const left = bytes.subarray(head.headBytes - headStart.length);
    headStart = Buffer.alloc(0);
    return left;
  }

  function finished(whole: Frame): readonly Unit[] {
    if ((whole.opcode & controlBit) !== 0) return [{ kind: kindOf(whole.opcode), pieces: whole.pieces }];
    frames.push(whole);
    if (!whole.isLast) return [];
    const unit = messageUnit(frames, isMasked);
    frames = [];
    return [unit];
  }

  return {
    split(bytes) {
      const units: Unit[] = [];
      let left: Uint8Array | undefined = bytes;
      while (left !== undefined && left.length > 0) {
        if (frame === undefined) left = begin(left);
        if (frame === undefined || left === undefined) break;
        const piece = left.subarray(0, frame.missingBytes);
        frame.pieces.push(piece);
        frame.missingBytes -= piece.length;
        left = left.subarray(piece.length);
        if (frame.missingBytes > 0) continue;
        units.push(...finished(frame));
        frame = undefined;
      }
      return units;
    },
    rest: () => {
      const pieces = [...frames, ...(frame === undefined ? [] : [frame])].flatMap((part) => part.pieces);
      if (headStart.length > 0) pieces.push(headStart);
      return pieces.length === 0 ? [] : [unreadable(...pieces)];
    },
  };
}
