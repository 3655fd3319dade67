// JSON from a provider, or a failure that does not quote it.
import { protocolError, type HttpTarget } from './http-failure.js';

/** The value `text` stands for; throws a `ProviderError` of class `protocol` if it is no JSON. */
export function parseJson(text: string, target: HttpTarget): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message is not passed on: it quotes the text it stumbled over.
    throw protocolError(target, 'sent a message that is not JSON');
  }
}
