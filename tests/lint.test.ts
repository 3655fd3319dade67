// The bans of eslint.config.js are seen to fire where they should, and nowhere else.
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

// With CI=true the parser takes it that each file is read once, from the disk: here one file is many texts.
const eslint = new ESLint({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  overrideConfig: {
    languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } },
  },
});
const core = 'packages/core/src/index.ts';
const clock = 'packages/core/src/clock/system-clock.ts';
const script = 'scripts/build.mjs';

/** The rules that a line of code breaks, as if it stood in that file. */
async function broken(code: string, filePath: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const syntax = 'no-restricted-syntax';
const globals = 'no-restricted-globals';
const properties = 'no-restricted-properties';

test.each([
  ['export enum Colour { Red }', syntax],
  ['export default 1;', syntax],
  ["export function a(): never { throw new Error('no'); }", syntax],
  ['export const a = Promise.race([]);', syntax],
  ['export const a = AbortSignal.any([]);', syntax],
  ['export const a = new Date();', syntax],
  ['export const a = (b: NodeJS.EventEmitter): unknown => b.removeAllListeners();', syntax],
  ['export const a = setTimeout(() => undefined, 1);', globals],
  ['export const a = setInterval(() => undefined, 1);', globals],
  ['export const a = globalThis.setTimeout(() => undefined, 1);', properties],
  ['export const a = Date.now();', properties],
  ['export const a = performance.now();', properties],
  ["console.log('hello');", 'no-console'],
  ['export function a(): void { Promise.resolve(); }', '@typescript-eslint/no-floating-promises'],
  ['export const a = (b: unknown): any => b;', '@typescript-eslint/no-explicit-any'],
])('core may not say: %s', async (code, rule) => {
  expect(await broken(code, core)).toContain(rule);
});

test('the system clock may use the timers of the system', async () => {
  expect(
    await broken('export const a = [setTimeout(() => undefined, 1), performance.now()];', clock),
  ).toEqual([]);
});

test('scripts may print and measure', async () => {
  expect(await broken('console.log(performance.now());', script)).toEqual([]);
});
