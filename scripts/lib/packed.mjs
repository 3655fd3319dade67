// The packages as a user gets them: packed, installed into an empty project, type-checked, imported.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root, run, runNpm, runTool } from './run.mjs';
import { listPublished } from './workspaces.mjs';

const coreLimitMb = 10;

/** Packs every published package with the licence beside it; returns the archives by package name. */
export async function packAll() {
  const destination = join(root, '.cache/packed');
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination, { recursive: true });
  const archives = {};
  for (const { folder, manifest } of listPublished()) {
    cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    const output = await runNpm(['pack', '--silent', '--pack-destination', destination], { cwd: folder });
    archives[manifest.name] = join(destination, output.trim().split('\n').at(-1));
  }
  return archives;
}

/** Core alone in an empty project: how many megabytes that takes. Throws beyond the limit. */
export async function checkCoreSize(archives) {
  const project = await createProject({ '@voicewire/core': archives['@voicewire/core'] });
  const megabytes = folderSize(join(project, 'node_modules')) / 1e6;
  rmSync(project, { recursive: true });
  const said = `${megabytes.toFixed(1)} MB with dependencies`;
  if (megabytes > coreLimitMb) throw new Error(`core takes ${said}, more than ${coreLimitMb} MB`);
  return said;
}

/** An empty project with everything in it, and the README's code. */
export async function installAll(archives) {
  const types = JSON.parse(readFileSync(join(root, 'node_modules/@types/node/package.json'), 'utf8')).version;
  const project = await createProject({ ...archives, '@types/node': types });
  for (const file of readmePieces()) cpSync(join(root, file), join(project, basename(file)));
  return project;
}

async function createProject(dependencies) {
  const project = mkdtempSync(join(tmpdir(), 'voicewire-packed-'));
  const file = (archive) => (archive.endsWith('.tgz') ? `file:${archive}` : archive);
  const entries = Object.entries(dependencies).map(([name, archive]) => [name, file(archive)]);
  const manifest = { private: true, type: 'module', dependencies: Object.fromEntries(entries) };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  await runNpm(['install', '--prefer-offline', '--loglevel=error'], { cwd: project });
  return project;
}

/** The files that README.md includes whole. */
function readmePieces() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return [...readme.matchAll(/<!-- snippet: ([^\s#]+\.ts) -->/g)].map((match) => match[1]);
}

/** Type-checks the README's code and every declaration we ship, with module resolution as Node does it. */
export async function checkTypes(project) {
  const imports = entriesOf().map(({ entry }, index) => `import * as entry${index} from '${entry}';`);
  const uses = imports.map((_, index) => `entry${index}`);
  writeFileSync(
    join(project, 'entries.ts'),
    `${imports.join('\n')}\nexport const all = [${uses.join(', ')}];\n`,
  );
  const options = { module: 'NodeNext', target: 'ES2022', strict: true, noEmit: true, skipLibCheck: true };
  const config = { compilerOptions: { ...options, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] } };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  await runTool('typescript', ['-p', project]);
  return `${uses.length} entries, ${readmePieces().length} files of the README`;
}

/** Imports every entry that a Node program may import, on the Node at `node`. */
export async function checkImports(project, node) {
  const entries = entriesOf().filter(({ forNode }) => forNode);
  const code = entries.map(({ entry }) => `await import('${entry}');`).join('\n');
  await run(node, ['--input-type=module', '--eval', code], { cwd: project });
  return `${entries.length} entries`;
}

/** Starts every command that a package installs, and asks it what it can do. */
export async function checkCommands(project, node) {
  const commands = listPublished().flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}));
  for (const command of commands)
    await run(node, [join(project, 'node_modules/.bin', command), '--help'], { cwd: project });
  return commands.join(', ');
}

/** Every typed entry of every published package. A `./client` is for web pages. */
function entriesOf() {
  return listPublished().flatMap(({ manifest }) =>
    Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([entry]) => ({ entry: manifest.name + entry.slice(1), forNode: entry !== './client' })),
  );
}

function folderSize(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}
