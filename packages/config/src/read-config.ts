// Finds and reads voicewire.config.{ts,mts,js,mjs,json,yaml,yml}, resolves references to the environment, and knows the line of every value.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from '@voicewire/core';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { importModule } from './import-module.js';
import { hideSecrets, resolveReferences, type Environment } from './references.js';

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
  /** A text with the references in place of the secrets they brought: one may stand where a name is due. */
  hide(text: string): string;
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
      message:
        found === undefined
          ? 'there is no configuration file here or above; write one, or name it with its path'
          : 'there is no such file',
      found: found ?? resolve(cwd ?? process.cwd()),
      allowed: found === undefined ? `voicewire.config.${extensions.join(', .')}` : undefined,
    });
  }
  const isCode = !/^\.(json|ya?ml)$/.test(extname(found));
  const written = isCode ? await readModule(found) : await readData(found);
  const problems: ConfigProblem[] = [];
  const secrets = new Map<string, string>();
  const config = resolveReferences(written.value, { env, problems, isCode, secrets });
  const read: ConfigFile = {
    file: found,
    directory: dirname(found),
    config,
    lineOf: written.lineOf,
    hide: (text) => hideSecrets(text, secrets),
  };
  if (problems.length > 0) throw placed(new ConfigError(problems), read);
  return read;
}

/** The same error, each problem with its file and line, and no secret. */
export function placed(error: ConfigError, { file, lineOf, hide }: ConfigFile): ConfigError {
  const problems = error.problems.map((problem) => ({
    ...problem,
    message: hide(problem.message),
    found: problem.found && hide(problem.found),
    allowed: problem.allowed && hide(problem.allowed),
    file,
    line: lineOf(problem.path ?? ''),
  }));
  // What it was made of says all of it once more, secrets included.
  const isTold = hide(error.message) === error.message;
  return new ConfigError(problems, isTold ? { cause: error } : {});
}

interface Written {
  readonly value: unknown;
  lineOf(path: string): number | undefined;
}

/** YAML 1.2 is a superset of JSON: one parser for both. */
async function readData(file: string): Promise<Written> {
  const unreadable = (found: string, line?: number, why = ''): ConfigError =>
    new ConfigError({ code: 'config.unreadable', file, line, message: `this can not be read${why}`, found });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(error instanceof Error && 'code' in error ? String(error.code) : 'no text');
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    // What follows a colon is the file's own text, which may hold anything.
    const why = `: ${error.message.replace(/[:;].*$/s, '')}`;
    throw unreadable(error.code, lines.linePos(error.pos[0]).line, why);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) throw unreadable('an empty file', undefined, '; name at least who listens');
    return { value, lineOf: (path) => lineIn(document, lines, path) };
  } catch (caught) {
    if (ConfigError.is(caught)) throw caught;
    // Aliases of aliases would fill the memory.
    const isEndless = caught instanceof Error && caught.message.startsWith('Excessive');
    throw unreadable(isEndless ? 'too many aliases' : 'an alias without its anchor');
  }
}

/** The line of the deepest part of a path that is written down: of its name, or of the item of a list. */
function lineIn({ contents }: Document, lines: LineCounter, path: string): number | undefined {
  let node: unknown = contents;
  let start: number | undefined;
  for (const [, index, name] of path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      if (pair === undefined) break;
      start = isNode(pair.key) ? pair.key.range?.[0] : start;
      node = pair.value;
    } else if (isSeq(node) && index !== undefined) {
      node = node.items[Number(index)];
      if (!isNode(node)) break;
      start = node.range?.[0] ?? start;
    } else break;
  }
  return start === undefined ? undefined : lines.linePos(start).line;
}

async function readModule(file: string): Promise<Written> {
  const module = await importModule(file, { file });
  return { value: module['config'] ?? module['default'] ?? module, lineOf: () => undefined };
}
