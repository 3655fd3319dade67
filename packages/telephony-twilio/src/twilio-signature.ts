// Whether a request really comes from the carrier. Pure: everything it needs is an argument.
import { createHash, timingSafeEqual } from 'node:crypto';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';

export interface SignedRequest {
  /** What the account signs with. */
  readonly key: string;
  readonly signature: string | null | undefined;
  /** The URL the carrier requested, query included. */
  readonly url: string;
}

export type SignedPost = SignedRequest & { readonly contentType: string | null; readonly body: Uint8Array };

/**
 * The parameters of a POST that is genuine, otherwise undefined. A form is signed with its parameters, anything else by the
 * hash of its bytes in the URL; a body that neither covers is refused, since anybody could have put it there.
 */
export function verifyPost(post: SignedPost): URLSearchParams | undefined {
  if (/^application\/x-www-form-urlencoded\b/i.test(post.contentType ?? '') || post.body.length === 0) {
    const parameters = new URLSearchParams(new TextDecoder().decode(post.body));
    return isSigned(post, parameters) ? parameters : undefined;
  }
  const [, claimed] = /[?&]bodySHA256=([0-9a-f]{64})(?=&|$)/i.exec(post.url) ?? [];
  const hash = createHash('sha256').update(post.body).digest();
  if (claimed === undefined || !timingSafeEqual(Buffer.from(claimed, 'hex'), hash)) return undefined;
  return isSigned(post) ? new URLSearchParams() : undefined;
}

/** The parameters of a genuine GET, which are all in its URL; otherwise undefined. */
export function verifyGet(request: SignedRequest): URLSearchParams | undefined {
  return isSigned(request) ? new URL(request.url).searchParams : undefined;
}

/** Whether the upgrade to a media socket is genuine: signed like a GET, over the `wss` URL of the instruction. */
export function isUpgradeSigned(request: SignedRequest): boolean {
  const url = request.url.replace(/^http/i, 'ws');
  if (isSigned({ ...request, url })) return true;
  // The SDK takes 80 for the standard port of wss.
  return isSigned({ ...request, url: url.replace(/^(wss:\/\/[^/?#:]+)(?=[/?#]|$)/i, '$1:443') });
}

function isSigned({ key, signature, url }: SignedRequest, parameters = new URLSearchParams()): boolean {
  if (!signature || !URL.canParse(url)) return false;
  const values = new Map<string, string[]>();
  for (const [name, value] of parameters) values.set(name, [...(values.get(name) ?? []), value]);
  // A fragment holds settings for the carrier (#rc=3); it is neither sent nor signed.
  return validateRequest(key, signature, url.replace(/#.*$/s, ''), Object.fromEntries(values));
}
