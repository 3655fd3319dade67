// A fetch to hand to a vendor's client library: the kit's connections, its typed failures, its ending on abort.
import type { IncomingHttpHeaders } from 'node:http';
import { ReadableStream } from 'node:stream/web';
import type { HttpTarget } from './http-failure.js';
import { openHttpStream, type HttpStreamRequest } from './http-stream.js';

/** What holds for every request of the client the fetch is given to. */
export interface HttpFetchOptions
  extends HttpTarget, Pick<HttpStreamRequest, 'isIdempotent' | 'maxResponseBytes' | 'readRefusal'> {
  /** Takes the place of the signals that the library passes; for those that pass none, or their own. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Like the global `fetch`, but a status outside 200–299 rejects too, with the `ProviderError` it stands for: a library
 * that turns statuses into errors of its own passes it on or keeps it as the cause. Redirects are refused. Bodies to
 * send are read whole first. On Node 20 the global `fetch` can leave a read pending for ever after an abort; this can not.
 */
export function createHttpFetch(options: HttpFetchOptions): typeof fetch {
  return async (input, init) => {
    const outgoing = new Request(input, init);
    const content = new Uint8Array(await outgoing.arrayBuffer());
    const { status, headers, body } = await openHttpStream({
      isIdempotent: options.isIdempotent,
      maxResponseBytes: options.maxResponseBytes,
      readRefusal: options.readRefusal,
      provider: options.provider,
      stage: options.stage,
      url: outgoing.url,
      method: outgoing.method,
      headers: Object.fromEntries(outgoing.headers),
      body: content.length > 0 ? content : undefined,
      signal: options.signal ?? outgoing.signal,
    });
    // Node's stream and the browser's library type are the same thing by two names.
    const stream = ReadableStream.from<Uint8Array>(body) as ConstructorParameters<typeof Response>[0];
    return new Response(mayHaveBody(status) ? stream : null, {
      status,
      headers: toWebHeaders(headers),
    });
  };
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205;
}

function toWebHeaders(headers: IncomingHttpHeaders): Headers {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((line): [string, string] => [name, line]),
  );
  return new Headers(lines);
}
