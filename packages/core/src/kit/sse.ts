// Server-sent events out of a stream of bytes.
import { createParser } from 'eventsource-parser';
import { protocolError, type HttpTarget } from './http-failure.js';

export interface SseEvent {
  /** The `event:` field; undefined where the server names none. */
  readonly event: string | undefined;
  /** The `data:` lines, joined by line breaks. */
  readonly data: string;
}

export interface SseOptions extends HttpTarget {
  /** Default 1 MiB; a longer event is a `protocol` failure. */
  readonly maxEventChars?: number | undefined;
}

const defaultMaxEventChars = 1024 * 1024;

/** What the standard allows as a field that nobody knows; anything else is not a stream of events, or was damaged. */
const fieldName = /^[\w-]*$/;

/**
 * Events in the order they came; comments and unknown fields are skipped. An event that the end of the stream cuts off
 * is dropped, as the standard has it: whether the end was due is for the adapter to know. Leaving the loop leaves
 * `chunks`. Throws `ProviderError` of class `protocol` for an event that is too long, or a line that can be no field.
 */
export async function* parseSse(
  chunks: AsyncIterable<Uint8Array>,
  options: SseOptions,
): AsyncGenerator<SseEvent> {
  const maxBufferSize = options.maxEventChars ?? defaultMaxEventChars;
  const decoder = new TextDecoder();
  let events: SseEvent[] = [];
  let problem: string | undefined;
  const parser = createParser({
    maxBufferSize,
    onEvent: ({ event, data }) => events.push({ event, data }),
    onError: ({ type, field = '' }) => {
      if (type === 'max-buffer-size-exceeded')
        problem ??= `sent an event of more than ${maxBufferSize} characters`;
      if (type === 'unknown-field' && !fieldName.test(field))
        problem ??= 'sent something that is no event stream';
    },
  });
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const arrived = events;
    events = [];
    yield* arrived;
    if (problem !== undefined) throw protocolError(options, problem);
  }
}
