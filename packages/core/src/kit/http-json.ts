// JSON from a provider, or a failure that does not quote it.
import { protocolError, type HttpTarget } from './http-failure.js';

export interface JsonOptions extends HttpTarget {
  /** More are a `protocol` failure, before they are read. Default 20,000. */
  readonly maxValues?: number | undefined;
}

/**
 * Far beyond what a provider says at once. A few megabytes of brackets take the parser half a second, and their faults
 * a schema seconds to list: every call of the process would wait.
 */
const defaultMaxValues = 20_000;

/** The value `text` stands for; throws a `ProviderError` of class `protocol` if it is no JSON or has too many values. */
export function parseJson(text: string, { maxValues = defaultMaxValues, ...target }: JsonOptions): unknown {
  if (hasMoreValues(text, maxValues))
    throw protocolError(target, `sent a message of more than ${maxValues} values`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message is not passed on: it quotes the text it stumbled over.
    throw protocolError(target, 'sent a message that is not JSON');
  }
}

/** An upper bound: commas and brackets inside strings count too. */
function hasMoreValues(text: string, limit: number): boolean {
  let count = 0;
  for (const opener of ['[', '{', ',']) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}
