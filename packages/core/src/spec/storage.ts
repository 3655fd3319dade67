// The contract of whatever keeps bytes for longer than a process lives.

/**
 * Bytes by key: a few letters, digits, `-` and `_`. Both reject with what the medium says; whoever calls goes on without
 * it. A `get` gives what one `put` was given, whole, or undefined.
 */
export interface ByteStorage {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}
