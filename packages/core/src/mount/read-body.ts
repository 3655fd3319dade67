// A request's raw body, bounded: whatever a header claims, only what comes is counted.

/** Undefined when it is larger than `maxBytes`; the rest is not read. */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    kept.push(chunk);
  }
  return new Uint8Array(Buffer.concat(kept));
}
