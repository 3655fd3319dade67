// Who is let in: what a request is met with before its conversation is opened.
import type { DialectBasics, FakeRequest, Refusal } from './dialects.js';
import type { Misbehaviour } from './misbehaviour.js';

export type Admission =
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** Never answered. */
  | { readonly type: 'unanswered' }
  /** Let in, then told on the socket that the key is wrong. */
  | { readonly type: 'unauthorized' }
  | { readonly type: 'admitted' };

export interface AdmissionInput {
  readonly dialect: DialectBasics;
  readonly request: FakeRequest;
  readonly misbehaviours: readonly Misbehaviour[];
  readonly apiKey: string;
  readonly isFull: boolean;
}

/** Faults come before credentials, credentials before limits. */
export function admit({ dialect, request, misbehaviours, apiKey, isFull }: AdmissionInput): Admission {
  function refused(status: number, headers?: Readonly<Record<string, string>>): Admission {
    const own = dialect.refusal?.(status);
    return {
      type: 'refused',
      refusal: { status, body: own?.body, headers: { ...own?.headers, ...headers } },
    };
  }

  for (const misbehaviour of misbehaviours) {
    if (misbehaviour.type === 'black-hole') return { type: 'unanswered' };
    if (misbehaviour.type === 'empty-200') return { type: 'refused', refusal: { status: 200, body: '' } };
    if (misbehaviour.type !== 'refuse') continue;
    const { status, retryAfterMs } = misbehaviour;
    return refused(status, retryAfterMs === undefined ? {} : { 'retry-after': String(retryAfterMs / 1000) });
  }
  if (dialect.credential !== undefined && dialect.credential(request) !== apiKey) {
    return dialect.unauthorizedClose === undefined ? refused(401) : { type: 'unauthorized' };
  }
  return isFull ? refused(429) : { type: 'admitted' };
}
