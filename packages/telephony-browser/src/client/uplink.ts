// The microphone's frames on their way out: numbered, and when the network is stuck the oldest are dropped, never the newest.
import { audioKind, frameMs } from '../browser-wire.js';

/** Of a WebSocket, what is needed here. */
export interface UplinkSocket {
  readonly bufferedAmount: number;
  send(data: ArrayBuffer): void;
}

export interface Uplink {
  /** How long the track is, dropped frames included. */
  readonly sentMs: number;
  readonly droppedFrames: number;
  /** A frame with free header bytes; it is the uplink's from then on. */
  push(frame: ArrayBuffer): void;
}

/** A quarter of a second, both in the socket and in front of it: older speech is of no use to a conversation. */
const maxDelayMs = 250;

export function createUplink(socket: UplinkSocket): Uplink {
  const waiting: ArrayBuffer[] = [];
  let frames = 0;
  let droppedFrames = 0;

  return {
    get sentMs() {
      return frames * frameMs;
    },
    get droppedFrames() {
      return droppedFrames;
    },
    push(frame) {
      const header = new DataView(frame);
      header.setUint8(0, audioKind);
      header.setUint32(4, frames, true);
      frames += 1;
      waiting.push(frame);
      const maxBytes = (maxDelayMs / frameMs) * frame.byteLength;
      while (waiting.length > 0 && socket.bufferedAmount < maxBytes)
        socket.send(waiting.shift() as ArrayBuffer);
      while (waiting.length > maxDelayMs / frameMs) {
        waiting.shift();
        droppedFrames += 1;
      }
    },
  };
}
