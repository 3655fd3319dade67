// Newline-delimited JSON out of a stream of bytes.
import { protocolError, type HttpTarget } from './http-failure.js';
import { parseJson } from './http-json.js';

export interface NdjsonOptions extends HttpTarget {
  /** Default 1 MiB; a longer line is a `protocol` failure. */
  readonly maxLineChars?: number | undefined;
}

const defaultMaxLineChars = 1024 * 1024;

/**
 * The value of each line in the order they came; blank lines are skipped and the last one needs no line break. A line
 * that is no JSON is a `ProviderError` of class `protocol`. Whether the end was due is for the adapter to know.
 */
export async function* parseNdjson(
  chunks: AsyncIterable<Uint8Array>,
  options: NdjsonOptions,
): AsyncGenerator {
  const maxLineChars = options.maxLineChars ?? defaultMaxLineChars;
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseJson(line, options);
    if (pending.length > maxLineChars) {
      throw protocolError(options, `sent a line of more than ${maxLineChars} characters`);
    }
  }
  pending += decoder.decode();
  if (pending.trim() !== '') yield parseJson(pending, options);
}
