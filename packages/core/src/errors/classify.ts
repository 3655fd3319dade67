// The one table from statuses to error classes, for HTTP and WebSocket, and what else tells a failure's class.
import type { ErrorClass } from '../spec/error.js';

/** HTTP statuses as providers of voice services use them. */
const httpClasses: Readonly<Record<number, ErrorClass>> = {
  400: 'invalid_request',
  401: 'auth',
  402: 'quota',
  403: 'auth',
  404: 'invalid_request',
  405: 'invalid_request',
  406: 'invalid_request',
  408: 'timeout',
  409: 'unavailable',
  410: 'invalid_request',
  413: 'invalid_request',
  415: 'invalid_request',
  422: 'invalid_request',
  425: 'unavailable',
  429: 'rate_limit',
  451: 'content',
  504: 'timeout',
  529: 'unavailable',
};

/** WebSocket close codes (RFC 6455 section 7.4.1 and the IANA registry). 1000 before we asked is a failure like any other. */
const closeClasses: Readonly<Record<number, ErrorClass>> = {
  1000: 'unavailable',
  1001: 'unavailable',
  1002: 'protocol',
  1003: 'protocol',
  1005: 'unavailable',
  1006: 'unavailable',
  1007: 'protocol',
  1008: 'auth',
  1009: 'invalid_request',
  1010: 'protocol',
  1011: 'unavailable',
  1012: 'unavailable',
  1013: 'unavailable',
  1014: 'unavailable',
  1015: 'unavailable',
};

export function classOfHttpStatus(status: number): ErrorClass {
  return (
    httpClasses[status] ?? (status >= 500 ? 'unavailable' : status >= 400 ? 'invalid_request' : 'protocol')
  );
}

/** Codes from 4000 belong to the provider: its adapter names those it knows, the rest are `unavailable`. */
export function classOfCloseCode(code: number): ErrorClass {
  return closeClasses[code] ?? 'unavailable';
}

/** The longest rest a provider may ask for; anything above, or nonsense, is ignored. */
const maxRetryAfterMs = 60_000;

/** Retry-After in seconds or as an HTTP date (RFC 9110 section 10.2.3). `nowMs` is wall time, needed for dates only. */
export function parseRetryAfter(value: string | null | undefined, nowMs: () => number): number | undefined {
  if (value === null || value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, maxRetryAfterMs) : undefined;
}
