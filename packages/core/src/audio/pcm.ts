// Bytes at the borders, 16-bit samples inside. Every platform Node is released for here is little-endian, so a view is enough.
import type { AudioEncoding } from '../spec/audio.js';
import { encodingBytes, silenceByte } from './format.js';

/** Samples over the same memory as `bytes`, or over a copy where the bytes start at an odd address. A last odd byte is left out. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const count = bytes.length >> 1;
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  return new Int16Array(new Uint8Array(bytes.subarray(0, count * 2)).buffer);
}

/** The bytes of `samples`, over the same memory. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** A sample between the 16-bit limits, rounded. */
export function toSample(value: number): number {
  return value >= 32_767 ? 32_767 : value <= -32_768 ? -32_768 : Math.round(value);
}

/**
 * Re-cuts a byte stream so that every piece holds whole units of `unitBytes`; the bytes left over wait for the next piece.
 * Returns the piece itself, uncopied, while nothing is left over.
 */
export function createAligner(unitBytes: number): { push(bytes: Uint8Array): Uint8Array; reset(): void } {
  const rest = new Uint8Array(unitBytes);
  let restLength = 0;

  function push(bytes: Uint8Array): Uint8Array {
    const total = restLength + bytes.length;
    const nextRest = total % unitBytes;
    if (restLength === 0 && nextRest === 0) return bytes;
    const joined = new Uint8Array(total);
    joined.set(rest.subarray(0, restLength));
    joined.set(bytes, restLength);
    rest.set(joined.subarray(total - nextRest));
    restLength = nextRest;
    return joined.subarray(0, total - nextRest);
  }

  return { push, reset: () => void (restLength = 0) };
}

/** Two mono streams of the same encoding as one of two channels; the shorter one is filled up with silence. */
export function interleave(left: Uint8Array, right: Uint8Array, encoding: AudioEncoding): Uint8Array {
  const width = encodingBytes(encoding);
  const silence = silenceByte(encoding);
  const length = Math.max(left.length, right.length);
  const stereo = new Uint8Array(2 * length);
  for (let index = 0, at = 0; index < length; index += width, at += 2 * width) {
    for (let byte = 0; byte < width; byte += 1) {
      stereo[at + byte] = left[index + byte] ?? silence;
      stereo[at + width + byte] = right[index + byte] ?? silence;
    }
  }
  return stereo;
}

/** One of two interleaved channels. */
export function pickChannel(stereo: Int16Array, channel: 0 | 1): Int16Array {
  const mono = new Int16Array(stereo.length >> 1);
  for (let index = 0; index < mono.length; index += 1) mono[index] = stereo[2 * index + channel] ?? 0;
  return mono;
}

/** Two interleaved channels as their mean, which can't clip. */
export function mixChannels(stereo: Int16Array): Int16Array {
  const mono = new Int16Array(stereo.length >> 1);
  for (let index = 0; index < mono.length; index += 1) {
    mono[index] = ((stereo[2 * index] ?? 0) + (stereo[2 * index + 1] ?? 0)) >> 1;
  }
  return mono;
}
