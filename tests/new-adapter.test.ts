// `npm run new-adapter` gives a package of each kind that is green, typed and in shape before anybody has touched it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adaptersHaveAPage, errorsAreDocumented } from './house/docs.js';
import { adaptersImportTheKit, importsAreDeclared } from './house/imports.js';
import { packagesAreComplete, packagesShareOneCore } from './house/shape.js';
import { adaptersAreSmall } from './house/sizes.js';
import { readTree } from './house/tree.js';
import { textsBelongNowhere } from './house/words.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = promisify(execFile);
const kinds = ['stt', 'tts', 'llm', 'telephony'];
const provider = 'zeta-voice';

/** A repository in which the new packages are the only ones of their own; the rest is linked. */
let copy = '';

beforeAll(async () => {
  copy = await realpath(await mkdtemp(join(tmpdir(), 'voicewire-new-adapter-')));
  await mkdir(join(copy, 'packages'));
  for (const path of ['node_modules', 'packages/core', 'packages/testing']) {
    await symlink(join(root, path), join(copy, path));
  }
  for (const path of ['package.json', 'vitest.config.ts', 'tsconfig.base.json', 'tsup.base.ts']) {
    await cp(join(root, path), join(copy, path));
  }
  const tsconfig = { extends: './tsconfig.base.json', include: [`packages/*-${provider}/**/*.ts`] };
  await writeFile(join(copy, 'tsconfig.json'), JSON.stringify(tsconfig));
  for (const kind of kinds) {
    await run(process.execPath, [join(root, 'scripts/new-adapter.mjs'), kind, provider, '--into', copy]);
  }
}, 180_000);

afterAll(() => rm(copy, { recursive: true }));

test('nothing of the template is left', () => {
  const files = [...readTree(copy)].filter(([path]) => path.includes(provider));
  expect(files.length).toBeGreaterThan(4 * kinds.length);
  for (const [path, text] of files) expect(path + text).not.toMatch(/acme/i);
});

test('their suites are green', async () => {
  const folders = kinds.map((kind) => `packages/${kind}-${provider}`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await run(process.execPath, [vitest, 'run', '--reporter=json', ...folders], {
    cwd: copy,
  });
  const result = JSON.parse(stdout) as { readonly numPassedTests: number; readonly numFailedTests: number };
  expect(result.numFailedTests).toBe(0);
  expect(result.numPassedTests).toBeGreaterThan(100);
}, 180_000);

test('their types fit', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '--noEmit', '-p', copy], { cwd: copy }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  expect(stdout.split('\n').filter((line) => line.includes(provider))).toEqual([]);
}, 180_000);

test('they keep the rules of the house', () => {
  const files = new Map([...readTree(copy)].filter(([path]) => path.includes(provider)));
  const rules = [
    adaptersHaveAPage,
    adaptersImportTheKit,
    importsAreDeclared,
    packagesAreComplete,
    packagesShareOneCore,
    adaptersAreSmall(),
    textsBelongNowhere,
  ];
  expect(rules.flatMap((rule) => rule(files))).toEqual([]);
  const page = 'docs/reference/errors.md';
  const documented = new Map([...files, [page, readFileSync(join(root, page), 'utf8')]]);
  expect(errorsAreDocumented(documented).filter((problem) => problem.includes('lacks'))).toEqual([]);
});
