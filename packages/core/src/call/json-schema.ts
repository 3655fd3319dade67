// JSON Schema and validation from whatever schema library a tool's author uses.
import { ConfigError } from '../errors/config-error.js';
import type { JsonSchema } from '../spec/llm.js';

/** The part of Standard Schema (https://standardschema.dev) that is used here; zod 4, valibot, arktype have it. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => ValidationResult<Output> | Promise<ValidationResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    readonly jsonSchema?:
      { readonly input: (options: { readonly target: string }) => JsonSchema } | undefined;
  };
}

type ValidationResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly unknown[] | undefined;
      }[];
    };

export type OutputOf<Schema> = Schema extends StandardSchema<infer Output> ? Output : never;

/** A value that fits, or what is wrong with it in words a model can act on. */
export type Validated<Output> =
  { readonly ok: true; readonly value: Output } | { readonly ok: false; readonly problem: string };

/** The schema's own converter, else its `toJSONSchema` method, else a ConfigError. */
export function toJsonSchema(
  schema: StandardSchema,
  explicit: JsonSchema | undefined,
  path: string,
): JsonSchema {
  if (explicit !== undefined) return explicit;
  const problem = (what: string): ConfigError =>
    new ConfigError({
      code: 'config.json_schema',
      path,
      message: `this schema (${schema['~standard'].vendor}) ${what}: add a "jsonSchema" field beside it`,
    });
  const convert = converterOf(schema);
  if (convert === undefined) throw problem("can't say its own JSON Schema");
  try {
    return withoutDialect(convert());
  } catch {
    throw problem('holds something that JSON Schema has no words for');
  }
}

function converterOf(schema: StandardSchema): (() => JsonSchema) | undefined {
  const own = schema['~standard'].jsonSchema;
  if (own !== undefined) return () => own.input({ target: 'draft-2020-12' });
  if (!('toJSONSchema' in schema) || typeof schema.toJSONSchema !== 'function') return undefined;
  const { toJSONSchema } = schema as { toJSONSchema(): JsonSchema };
  return () => toJSONSchema.call(schema);
}

function withoutDialect({ $schema: _dialect, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

/** Never rejects: a schema that throws is a value that could not be checked. */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
): Promise<Validated<Output>> {
  try {
    const result = await schema['~standard'].validate(value);
    if (result.issues === undefined) return { ok: true, value: result.value };
    const problem = result.issues.map((issue) => describeIssue(issue.message, issue.path)).join('; ');
    return { ok: false, problem };
  } catch {
    // What a schema throws may hold the value itself.
    return { ok: false, problem: 'it could not be checked' };
  }
}

function describeIssue(message: string, path: readonly unknown[] | undefined): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((part) =>
    typeof part === 'object' && part !== null && 'key' in part ? part.key : part,
  );
  return `${keys.map(String).join('.')}: ${message}`;
}
