// A response whose body is read while it comes: bounded, stopped by its signal, every ending named.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import { createEventQueue } from './event-queue.js';
import { exchangeHttp, type HttpRequest } from './http-exchange.js';
import {
  connectionError,
  protocolError,
  refusalError,
  type HttpRefusal,
  type HttpTarget,
  type RefusalDetails,
} from './http-failure.js';

export interface HttpStreamRequest extends HttpRequest {
  /** Default 64 MiB; a longer body is a `protocol` failure. */
  readonly maxResponseBytes?: number | undefined;
  /** Reads the provider's own error body; whatever it leaves out is told by the status. */
  readonly readRefusal?: ((refusal: HttpRefusal) => RefusalDetails) | undefined;
}

export interface HttpStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * Chunks as they come, for one reader. Leaving the loop closes the connection unless everything had come. Throws
   * the signal's reason after an abort, and `ProviderError` when the connection ends before the body does.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

const defaultMaxResponseBytes = 64 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;

/** Waiting chunks at which the socket is paused; each is at most what one read of the socket gives, 64 KiB. */
const waitingChunks = 16;

/**
 * Sends a request and resolves with the response's headers once its status is 200–299; any other is a `ProviderError`
 * of the class the status has. An abort before or after that closes the connection at once. No deadlines here: core's.
 */
export async function openHttpStream(request: HttpStreamRequest): Promise<HttpStream> {
  const response = await exchangeHttp(request);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw await readRefusal(request, response);
  const body = readBody(request, response, request.maxResponseBytes ?? defaultMaxResponseBytes);
  return { status, headers: response.headers, body };
}

/** The body as a queue that pauses the socket when its reader is behind. */
export function readBody(
  request: HttpTarget & { readonly signal: AbortSignal },
  response: IncomingMessage,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const queue = createEventQueue<Uint8Array>({
    signal: request.signal,
    highWater: waitingChunks,
    onFull: () => response.pause(),
    onDrained: () => response.resume(),
    onCancel: () => release(response),
  });
  let receivedBytes = 0;
  const refuse = (happened: string): void => {
    queue.fail(protocolError(request, happened));
    response.destroy();
  };
  // Not its events: a connection that broke together with the headers has told so before anybody could listen.
  finished(response, (error) => {
    if (error === null || error === undefined) queue.finish();
    else queue.fail(connectionError(request, error, 'the connection ended in the middle of the answer'));
  });
  if (queue.isOver) release(response);
  else if (isCompressed(response)) refuse('compressed its answer, which was not asked for');
  else {
    response.on('data', (chunk: Uint8Array) => {
      receivedBytes += chunk.length;
      if (receivedBytes > maxBytes) refuse(`sent more than the allowed ${maxBytes} bytes`);
      else queue.push(chunk);
    });
  }
  return queue;
}

/** What has come whole is read out, which gives the connection back to its pool; anything else closes it. */
function release(response: IncomingMessage): void {
  if (response.complete) response.resume();
  else response.destroy();
}

function isCompressed(response: IncomingMessage): boolean {
  const encoding = response.headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}

async function readRefusal(request: HttpStreamRequest, response: IncomingMessage): Promise<unknown> {
  const status = response.statusCode ?? 0;
  const body = await readErrorText(request, response);
  const refusal: HttpRefusal = { status, headers: response.headers, body };
  return refusalError(request, refusal, request.readRefusal?.(refusal));
}

async function readErrorText(request: HttpStreamRequest, response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of readBody(request, response, maxRefusalBytes)) chunks.push(chunk);
  } catch {
    // The status already tells what matters: a cut or endless explanation of it is as good as a short one.
    request.signal.throwIfAborted();
  }
  return Buffer.concat(chunks).toString();
}
