// The check of the list of faults can fail, and the list holds what it should.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error scripts are plain JavaScript
import { findProblems as untyped } from '../scripts/lib/faults.mjs';

interface Fault {
  readonly id: string;
  readonly tests?: readonly string[];
  readonly later?: string;
}

const findProblems = untyped as (faults: readonly Fault[], passed: readonly string[]) => string[];
const passed = ['a.test.ts > works > in spring', 'a.test.ts > works > in autumn'];

test('a fault is proved by tests that passed, named by how they begin', () => {
  expect(findProblems([{ id: 'S-01', tests: ['a.test.ts > works'] }], passed)).toEqual([]);
  expect(findProblems([{ id: 'S-01', tests: ['a.test.ts > works > in winter'] }], passed)).toEqual([
    'S-01 names a test that did not pass: a.test.ts > works > in winter',
  ]);
});

test('a fault names a test, unless its part is still to come', () => {
  expect(findProblems([{ id: 'S-01', tests: [] }, { id: 'S-02' }], passed)).toEqual([
    'S-01 names no test',
    'S-02 names no test',
  ]);
  expect(findProblems([{ id: 'D-01', later: 'the store' }], passed)).toEqual([]);
});

test('each fault is listed once, and its tests are in files that are there', () => {
  const sections = JSON.parse(readFileSync('tests/faults.json', 'utf8')) as { faults: Fault[] }[];
  const faults = sections.flatMap((section) => section.faults);
  expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
  const files = faults.flatMap(({ tests = [] }) => tests.map((name) => name.split(' > ')[0] ?? ''));
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(faults.filter(({ later, tests }) => (later === undefined) === (tests === undefined))).toEqual([]);
});
