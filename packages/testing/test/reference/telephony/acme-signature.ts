// Acme signs the address and the raw body with the key: HMAC-SHA-256, as hex. Pure; checked before anything is parsed.
import { constantTimeEqual, hmac, ProviderError } from '@voicewire/core/adapter';

export const signatureHeader = 'x-acme-signature';

export function sign(apiKey: string, url: string, body: Uint8Array): string {
  const data = Buffer.concat([Buffer.from(url), body]);
  return hmac({ algorithm: 'sha256', key: apiKey, data, encoding: 'hex' });
}

/** Throws `auth` for a signature that is missing or wrong. */
export function checkSignature(
  apiKey: string,
  url: string,
  body: Uint8Array,
  signature: string | undefined,
): void {
  if (signature !== undefined && constantTimeEqual(signature, sign(apiKey, url, body))) return;
  const message =
    signature === undefined
      ? 'A request to us carries no signature.'
      : 'A request to us carries a wrong signature.';
  throw new ProviderError({ class: 'auth', provider: 'acme', stage: 'telephony', message });
}
