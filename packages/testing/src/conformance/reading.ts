// Reading a stream under test: everything it gives, how it ends, and waiting for either with a deadline.
import { createWaiting } from '../fakes/waiting.js';

export type Outcome = { readonly type: 'returned' } | { readonly type: 'threw'; readonly error: unknown };

export interface Reading<T> {
  readonly items: readonly T[];
  readonly outcome: Outcome | undefined;
  /** Resolves when `condition` holds; asked at each item and at the end. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** How it ended; rejects when it does not end in time. */
  end(): Promise<Outcome>;
}

/** Reads to the end, beginning now. */
export function readStream<T>(stream: AsyncIterable<T>, timeoutMs: number): Reading<T> {
  const items: T[] = [];
  const waiting = createWaiting();
  let outcome: Outcome | undefined;

  async function readAll(): Promise<void> {
    try {
      for await (const item of stream) {
        items.push(item);
        waiting.notify();
      }
      outcome = { type: 'returned' };
    } catch (error) {
      outcome = { type: 'threw', error };
    }
    waiting.notify();
  }
  void readAll();

  const until: Reading<T>['until'] = (condition, what) => waiting.until(condition, { what, timeoutMs });
  return {
    items,
    get outcome() {
      return outcome;
    },
    until,
    async end() {
      await until(() => outcome !== undefined, 'the end of the stream');
      return outcome ?? { type: 'returned' };
    },
  };
}
