// Checks what a developer wrote against an adapter's option schema, and says everything that is wrong at once.
import type * as z from 'zod';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import { closestName } from './closest-name.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Options by these names may hold a credential: only the kind of the value is told. */
const secretName = /(key|token|secret|password|credentials?|authorization|headers|cookie)$/i;

/**
 * `options` as the schema types them. Throws one `ConfigError` with every problem: its path, what was found, what is
 * allowed, and the name that was probably meant. Strings are only shown where one of a few words was expected, and
 * never under a name that may hold a secret.
 */
export function parseOptions<Schema extends z.ZodType>(
  provider: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, { provider, schema, options }));
  throw new ConfigError(problems, { provider });
}

interface Context {
  readonly provider: string;
  readonly schema: z.ZodType;
  readonly options: unknown;
}

function toProblems(issue: Issue, context: Context): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, issue.path, context));
  }
  if (issue.code === 'invalid_union') return unionProblems(issue, context);
  const value = valueAt(context.options, issue.path);
  const isMissing = value === undefined;
  return [
    {
      code: isMissing ? 'config.missing_option' : 'config.invalid_option',
      path: describePath(issue.path),
      message: `${context.provider}: ${isMissing ? 'this option is required' : describeIssue(issue)}`,
      found: isMissing ? undefined : describeValue(value, issue),
      allowed: describeAllowed(issue),
    },
  ];
}

function unknownKey(key: string, path: Path, { provider, schema }: Context): ConfigProblem {
  const allowed = keysAt(schema, path);
  const meant = closestName(key, allowed);
  return {
    code: 'config.unknown_option',
    path: describePath([...path, key]),
    message: `${provider}: there is no such option${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    allowed: allowed.length > 0 ? allowed.join(', ') : undefined,
  };
}

/** The member that fits best speaks for the union; where none was even begun, all say what they would have taken. */
function unionProblems(issue: Extract<Issue, { code: 'invalid_union' }>, context: Context): ConfigProblem[] {
  const members = issue.errors.map((issues) =>
    issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  const begun = members.filter((issues) => issues.every((inner) => inner.path.length > issue.path.length));
  const [best] = begun.sort((a, b) => a.length - b.length);
  if (best !== undefined && best.length > 0) return best.flatMap((inner) => toProblems(inner, context));
  const value = valueAt(context.options, issue.path);
  const allowed = new Set(members.flat().map(describeAllowed));
  return [
    {
      code: value === undefined ? 'config.missing_option' : 'config.invalid_option',
      path: describePath(issue.path),
      message: `${context.provider}: ${value === undefined ? 'this option is required' : 'none of the allowed forms fits'}`,
      found: value === undefined ? undefined : describeValue(value, issue),
      allowed: [...allowed].filter((text) => text !== undefined).join(' or ') || undefined,
    },
  ];
}

/** The library's own wording ("Invalid input: expected string, received number") would repeat our facts. */
function describeIssue(issue: Issue): string {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
    ? 'this value is not allowed'
    : issue.message;
}

function describeAllowed(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_format':
      return issue.format;
    default:
      return undefined;
  }
}

function describeValue(value: unknown, issue: Issue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (issue.path.some((name) => secretName.test(String(name)))) return `a ${typeof value} (not shown)`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const isWord = typeof value === 'string' && issue.code === 'invalid_value' && value.length <= 40;
  return isWord ? JSON.stringify(value) : `a ${typeof value}`.replace('a object', 'an object');
}

/** `stt[0].model`, as a developer would write it. */
function describePath(path: Path): string | undefined {
  const text = path
    .map((name) => (typeof name === 'number' ? `[${name}]` : `.${String(name)}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? undefined : text;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
    value,
  );
}

/** What of a schema's definition is needed to walk down to an object's keys. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
}

function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  const definition = schema.def as Definition;
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return keysAt(inner, path);
  const [name, ...rest] = path;
  if (name === undefined) return Object.keys(definition.shape ?? {});
  const next = definition.shape?.[String(name)] ?? definition.element ?? definition.valueType;
  return next === undefined ? [] : keysAt(next, rest);
}
