// What a fresh clone needs before anything runs: the right Node, installed dependencies, built packages.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root, runNpm } from './run.mjs';
import { listWorkspaces } from './workspaces.mjs';

const minimum = [20, 19];

/** Everything a fresh clone needs to run, and the settings of `.env` where there is one. */
export async function setUp() {
  requireNode();
  await installIfNeeded();
  await buildIfNeeded();
  const settings = join(root, '.env');
  if (existsSync(settings)) process.loadEnvFile(settings);
}

/** Ends the process with a plain sentence where Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return;
  console.error(
    `Voicewire needs Node ${minimum.join('.')} or newer; this is Node ${process.versions.node}. Get one at https://nodejs.org.`,
  );
  process.exit(1);
}

/** Runs `npm ci` where node_modules is missing or is not what the lockfile says. */
export async function installIfNeeded() {
  if (isInstalled()) return;
  console.log('Installing dependencies (npm ci); the first time takes about a minute …');
  await runNpm(['ci', '--loglevel=error'], { show: true });
}

function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(installed);
  return Object.entries(wanted).every(
    ([path, { version, optional, peer, link }]) =>
      path === '' || optional || peer || (link ? present[path]?.link : present[path]?.version === version),
  );
}

function readPackages(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

/** Builds, without declarations, the packages whose output is missing or older than their sources. */
export async function buildIfNeeded() {
  const stale = listWorkspaces().filter(
    (workspace) => workspace.manifest.scripts?.build && isStale(workspace),
  );
  if (stale.length === 0) return;
  console.log(`Building ${stale.map(({ manifest }) => manifest.name).join(', ')} …`);
  // Nothing is bundled and no declarations are read, so packages need not wait for one another.
  const env = { VOICEWIRE_FAST_BUILD: '1' };
  const work = async () => {
    for (let next = stale.shift(); next; next = stale.shift()) await buildPackage(next, env);
  };
  const failed = (await Promise.allSettled(Array.from({ length: availableParallelism() }, work))).find(
    ({ status }) => status === 'rejected',
  );
  if (failed) throw failed.reason;
}

/** Runs a package's own build script, whatever that is. */
export async function buildPackage({ folder, manifest }, env = {}) {
  try {
    await runNpm(['run', '--silent', 'build'], { cwd: folder, env });
  } catch (error) {
    error.message = `${manifest.name} does not build`;
    throw error;
  }
}

function isStale({ folder }) {
  const dist = join(folder, 'dist');
  const outputs = existsSync(dist) ? filesIn(dist).filter((file) => file.endsWith('.js')) : [];
  if (outputs.length === 0) return true;
  const built = Math.min(...outputs.map(modifiedAt));
  const shared = ['tsup.base.ts', 'tsconfig.base.json', 'tsconfig.build.json'].map((file) =>
    join(root, file),
  );
  return [...sourcesOf(folder), ...shared].some((file) => modifiedAt(file) > built);
}

function sourcesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isFile()) return /\.(ts|json|html)$/.test(entry.name) ? [join(folder, entry.name)] : [];
    return ['src', 'public'].includes(entry.name) ? filesIn(join(folder, entry.name)) : [];
  });
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function modifiedAt(file) {
  return statSync(file).mtimeMs;
}
