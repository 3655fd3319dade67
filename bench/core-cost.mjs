// What core costs before a call: its size as installed, and the time it takes to import.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './marks.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));

/** Core's built files and its dependencies, theirs included, as they are on disk. */
function installedMb() {
  const seen = new Set();
  const add = (name) => {
    const folder = join(root, 'node_modules', name);
    if (seen.has(name) || !existsSync(folder)) return;
    seen.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) add(dependency);
  };
  const { dependencies } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'));
  for (const dependency of Object.keys(dependencies)) add(dependency);
  const folders = [
    join(root, 'packages/core/dist'),
    ...[...seen].map((name) => join(root, 'node_modules', name)),
  ];
  return folders.reduce((sum, folder) => sum + sizeOf(folder), 0) / 1e6;
}

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

async function importTime(statement) {
  const script = `const began = performance.now(); ${statement}; console.log(performance.now() - began)`;
  const times = [];
  for (let round = 0; round < 7; round += 1) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
    times.push(Number(stdout));
  }
  return median(times);
}

export async function measureCore() {
  return {
    installMb: installedMb(),
    importMs: await importTime("await import('@voicewire/core')"),
    importBareMs: await importTime("await import('node:path')"),
  };
}
