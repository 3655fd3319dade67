// `${NAME}` and `${NAME:-default}` in configuration values, and no secret that is written down.
import type { ConfigProblem } from '@voicewire/core';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ResolveOptions {
  readonly env: Environment;
  /** What is wrong is added here. */
  readonly problems: ConfigProblem[];
  /** The value comes from code, where `process.env.NAME` is a reference too. */
  readonly isCode: boolean;
  /** Secrets that references brought in, and the names they have in the environment, are added here. */
  readonly secrets: Map<string, string>;
}

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Options that hold credentials, by the names all of ours use. */
const secretName = /(key|token|secret|password|credentials?|authorization|cookie)(\[\d+\])?$/i;

/** A copy with every reference resolved. `around`: what the value stands in. */
export function resolveReferences(
  value: unknown,
  options: ResolveOptions,
  path = '',
  around: readonly object[] = [],
): unknown {
  if (typeof value === 'string') return resolveText(value, options, path);
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) {
    options.problems.push({ code: 'config.invalid_option', path, message: 'this is a part of itself' });
    return undefined;
  }
  const inside = [...around, value];
  if (Array.isArray(value))
    return value.map((item, index) => resolveReferences(item, options, `${path}[${index}]`, inside));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      resolveReferences(item, options, path === '' ? name : `${path}.${name}`, inside),
    ]),
  );
}

function resolveText(text: string, options: ResolveOptions, path: string): string {
  const { env, problems, secrets } = options;
  if (secretName.test(path) && isWrittenDown(text, options)) {
    problems.push({
      code: 'config.secret_literal',
      path,
      message: 'a secret is written down here; put it into the environment and refer to it',
      found: 'a text (not shown)',
      allowed: '${NAME}',
    });
  }
  return text.replace(reference, (_, name: string, fallback: string | undefined) => {
    const value = env[name];
    if (value !== undefined && value !== '') {
      if (secretName.test(name)) secrets.set(value, name);
      return value;
    }
    if (fallback !== undefined) return fallback;
    problems.push({
      code: 'config.missing_variable',
      path,
      message: `the environment variable ${name} is not set`,
      allowed: `set ${name}, or write \${${name}:-default}`,
    });
    return '';
  });
}

/** A secret is a reference, whole or after a scheme as in `Bearer ${TOKEN}`; a default would be the secret itself. */
function isWrittenDown(text: string, { env, isCode }: ResolveOptions): boolean {
  if (text === '' || (isCode && Object.values(env).includes(text))) return false;
  const references = [...text.matchAll(reference)];
  const hasDefault = references.some(([, , fallback = '']) => fallback !== '');
  return hasDefault || references.length === 0;
}

/** Shorter ones would be found in any text. */
const minSecretLength = 6;

/** A text without these secrets: the references that brought them stand in their place. */
export function hideSecrets(text: string, secrets: ReadonlyMap<string, string>): string {
  return [...secrets]
    .filter(([secret]) => secret.length >= minSecretLength)
    .reduce((shown, [secret, name]) => shown.replaceAll(secret, `\${${name}}`), text);
}
