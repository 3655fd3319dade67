// How big things may be (style.md, section 9): functions, files, adapters, the reference server.
import ts from 'typescript';
import { adapterOf, type Files, isFake, isShipped, isSource, parse, type Rule, walk } from './tree.js';

const functionLimit = 80;
const fileLimit = 400;
const adapterLimits: Readonly<Record<string, number>> = { stt: 400, tts: 400, llm: 400, telephony: 1000 };
const serverLimit = 600;

/** What may be bigger, and why. A path, a path with `#function`, or an adapter's folder. */
export const exceptions: ReadonlyMap<string, string> = new Map([
  [
    'stt-assemblyai',
    'a socket that takes audio in pieces, a client that can not be stopped, a queue, tokens',
  ],
  ['tts-flite', 'no server does the work: it brings a WASI shim, a thread, and word times out of phones'],
]);

/** A function that does not fit on a screen does two things. Tests describe many and may be longer. */
export function functionsAreShort(allowed: ReadonlyMap<string, string> = exceptions): Rule {
  return (files) =>
    sources(files)
      .filter(([path]) => !path.includes('.test.'))
      .flatMap(([path, text]) => {
        const source = parse(path, text);
        const problems: string[] = [];
        walk(source, (node) => {
          if (!ts.isFunctionLike(node) || !('body' in node)) return;
          const lines = countLines(node.getText(source));
          const name = nameOf(node);
          if (lines <= functionLimit || allowed.has(`${path}#${name}`)) return;
          problems.push(`${path}: ${name} has ${lines} lines, more than ${functionLimit}`);
        });
        return problems;
      });
}

export function filesAreShort(allowed: ReadonlyMap<string, string> = exceptions): Rule {
  return (files) =>
    sources(files).flatMap(([path, text]) => {
      const lines = countLines(text);
      return lines <= fileLimit || allowed.has(path)
        ? []
        : [`${path}: has ${lines} lines, more than ${fileLimit}`];
    });
}

/** An adapter is a translation table. Its fake does not count, nor what it brings to a web page. */
export function adaptersAreSmall(allowed: ReadonlyMap<string, string> = exceptions): Rule {
  return (files) => {
    const totals = new Map<string, number>();
    for (const [path, text] of files) {
      const adapter = adapterOf(path);
      const isExtra = isFake(path) || /\/src\/(client|worklet)\//.test(path);
      if (adapter === undefined || !isShipped(path) || isExtra) continue;
      totals.set(adapter.folder, (totals.get(adapter.folder) ?? 0) + countLines(text));
    }
    return [...totals].flatMap(([folder, lines]) => {
      const limit = adapterLimits[folder.split('-')[0] ?? ''] ?? 0;
      return lines <= limit || allowed.has(folder)
        ? []
        : [`packages/${folder}: has ${lines} lines, more than ${limit}`];
    });
  };
}

/** The server is thin: what another application would want to reuse belongs in a package. */
export const serverIsThin: Rule = (files) => {
  const lines = [...files]
    .filter(([path]) => path.startsWith('examples/reference-server/src/') && !path.includes('.test.'))
    .reduce((sum, [, text]) => sum + countLines(text), 0);
  return lines <= serverLimit
    ? []
    : [`examples/reference-server/src: has ${lines} lines, more than ${serverLimit}`];
};

/** An exception that is no longer needed goes. */
export function exceptionsAreNeeded(allowed: ReadonlyMap<string, string> = exceptions): Rule {
  return (files) => {
    const none = new Map<string, string>();
    const broken = [functionsAreShort(none), filesAreShort(none), adaptersAreSmall(none)].flatMap((rule) =>
      rule(files),
    );
    return [...allowed.keys()].flatMap((key) => {
      const [path = key, name] = key.split('#');
      const isNeeded = broken.some(
        (line) =>
          line.startsWith(name === undefined ? `${path}: has` : `${path}: ${name} has`) ||
          line.startsWith(`packages/${key}: has`),
      );
      return isNeeded ? [] : [`tests/house/sizes.ts: the exception for ${key} is not needed`];
    });
  };
}

function sources(files: Files): readonly (readonly [string, string])[] {
  return [...files].filter(([path]) => isSource(path));
}

function countLines(text: string): number {
  return text.trimEnd().split('\n').length;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)
    ? parent.name.getText()
    : 'a function';
}
