// The list of faults, joined with what the last whole run of the tests proved, and the page that shows it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';
import { SkipStep } from './steps.mjs';

const list = 'tests/faults.json';
const page = 'docs/reference/faults.md';
const summaryFile = '.cache/tests.json';

/**
 * Throws where the page is not what the list says, or a fault is not proved by the tests that passed. Without a whole run of
 * the tests nothing is known about that.
 */
export function checkFaults() {
  const sections = readList();
  if (readFileSync(join(root, page), 'utf8') !== render(sections))
    throw new Error(`${page} is not what ${list} says; run node scripts/faults.mjs --write`);
  const summary = join(root, summaryFile);
  if (!existsSync(summary))
    throw new SkipStep('only a whole run of the tests proves faults: npm run check -- tests faults');
  const faults = sections.flatMap(({ faults }) => faults);
  const problems = findProblems(faults, JSON.parse(readFileSync(summary, 'utf8')).passed);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const proved = faults.filter(({ later }) => later === undefined);
  const seen = proved.filter((fault) => fault.seen).length;
  return `${proved.length} proved, ${seen} of them seen failing without their guard; ${faults.length - proved.length} for later`;
}

export function writeFaults() {
  writeFileSync(join(root, page), render(readList()));
}

/**
 * One line for each fault that nothing proves. A test is named by the beginning of its name, so that one entry may stand for
 * a whole table of tests; `passed` are the names of all tests that passed.
 */
export function findProblems(faults, passed) {
  return faults.flatMap(({ id, later, tests = [] }) => {
    if (later === undefined && tests.length === 0) return [`${id} names no test`];
    return tests
      .filter((name) => !passed.some((one) => one.startsWith(name)))
      .map((name) => `${id} names a test that did not pass: ${name}`);
  });
}

const readList = () => JSON.parse(readFileSync(join(root, list), 'utf8'));

function render(sections) {
  const text = [
    '# Faults: what goes wrong in calls, and what you may rely on',
    `<!-- Written by scripts/faults.mjs from ${list}. -->`,
    'Each row is something that happens in real voice and telephony systems, what Voicewire promises when it does, and the ' +
      'tests that prove it; `npm run check` fails when one of them does not pass. **seen** marks rows of which a test was seen ' +
      'failing with its guard taken out of the code. Rows about parts that are still to come say so.',
    ...sections.flatMap(({ title, faults }) => [`## ${title}`, table(faults)]),
  ].join('\n\n');
  return `${text}\n`;
}

function table(faults) {
  const rows = faults.map(({ id, fault, promise, later, seen, tests = [] }) => {
    const proof = later === undefined ? tests.map(link).join('<br>') : `later: ${later}`;
    return `| ${id} | ${fault} | ${promise} | ${seen ? '**seen** ' : ''}${proof} |`;
  });
  return ['| ID | fault | promise | proved by |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function link(name) {
  const [file, ...titles] = name.split(' > ');
  const title = titles.length === 0 ? 'all of it' : titles.join(': ').replaceAll(/[|<>*_`[\]\\]/g, '\\$&');
  return `[${title}](../../${file})`;
}
