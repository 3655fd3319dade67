// One HTTP request up to its response's headers, over keep-alive pools that all calls of the process share.
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { codeOf, connectionError, type HttpTarget } from './http-failure.js';

export interface HttpRequest extends HttpTarget {
  readonly url: string;
  /** Default GET, or POST where there is a body. */
  readonly method?: string | undefined;
  /** Those that are undefined are left out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /**
   * Sending it twice does no harm. Only then is it sent once more, on a new connection, when a kept-alive one turns out
   * to have been closed by the peer before a single byte of the answer came. That race belongs to keeping connections
   * alive and says nothing about the provider; nothing else is ever repeated. Default: true for GET and HEAD.
   */
  readonly isIdempotent?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * An idle connection is given up after a minute, or earlier where the server's Keep-Alive header says so (which Node
 * only heeds when there is a limit of ours): boxes on the way forget quiet connections without telling either end.
 */
const pool = { keepAlive: true, timeout: 60_000 };
const httpAgent = new HttpAgent(pool);
const httpsAgent = new HttpsAgent(pool);

/**
 * Resolves when the headers are in; the caller then owns the response, and stopping it. Rejects with a `ProviderError`
 * when there is no response, or with the signal's reason. Redirects are not followed, compression is not asked for.
 */
export function exchangeHttp(request: HttpRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal.aborted) return reject(asError(signal.reason));
    let outgoing: ClientRequest;
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    const onAbort = (): void => {
      settled();
      outgoing.destroy();
      reject(asError(signal.reason));
    };
    const onResponse = (response: IncomingMessage): void => {
      settled();
      resolve(response);
    };
    const onFailure = (error: unknown): void => {
      settled();
      reject(connectionError(request, error, 'there was no answer'));
    };
    signal.addEventListener('abort', onAbort);
    try {
      outgoing = sendOnce(request, 'pooled', onResponse, (error, wasStale) => {
        if (signal.aborted) return;
        if (!wasStale || !isIdempotent(request)) return onFailure(error);
        outgoing = sendOnce(request, 'new', onResponse, onFailure);
      });
    } catch (error) {
      // Node throws here for what can't be sent at all: a URL or header with characters that have no place in it.
      onFailure(error);
    }
  });
}

type FailureListener = (error: unknown, wasStale: boolean) => void;

function sendOnce(
  request: HttpRequest,
  connection: 'pooled' | 'new',
  onResponse: (response: IncomingMessage) => void,
  onFailure: FailureListener,
): ClientRequest {
  const url = new URL(request.url);
  const isSecure = url.protocol === 'https:';
  const agent = isSecure ? httpsAgent : httpAgent;
  const outgoing = (isSecure ? requestHttps : requestHttp)(url, {
    method: methodOf(request),
    headers: definedHeaders({ 'accept-encoding': 'identity', ...request.headers }),
    agent: connection === 'pooled' ? agent : false,
  });
  let bytesBefore = 0;
  outgoing.once('socket', (socket) => {
    bytesBefore = socket.bytesRead;
  });
  outgoing.once('response', onResponse);
  // Stays to the end: an error event after the response, which tells of it itself, must not end the process.
  outgoing.on('error', (error) => {
    const hasAnswered = (outgoing.socket?.bytesRead ?? 0) > bytesBefore;
    const code = codeOf(error);
    onFailure(error, outgoing.reusedSocket && !hasAnswered && (code === 'ECONNRESET' || code === 'EPIPE'));
  });
  outgoing.end(request.body);
  return outgoing;
}

function definedHeaders(headers: Readonly<Record<string, string | undefined>>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

function isIdempotent(request: HttpRequest): boolean {
  return request.isIdempotent ?? ['GET', 'HEAD'].includes(methodOf(request));
}

function methodOf(request: HttpRequest): string {
  return request.method ?? (request.body === undefined ? 'GET' : 'POST');
}

/** A signal's reason may be anything; whoever waits gets it as it is. */
function asError(reason: unknown): Error {
  return reason as Error;
}
