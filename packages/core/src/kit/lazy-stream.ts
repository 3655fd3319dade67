// A stream that begins when it is first read: how a request that is one answer, and not a connection, is offered.
import { BaseVoiceError } from '../errors/voice-error.js';

/**
 * `begin` runs at the first `next()`. One reader: a second iterator throws (`stream.already_read`). After an abort
 * nothing that `begin` had already made is given out any more: reading throws the signal's reason.
 */
export function createLazyStream<T>(signal: AbortSignal, begin: () => AsyncIterable<T>): AsyncIterable<T> {
  let isTaken = false;
  return {
    [Symbol.asyncIterator]() {
      if (isTaken) {
        throw new BaseVoiceError({
          code: 'stream.already_read',
          class: 'invalid_request',
          message: 'This stream is already being read. A stream has one reader: read it in one loop.',
        });
      }
      isTaken = true;
      return readUntilAborted(signal, begin);
    },
  };
}

async function* readUntilAborted<T>(signal: AbortSignal, begin: () => AsyncIterable<T>): AsyncGenerator<T> {
  signal.throwIfAborted();
  for await (const item of begin()) {
    signal.throwIfAborted();
    yield item;
  }
  signal.throwIfAborted();
}
