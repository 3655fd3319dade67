// The part of JSON Schema that the API can hold an answer to.
import type { JsonSchema } from '@voicewire/core/adapter';

const enforced = /^(\$ref|\$defs|type|enum|const|format|title|properties|required|items|anyOf|allOf)$/;

/**
 * Objects are closed, as the API demands. It refuses a schema with a keyword it can't enforce, as `minimum` or `pattern`:
 * those become part of the description, for the model to read.
 */
export function toOutputSchema(schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, additionalProperties: _open, oneOf, description, ...others } = schema;
  const output: Record<string, unknown> = oneOf === undefined ? {} : { anyOf: convert('anyOf', oneOf) };
  const words: unknown[] = description === undefined ? [] : [description];
  for (const [keyword, value] of Object.entries(others)) {
    if (enforced.test(keyword)) output[keyword] = convert(keyword, value);
    else words.push(`(${keyword}: ${JSON.stringify(value)})`);
  }
  if (output['type'] === 'object') output['additionalProperties'] = false;
  return words.length > 0 ? { ...output, description: words.join(' ') } : output;
}

/** A list of schemas, schemas by name, one schema, or no schema at all. */
function convert(keyword: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => convert('items', inner));
  if (keyword === 'items') return toOutputSchema(value as JsonSchema);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, convert('items', inner)]));
}
