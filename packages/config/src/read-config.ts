// Finds and reads voicewire.config.{ts,mts,js,mjs,json,yaml,yml}, resolves references to the environment, and knows the line of every value.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from '@voicewire/core';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { resolveReferences, type Environment } from './references.js';

export interface ReadConfigOptions {
  /** Default: the nearest `voicewire.config.*` from `cwd` upwards. */
  readonly file?: string | undefined;
  /** Default: the working directory. */
  readonly cwd?: string | undefined;
  /** Default: `process.env`. */
  readonly env?: Environment | undefined;
}

/** A configuration as written, references resolved, not yet checked. */
export interface ConfigFile {
  readonly file: string;
  /** What relative paths in it count from. */
  readonly directory: string;
  readonly config: unknown;
  /** The line of a value, from 1; undefined in TypeScript and JavaScript. */
  lineOf(path: string): number | undefined;
}

const extensions = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'] as const;

/** The nearest configuration file from `cwd` upwards. */
export function findConfig(cwd = process.cwd()): string | undefined {
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    for (const extension of extensions) {
      const file = join(directory, `voicewire.config.${extension}`);
      if (existsSync(file)) return file;
    }
    if (dirname(directory) === directory) return undefined;
  }
}

/** Throws a ConfigError with file, line and path for what can't be read or refers to nothing. */
export async function readConfig({
  file,
  cwd,
  env = process.env,
}: ReadConfigOptions = {}): Promise<ConfigFile> {
  const found = file === undefined ? findConfig(cwd) : resolve(cwd ?? process.cwd(), file);
  if (found === undefined || !existsSync(found)) {
    throw new ConfigError({
      code: 'config.no_file',
      message: found === undefined ? 'there is no configuration file here or above' : 'there is no such file',
      found: found ?? resolve(cwd ?? process.cwd()),
      allowed: `voicewire.config.${extensions.join(', .')}`,
    });
  }
  const written = /^\.(json|ya?ml)$/.test(extname(found)) ? await readData(found) : await readModule(found);
  const problems: ConfigProblem[] = [];
  const config = resolveReferences(written.value, env, problems);
  const read: ConfigFile = { file: found, directory: dirname(found), config, lineOf: written.lineOf };
  if (problems.length > 0) throw placed(new ConfigError(problems), read);
  return read;
}

/** The same error, each problem with its file and line. */
export function placed(error: ConfigError, { file, lineOf }: ConfigFile): ConfigError {
  const problems = error.problems.map((problem) => ({ ...problem, file, line: lineOf(problem.path ?? '') }));
  return new ConfigError(problems, { cause: error });
}

interface Written {
  readonly value: unknown;
  lineOf(path: string): number | undefined;
}

/** YAML 1.2 is a superset of JSON: one parser for both. */
async function readData(file: string): Promise<Written> {
  const lines = new LineCounter();
  const document = parseDocument(await readFile(file, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new ConfigError({
      code: 'config.unreadable',
      file,
      line,
      message: 'this can not be read',
      found: error.code,
    });
  }
  return { value: document.toJS({ maxAliasCount: 100 }), lineOf: (path) => lineIn(document, lines, path) };
}

/** The line of the deepest part of a path that is written down. */
function lineIn(document: Document, lines: LineCounter, path: string): number | undefined {
  const parts = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? name : Number(index),
  );
  for (let length = parts.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(parts.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** TypeScript needs a loader; it is loaded only when it is needed, and what changed is read anew. */
async function readModule(file: string): Promise<Written> {
  const { createJiti } = await import('jiti');
  try {
    const module = await createJiti(import.meta.url, { moduleCache: false, fsCache: false }).import<{
      readonly default?: unknown;
      readonly config?: unknown;
    }>(file);
    return { value: module.config ?? module.default ?? module, lineOf: () => undefined };
  } catch (error) {
    const found = error instanceof Error ? error.name : 'an error';
    throw new ConfigError(
      { code: 'config.unreadable', file, message: 'this module can not be loaded', found },
      { cause: error },
    );
  }
}
