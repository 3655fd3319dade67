// Reading a stream to its end in the background: what came, and how it ended.

export interface Collected<T> {
  readonly events: T[];
  /** Undefined where it returned, else what it threw. */
  readonly ended: Promise<unknown>;
}

export function collect<T>(stream: AsyncIterable<T>): Collected<T> {
  const events: T[] = [];
  const ended = (async () => {
    try {
      for await (const event of stream) events.push(event);
      return undefined;
    } catch (error) {
      return error;
    }
  })();
  return { events, ended };
}
