// Cutting a byte stream into frames of equal length, with what is left over carried to the next piece.
import type { AudioFormat } from '../spec/audio.js';
import { bytesFor, sampleBytes } from './format.js';

export interface Framer {
  readonly frameBytes: number;
  /** Bytes kept until their frame is full. */
  readonly pendingBytes: number;
  /**
   * Calls `onFrame` for every frame that is full now. Frames inside the piece are views of it, so a frame shares memory with
   * bytes given; only one that spans two pieces is copied.
   */
  push(audio: Uint8Array, onFrame: (frame: Uint8Array) => void): void;
  /** The last, shorter frame, if there is one; afterwards a new stream may begin. */
  flush(): Uint8Array | undefined;
}

/** Makes a framer of `frameMs` milliseconds, to the nearest whole sample and at least one. */
export function createFramer(format: AudioFormat, frameMs: number): Framer {
  const frameBytes = Math.max(bytesFor(frameMs, format), sampleBytes(format));
  // Made anew for each frame that spans two pieces: whoever was given the one before may still hold it.
  let partial = new Uint8Array(0);
  let pending = 0;

  function push(audio: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    let start = 0;
    if (pending > 0) {
      start = Math.min(frameBytes - pending, audio.length);
      partial.set(audio.subarray(0, start), pending);
      pending += start;
      if (pending < frameBytes) return;
      pending = 0;
      onFrame(partial);
    }
    for (; start + frameBytes <= audio.length; start += frameBytes) {
      onFrame(audio.length === frameBytes ? audio : audio.subarray(start, start + frameBytes));
    }
    pending = audio.length - start;
    if (pending === 0) return;
    partial = new Uint8Array(frameBytes);
    partial.set(audio.subarray(start));
  }

  return {
    frameBytes,
    get pendingBytes() {
      return pending;
    },
    push,
    flush() {
      const rest = pending === 0 ? undefined : partial.subarray(0, pending);
      pending = 0;
      return rest;
    },
  };
}
