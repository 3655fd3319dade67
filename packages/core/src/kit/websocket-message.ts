// Reads a provider's JSON message within limits. What can't be read is a failure, and never quoted: it may be a transcript.
import { protocolError, type HttpTarget } from './http-failure.js';
import { parseJson } from './http-json.js';

/** No provider nests deeper; beyond it, walking a value could exhaust the stack. */
const maxDepth = 32;

/** The message as data still to be checked. Throws `ProviderError` (`protocol`) for anything but JSON of sane depth. */
export function readJsonMessage(data: Uint8Array | string, owner: HttpTarget): unknown {
  const text =
    typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  const message = parseJson(text, owner);
  if (!isShallow(message, maxDepth))
    throw protocolError(owner, `sent a message nested deeper than ${maxDepth} levels`);
  return message;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
