// A request whose whole answer is wanted at once: REST calls, batch transcription.
import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from './http-json.js';
import { openHttpStream, type HttpStreamRequest } from './http-stream.js';

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  text(): string;
  /** The body as JSON; throws a `ProviderError` of class `protocol` if it is none. */
  json(): unknown;
}

/**
 * Sends a request and resolves with the whole response of status 200–299. Throws `ProviderError` (by status, for a
 * connection that fails, for a body beyond `maxResponseBytes`) or the signal's reason. Nothing is retried.
 */
export async function sendHttpRequest(request: HttpStreamRequest): Promise<HttpResponse> {
  const { status, headers, body } = await openHttpStream(request);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return {
    status,
    headers,
    body: bytes,
    text: () => bytes.toString(),
    // A recording's transcript may have any number of words.
    json: () => parseJson(bytes.toString(), { ...request, maxValues: Infinity }),
  };
}
