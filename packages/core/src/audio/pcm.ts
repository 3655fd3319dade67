// Bytes at the borders, 16-bit samples inside. Every platform Node is released for here is little-endian, so a view is enough.

/** Samples over the same memory as `bytes`, or over a copy where the bytes start at an odd address. A last odd byte is left out. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const count = bytes.length >> 1;
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  return new Int16Array(bytes.slice(0, count * 2).buffer);
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
