// Whether a request really comes from Acme. Pure: everything it needs is an argument.
import { constantTimeEqual, hmac, ProviderError } from '@voicewire/core/adapter';

export interface SignedRequest {
  readonly key: string;
  readonly signature: string | null | undefined;
  /** The URL that Acme was given. */
  readonly url: string;
  /** As it came, before anything is parsed; empty for an upgrade. */
  readonly body: string;
}

/** Acme signs the URL and the raw body after it. Throws a ProviderError of class `auth`. */
export function verifySignature({ key, signature, url, body }: SignedRequest): void {
  if (
    constantTimeEqual(signature ?? '', hmac({ algorithm: 'sha256', key, data: url + body, encoding: 'hex' }))
  )
    return;
  throw new ProviderError({
    provider: 'acme',
    stage: 'telephony',
    class: 'auth',
    status: 403,
    message:
      'A request without a fitting acme signature was refused. If it was genuine, this application has another public URL or signing key than acme.',
  });
}
