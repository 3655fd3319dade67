// What webhook checks are made of: keyed hashes and a comparison that takes the same time wherever two texts differ.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface HmacInput {
  readonly algorithm: 'sha1' | 'sha256';
  readonly key: string | Uint8Array;
  /** The raw bytes that were signed; text counts as UTF-8. */
  readonly data: string | Uint8Array;
  readonly encoding: 'base64' | 'hex';
}

/** The signature a sender who knows `key` would have made. */
export function hmac({ algorithm, key, data, encoding }: HmacInput): string {
  return createHmac(algorithm, key).update(data).digest(encoding);
}

/** Whether two texts are equal. Both are hashed first, so that texts of different lengths can be compared too. */
export function constantTimeEqual(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
