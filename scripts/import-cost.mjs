// What importing core loads, against the committed list, and how long it takes. `--write` renews the list.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './lib/run.mjs';

const listFile = join(root, 'scripts/import-cost.json');
const runs = 7;

/** Throws where an entry of core loads other packages than the list says; returns the import times. */
export async function checkImportCost() {
  const list = JSON.parse(readFileSync(listFile, 'utf8'));
  const loaded = await measurePackages(Object.keys(list));
  for (const [entry, packages] of Object.entries(list)) {
    if (packages.join() === loaded[entry].join()) continue;
    throw new Error(
      `${entry} loads ${loaded[entry].join(', ') || 'nothing'}, the list says ${packages.join(', ') || 'nothing'}. ` +
        'If that is meant, run: node scripts/import-cost.mjs --write',
    );
  }
  const times = [];
  for (const entry of Object.keys(list))
    times.push(`${entry} ${(await medianImportMs(entry)).toFixed(0)} ms`);
  return times.join(', ');
}

async function measurePackages(entries) {
  const program = join(root, 'scripts/lib/loaded-modules.mjs');
  const loaded = {};
  for (const entry of entries) {
    loaded[entry] = JSON.parse(await run(process.execPath, [program, distUrl(entry)]));
  }
  return loaded;
}

/** The time of the import alone, without starting Node. */
async function medianImportMs(entry) {
  const code = `const t = performance.now(); await import(${JSON.stringify(distUrl(entry))}); console.log(performance.now() - t);`;
  const times = [];
  for (let index = 0; index < runs; index += 1) {
    times.push(Number(await run(process.execPath, ['--input-type=module', '--eval', code])));
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)];
}

/** `core`, `core/adapter` … as the built file; its own dependencies are found from there. */
function distUrl(entry) {
  const name = entry.split('/')[1] ?? 'index';
  return pathToFileURL(join(root, `packages/core/dist/${name}.js`)).href;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--write')) {
    const entries = Object.keys(JSON.parse(readFileSync(listFile, 'utf8')));
    const loaded = Object.entries(await measurePackages(entries));
    const lines = loaded.map(
      ([entry, names]) => `  "${entry}": [${names.map((name) => `"${name}"`).join(', ')}]`,
    );
    writeFileSync(listFile, `{\n${lines.join(',\n')}\n}\n`);
  }
  console.log(await checkImportCost());
}
