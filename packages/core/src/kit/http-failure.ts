// Names what went wrong with an HTTP exchange, without repeating anything that was sent or received.
import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import { classOfHttpStatus, parseRetryAfter } from '../errors/classify.js';
import { ProviderError, type ProviderErrorOptions } from '../errors/provider-error.js';
import type { ErrorClass, Stage } from '../spec/error.js';

/** On whose behalf something is asked for; it names the failures. */
export interface HttpTarget {
  readonly provider: string;
  readonly stage: Stage;
}

/** A status outside 200–299, with what came of its body (at most 64 KiB). */
export interface HttpRefusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an adapter may say better than the status does. Texts of the provider stay out: they may quote what was sent. */
export type RefusalDetails = Partial<
  Pick<ProviderErrorOptions, 'class' | 'code' | 'message' | 'retryAfterMs' | 'retryable'>
>;

/** The failure that a refusal is, by its status unless `details` knows better. */
export function refusalError(
  target: HttpTarget,
  { status, headers }: HttpRefusal,
  details: RefusalDetails = {},
): ProviderError {
  const reason = STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`;
  const isRedirect = status >= 300 && status < 400;
  return new ProviderError({
    class: classOfHttpStatus(status),
    message: `${target.provider} answered ${status}${reason}${isRedirect ? '; redirects are not followed' : ''}.`,
    // Dates are read against the provider's own clock: ours may differ, and only the distance counts.
    retryAfterMs: parseRetryAfter(headers['retry-after'], () => Date.parse(headers.date ?? '')),
    ...details,
    ...target,
    status,
  });
}

/**
 * A connection that failed. Node's own error is not kept as the cause: parse errors carry the bytes that were read, and
 * address errors the URL.
 */
export function connectionError(target: HttpTarget, error: unknown, happened: string): ProviderError {
  const code = codeOf(error);
  return new ProviderError({
    ...target,
    class: classOfNodeCode(code),
    message: `${target.provider}: ${happened}${code === undefined ? '' : ` (${code})`}.`,
  });
}

/** A message that came, and can't be what the protocol promises. */
export function protocolError(target: HttpTarget, happened: string): ProviderError {
  return new ProviderError({ ...target, class: 'protocol', message: `${target.provider} ${happened}.` });
}

export function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

function classOfNodeCode(code: string | undefined): ErrorClass {
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code?.startsWith('HPE_')) return 'protocol';
  if (code?.startsWith('ERR_INVALID')) return 'invalid_request';
  return 'unavailable';
}
