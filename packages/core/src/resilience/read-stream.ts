// Reading streams that others made: once, and no longer than wanted.
import { alreadyRead } from '../errors/already-read.js';

/** An iterable with one consumer: a second one is told so. */
export function readOnce<Event>(read: () => AsyncGenerator<Event>): () => AsyncGenerator<Event> {
  let isTaken = false;
  return () => {
    if (isTaken) throw alreadyRead();
    isTaken = true;
    return read();
  };
}

/**
 * Reads until `signal` aborts; then reading ends with its reason at once, whether or not the stream heeds the signal. Each
 * result has a promise of its own, so nothing piles up on one that lives as long as the call.
 */
export async function* readUntil<Event>(
  stream: AsyncIterable<Event>,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const iterator = stream[Symbol.asyncIterator]();
  let giveUp: (reason: unknown) => void = () => undefined;
  const onAbort = (): void => {
    giveUp(signal.reason);
  };
  signal.addEventListener('abort', onAbort);
  let isOver = false;
  try {
    for (;;) {
      const result = await new Promise<IteratorResult<Event, unknown>>((resolve, reject) => {
        giveUp = reject;
        if (signal.aborted) onAbort();
        else iterator.next().then(resolve, reject);
      });
      isOver = result.done === true;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a stream that hangs would keep us, and one that fails now has nothing to tell.
    if (!isOver) iterator.return?.().then(undefined, () => undefined);
  }
}
