// The repository as a map from path to text: what every rule of the house reads, and what its own tests make up.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Paths are relative to the root and use `/`. */
export type Files = ReadonlyMap<string, string>;

/** A rule of the house: one line for each thing that breaks it. */
export type Rule = (files: Files) => readonly string[];

const ignoredFolders = new Set(['node_modules', 'dist', 'coverage']);
const textFile =
  /\.(ts|tsx|mjs|js|cjs|json|md|ya?ml|html|css|txt|toml|xml)$|(^|\/)(LICENSE|NOTICE|run|\.(?!env$)[a-z.]+)$/;

/** All text files of the repository that are ours: nothing installed, built or hidden except what CI reads. */
export function readTree(root: string): Files {
  const files = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isHidden = entry.name.startsWith('.') && !['.ci', '.github', '.changeset'].includes(entry.name);
        if (!ignoredFolders.has(entry.name) && !isHidden) visit(path);
      } else if (textFile.test(path)) {
        files.set(path, readFileSync(join(root, path), 'utf8'));
      }
    }
  };
  visit('');
  return files;
}

export function isSource(path: string): boolean {
  return /\.(ts|tsx|mjs)$/.test(path) && !path.includes('/__fixtures__/');
}

/** Code that users install: a package's `src` without its tests. */
export function isShipped(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path) && isSource(path) && !/\.test\.tsx?$/.test(path);
}

/** An adapter's fake of its provider, in one file or several. */
export function isFake(path: string): boolean {
  return /\/src\/fake(-[a-z0-9-]+)?\.ts$/.test(path);
}

export const adapterKinds = ['stt', 'tts', 'llm', 'telephony'] as const;

/** `packages/stt-acme/src/x.ts` is in the adapter `{ folder: 'stt-acme', kind: 'stt', provider: 'acme' }`. */
export function adapterOf(path: string): { folder: string; kind: string; provider: string } | undefined {
  const match = /^packages\/((stt|tts|llm|telephony)-([^/]+))\//.exec(path);
  return match ? { folder: match[1] ?? '', kind: match[2] ?? '', provider: match[3] ?? '' } : undefined;
}

/** The fields of a package.json that rules read. */
export interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly files?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly repository?: { readonly directory?: string };
  readonly exports?: Readonly<
    Record<string, { readonly types?: string; readonly default?: string } | string>
  >;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The manifests under `packages/`, by folder name. */
export function readManifests(files: Files): ReadonlyMap<string, Manifest> {
  const manifests = new Map<string, Manifest>();
  for (const [path, text] of files) {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    if (folder !== undefined) manifests.set(folder, JSON.parse(text) as Manifest);
  }
  return manifests;
}

const parsed = new Map<string, ts.SourceFile>();

/** The syntax tree of a source file; parsed once for all rules. */
export function parse(path: string, text: string): ts.SourceFile {
  const key = `${path}\0${text}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(key, source);
  return source;
}

/** Visits every node of a tree, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export interface ImportLine {
  readonly specifier: string;
  /** Erased at run time. */
  readonly isType: boolean;
}

/** Everything a file imports or exports from elsewhere, `import()` included. */
export function importsOf(path: string, text: string): readonly ImportLine[] {
  const imports: ImportLine[] = [];
  walk(parse(path, text), (node) => {
    const target = importTarget(node);
    if (target !== undefined && ts.isStringLiteralLike(target)) {
      imports.push({ specifier: target.text, isType: isTypeImport(node) });
    }
  });
  return imports;
}

function importTarget(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  return undefined;
}

function isTypeImport(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (!ts.isImportDeclaration(node) || node.importClause === undefined) return false;
  const { importClause } = node;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = importClause.namedBindings;
  const isNamed = importClause.name === undefined && bindings !== undefined && ts.isNamedImports(bindings);
  return isNamed && bindings.elements.every((element) => element.isTypeOnly);
}

/** `@scope/name/entry` is from the package `@scope/name`; a relative path and a `node:` module are from none. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
