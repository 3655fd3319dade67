// Single-use tokens that bind a media socket to its call: made with the instructions, taken at the start message.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../spec/clock.js';

export interface TokenStore<Value> {
  /** 128 random bits, valid once and for a minute. */
  issue(value: Value): string;
  /** The value, if the token is known, fresh and unused; it is used up by asking. */
  take(token: string | undefined): Value | undefined;
  /** What the tokens that could still be taken stand for. */
  values(): readonly Value[];
  /** Forgets tokens whose value matches: their call is over, or bound. */
  revoke(matches: (value: Value) => boolean): void;
}

const validMs = 60_000;
const maxTokens = 10_000;

export function createTokenStore<Value>(clock: Clock): TokenStore<Value> {
  const tokens = new Map<string, { readonly value: Value; readonly expiresAt: number }>();

  // Tokens are kept in the order of their expiry, so that the old ones are always in front.
  function prune(maxCount: number): void {
    for (const [token, { expiresAt }] of tokens) {
      if (expiresAt > clock.now() && tokens.size <= maxCount) return;
      tokens.delete(token);
    }
  }

  return {
    issue(value) {
      prune(maxTokens - 1);
      const token = randomBytes(16).toString('base64url');
      tokens.set(token, { value, expiresAt: clock.now() + validMs });
      return token;
    },
    take(token) {
      if (token === undefined) return undefined;
      const entry = tokens.get(token);
      tokens.delete(token);
      return entry !== undefined && entry.expiresAt > clock.now() ? entry.value : undefined;
    },
    values() {
      prune(maxTokens);
      return [...tokens.values()].map(({ value }) => value);
    },
    revoke(matches) {
      for (const [token, { value }] of tokens) if (matches(value)) tokens.delete(token);
    },
  };
}
