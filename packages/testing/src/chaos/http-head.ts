// Heads of HTTP messages on their way through: as they came, but for what belongs to one connection only.
import type { IncomingMessage, RequestOptions } from 'node:http';

/** Header lines as Node gives them: names and values in turn. */
type RawHeaders = readonly string[];

/** `added` takes the place of headers by the same names; those named in `left` are left out. */
function changedHeaders(raw: RawHeaders, added: RawHeaders, left: readonly string[] = []): string[] {
  const replaced = new Set([...left, ...added.filter((_, index) => index % 2 === 0)]);
  const kept = raw.filter((_, index) => !replaced.has((raw[index - (index % 2)] ?? '').toLowerCase()));
  return [...kept, ...added];
}

/** Of an answer whose body is sent on in chunks or pieces of ours. */
export function forwardedHeaders(response: IncomingMessage, left: readonly string[] = []): string[] {
  return changedHeaders(response.rawHeaders, [], ['connection', 'keep-alive', 'transfer-encoding', ...left]);
}

/** The same request to `target`, on a connection of its own: a pooled one could fail by itself. */
export function forwardedRequest(
  request: IncomingMessage,
  target: URL,
  left: readonly string[],
): RequestOptions {
  // As if there were no proxy; and bodies that can be read on the way.
  const own = ['host', target.host, 'accept-encoding', 'identity'];
  return {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: changedHeaders(request.rawHeaders, own, left),
    agent: false,
  };
}

/** The head as it stands on the wire. */
export function headText(response: IncomingMessage, added: RawHeaders): string {
  const headers = changedHeaders(response.rawHeaders, added, added.length > 0 ? ['transfer-encoding'] : []);
  const lines = headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
  return `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n${lines.join('')}\r\n`;
}
