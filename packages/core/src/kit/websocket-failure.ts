// Names what went wrong with a WebSocket: could not connect, was refused, was closed. Never a URL, a header or the peer's own words.
import type { IncomingMessage } from 'node:http';
import { classOfCloseCode, classOfHttpStatus, parseRetryAfter } from '../errors/classify.js';
import { ProviderError } from '../errors/provider-error.js';
import type { Clock } from '../spec/clock.js';
import type { ErrorClass } from '../spec/error.js';
import { codeOf, connectionError, type HttpTarget, protocolError } from './http-failure.js';

/** What the peer said when it refused the handshake or closed the connection: for the adapter's eyes. */
export type PeerVerdict =
  | { readonly kind: 'refused'; readonly status: number; readonly body: string }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string };

/** The adapter's reading of a verdict. `detail` enters the error's message: a code of the provider's, never free text. */
export interface VerdictReading {
  readonly class?: ErrorClass | undefined;
  readonly detail?: string | undefined;
}

export type ReadVerdict = (verdict: PeerVerdict) => VerdictReading | undefined;

/** A refusal's body is read so far and so long, then taken as it is. */
const maxRefusalBytes = 8 * 1024;
const refusalBodyMs = 300;

/** Reads the small body of a refused handshake, then calls back once, whatever the peer does. */
export function readRefusal(response: IncomingMessage, clock: Clock, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    clock.clearTimeout(deadline);
    done(Buffer.concat(chunks).toString('utf8', 0, maxRefusalBytes));
  };
  const deadline = clock.setTimeout(finish, refusalBodyMs);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxRefusalBytes) finish();
  });
  response.on('error', finish);
  response.on('end', finish);
}

export function refusedError(
  owner: HttpTarget,
  response: IncomingMessage,
  reading: VerdictReading | undefined,
): ProviderError {
  const status = response.statusCode ?? 0;
  const detail = reading?.detail === undefined ? '' : `, ${reading.detail}`;
  return new ProviderError({
    ...owner,
    class: reading?.class ?? classOfHttpStatus(status),
    status,
    // A date in Retry-After is meant by the peer's clock, and the peer tells its time.
    retryAfterMs: parseRetryAfter(response.headers['retry-after'], () =>
      Date.parse(response.headers.date ?? ''),
    ),
    message: `${owner.provider} refused the connection (HTTP ${status}${detail}).`,
  });
}

export function closedError(
  owner: HttpTarget,
  close: { readonly code: number; readonly isIdle: boolean; readonly reading: VerdictReading | undefined },
): ProviderError {
  const usual = close.reading?.class ?? classOfCloseCode(close.code);
  const detail = close.reading?.detail === undefined ? '' : `, ${close.reading.detail}`;
  return new ProviderError({
    ...owner,
    // Nothing was in flight: nobody's fault, unless the code says more than "gone".
    class: close.isIdle && usual === 'unavailable' ? 'idle' : usual,
    status: close.code,
    message: `${owner.provider} closed the connection before we asked (code ${close.code}${detail}).`,
  });
}

/** What Node or ws reports as an error: its code is told, its text and the bytes it may carry are not. */
export function transportError(owner: HttpTarget, error: unknown, wasOpen: boolean): ProviderError {
  const code = codeOf(error);
  // Only ws's complaints about a handshake have no code.
  if (code === undefined) return protocolError(owner, 'answered with a handshake that is none of WebSocket');
  if (code.startsWith('WS_ERR_'))
    return protocolError(owner, `sent a frame that can't be read or is too long (${code})`);
  return connectionError(owner, error, wasOpen ? 'the connection broke' : 'could not connect');
}
