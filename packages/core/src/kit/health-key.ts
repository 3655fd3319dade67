// What a provider's health is counted by: who, where, and with whose credential, without telling the credential.
import { createHash, randomBytes } from 'node:crypto';

/** New with every process, so that a key seen in a dump can't be tried against a list of credentials. */
const salt = randomBytes(16);

/**
 * `provider@origin#hash`. Equal for equal arguments within one process, and meaningless outside it.
 * Of `endpoint` only the origin is kept: paths and queries may carry tokens, so an endpoint that is no URL
 * (a region, "local") must not carry one. `credential` is empty where the provider needs none.
 */
export function healthKey(provider: string, endpoint: string, credential: string): string {
  const digest = createHash('sha256').update(salt).update(credential).digest('hex').slice(0, 12);
  return `${provider}@${originOf(endpoint)}#${digest}`;
}

function originOf(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const { origin, protocol, host } = new URL(endpoint);
  return origin === 'null' ? `${protocol}//${host}` : origin;
}
