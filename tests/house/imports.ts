// Which way imports go (style.md, section 3): between core's folders, and between packages.
import { posix } from 'node:path';
import {
  adapterOf,
  type Files,
  importsOf,
  isFake,
  isShipped,
  packageOf,
  readManifests,
  type Rule,
} from './tree.js';

/** A vendor that speaks another's dialect imports that package's `./dialect`: dependent first. */
export const dialectPairs: readonly (readonly [string, string])[] = [];

const base = ['spec', 'errors', 'audio', 'clock'];

/** What each folder of core may import besides itself. */
const coreFolders: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  errors: ['spec'],
  audio: ['spec', 'errors'],
  clock: ['spec', 'errors'],
  kit: base,
  resilience: [...base, 'kit'],
  turn: base,
  call: [...base, 'kit', 'resilience', 'turn'],
  registry: [...base, 'kit', 'resilience', 'turn', 'call'],
  mount: [...base, 'kit', 'resilience', 'turn', 'call', 'registry'],
  'adapter.ts': [...base, 'kit'],
  'disk.ts': [...base, 'kit', 'resilience', 'turn', 'call'],
  'index.ts': [...base, 'kit', 'resilience', 'turn', 'call', 'registry', 'mount', 'adapter.ts'],
};

/** Inside core each folder knows only those below it. */
export const coreImportsGoDown: Rule = (files) =>
  shippedImports(files, /^packages\/core\/src\//).flatMap(({ path, specifier }) => {
    if (!specifier.startsWith('.')) return [];
    const from = coreFolder(path);
    const to = coreFolder(posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'));
    const allowed = coreFolders[from];
    if (allowed === undefined) return [`${path}: core has no folder ${from}`];
    return from === to || allowed.includes(to) ? [] : [`${path}: ${from} must not import ${to}`];
  });

function coreFolder(path: string): string {
  return path.split('/')[3] ?? '';
}

/** Core knows no other package of ours; only `disk.ts` touches files. */
export const coreStandsAlone: Rule = (files) =>
  shippedImports(files, /^packages\/core\/src\//).flatMap(({ path, specifier }) => {
    if (specifier.startsWith('@voicewire/')) return [`${path}: core must not import ${specifier}`];
    const isFileSystem = /^(node:)?fs(\/|$)/.test(specifier);
    return isFileSystem && !path.endsWith('/src/disk.ts')
      ? [`${path}: only disk.ts may use ${specifier}`]
      : [];
  });

/** An adapter imports core's `./adapter`; testing only in its fake; another adapter only as a listed dialect. */
export const adaptersImportTheKit: Rule = (files) =>
  shippedImports(files, /^packages\//).flatMap(({ path, specifier }) => {
    const adapter = adapterOf(path);
    if (adapter === undefined || !specifier.startsWith('@voicewire/')) return [];
    if (specifier === '@voicewire/core/adapter') return [];
    if (specifier === '@voicewire/testing' && isFake(path)) return [];
    const isDialect = dialectPairs.some(
      ([dependent, other]) => dependent === adapter.folder && specifier === `@voicewire/${other}/dialect`,
    );
    return isDialect ? [] : [`${path}: an adapter must not import ${specifier}`];
  });

/** Testing knows core and no vendor; in the reference server one file names the adapters. */
export const adaptersAreNamedOnce: Rule = (files) =>
  [...files].flatMap(([path, text]) => {
    const isTesting = path.startsWith('packages/testing/src/') && isShipped(path);
    const isServer = /^examples\/reference-server\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts');
    if (!isTesting && (!isServer || path.endsWith('/src/adapters.ts'))) return [];
    return importsOf(path, text)
      .filter(({ specifier }) => /^@voicewire\/(stt|tts|llm|telephony)-/.test(specifier))
      .map(({ specifier }) => `${path}: must not import the adapter ${specifier}`);
  });

/** What a package imports it declares, and an adapter needs at most one client library. */
export const importsAreDeclared: Rule = (files) => {
  const manifests = readManifests(files);
  const undeclared = shippedImports(files, /^packages\//).flatMap(({ path, specifier, isType }) => {
    const folder = path.split('/')[1] ?? '';
    const manifest = manifests.get(folder);
    const name = packageOf(specifier);
    if (manifest === undefined || name === undefined || name === manifest.name) return [];
    const declared = {
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...(isType && manifest.devDependencies),
    };
    const isBundled = folder === 'dashboard' && manifest.devDependencies?.[name] !== undefined;
    return name in declared || isBundled ? [] : [`${path}: ${name} is not in the dependencies of ${folder}`];
  });
  return [...undeclared, ...[...manifests].flatMap(([folder, manifest]) => tooManyClients(folder, manifest))];
};

function tooManyClients(
  folder: string,
  manifest: { readonly dependencies?: Readonly<Record<string, string>> },
) {
  const adapter = adapterOf(`packages/${folder}/`);
  if (adapter === undefined) return [];
  const common = ['zod', ...(adapter.kind === 'telephony' ? ['libphonenumber-js'] : [])];
  const clients = Object.keys(manifest.dependencies ?? {}).filter(
    (name) => !common.includes(name) && !name.startsWith('@voicewire/'),
  );
  return clients.length > 1
    ? [`packages/${folder}: one client library is enough, not ${clients.join(', ')}`]
    : [];
}

function shippedImports(files: Files, where: RegExp) {
  return [...files]
    .filter(([path]) => where.test(path) && isShipped(path))
    .flatMap(([path, text]) => importsOf(path, text).map((line) => ({ path, ...line })));
}
