// `npm run check`: everything CI runs, as named steps. `npm run check -- lint types` runs those alone.
import { rmSync } from 'node:fs';
import { buildAll } from './build.mjs';
import { checkSnippets } from './docs-snippets.mjs';
import { checkImportCost } from './import-cost.mjs';
import { checkFaults } from './lib/faults.mjs';
import { findNode24 } from './lib/node24.mjs';
import {
  checkCommands,
  checkCoreSize,
  checkImports,
  checkTypes,
  installAll,
  packAll,
} from './lib/packed.mjs';
import { runTool } from './lib/run.mjs';
import { runTests } from './lib/run-tests.mjs';
import { buildIfNeeded, installIfNeeded, requireNode } from './lib/set-up.mjs';
import { createSteps } from './lib/steps.mjs';
import { listPublished } from './lib/workspaces.mjs';

const steps = createSteps();

const checks = {
  format: () => runTool('prettier', ['--check', '.']).then(nothing),
  lint: () => runTool('eslint', ['.', '--max-warnings', '0']).then(nothing),
  types: async () => {
    await runTool('typescript', ['-p', 'tsconfig.json']);
    await runTool('typescript', ['-p', 'tsconfig.browser.json']);
  },
  docs: checkSnippets,
  tests: async () => {
    await buildIfNeeded();
    return runTests(steps);
  },
  faults: checkFaults,
  'kit on Node 24': async () => {
    const options = { args: ['packages/core/src/kit'], node: await findNode24(), label: 'kit on Node 24' };
    return runTests(steps, options);
  },
  build: buildAll,
  publint: () => forEachPackage((folder) => runTool('publint', ['--strict', folder])),
  'types as published': () =>
    forEachPackage((folder) =>
      runTool('@arethetypeswrong/cli', ['--pack', folder, '--profile', 'esm-only', '--no-emoji']),
    ),
  'unused code': () => runTool('knip', ['--no-progress', '--no-config-hints']).then(nothing),
  'import cost': checkImportCost,
  'packed packages': checkPacked,
};

function nothing() {}

async function forEachPackage(work) {
  const published = listPublished();
  for (const { folder } of published) await work(folder);
  return `${published.length} packages`;
}

async function checkPacked() {
  const archives = await packAll();
  await steps.step('core alone', () => checkCoreSize(archives));
  const project = await installAll(archives);
  await steps.step('types in an empty project', () => checkTypes(project));
  await steps.step('imports in an empty project', () => checkImports(project, process.execPath));
  await steps.step('commands in an empty project', () => checkCommands(project, process.execPath));
  await steps.step('imports on Node 24', async () => checkImports(project, await findNode24()));
  rmSync(project, { recursive: true });
  return `${Object.keys(archives).length} packages installed`;
}

requireNode();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}. There are: ${Object.keys(checks).join(', ')}.`);
  process.exit(1);
}
if (await steps.step('dependencies', installIfNeeded)) {
  for (const name of wanted.length > 0 ? wanted : Object.keys(checks)) await steps.step(name, checks[name]);
}
steps.finish();
