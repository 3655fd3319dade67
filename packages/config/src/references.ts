// `${NAME}` and `${NAME:-default}` in configuration values, and no secret that is written down.
import type { ConfigProblem } from '@voicewire/core';

export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Options of adapters that hold credentials, by the names all of ours use. */
const secretName = /(apiKey|authToken|accessToken|token|secret|password|credentials?)$/i;

/** A copy with every reference resolved; what is wrong goes into `problems`. */
export function resolveReferences(
  value: unknown,
  env: Environment,
  problems: ConfigProblem[],
  path = '',
): unknown {
  if (typeof value === 'string') return resolveText(value, env, problems, path);
  if (Array.isArray(value))
    return value.map((item, index) => resolveReferences(item, env, problems, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      resolveReferences(item, env, problems, path === '' ? name : `${path}.${name}`),
    ]),
  );
}

function resolveText(text: string, env: Environment, problems: ConfigProblem[], path: string): string {
  if (secretName.test(path) && text !== '' && !/^\$\{[^}]+\}$/.test(text)) {
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
    if (value !== undefined && value !== '') return value;
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
