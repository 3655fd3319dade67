// Results as JUnit XML: one test case a scenario, so that the file and the exit code say the same.
import type { ScenarioResult } from './repeat-scenario.js';
import type { ScenarioVerdict } from './run-scenario.js';

/** A result and the file it is of. */
export interface JUnitCase {
  readonly file: string;
  readonly result: ScenarioResult;
  /** How long all its runs took, in ms of the real clock. */
  readonly tookMs: number;
}

/** The XML document. What is broken is the failure's text; the transcripts of failed runs are the case's output. */
export function toJUnit(cases: readonly JUnitCase[]): string {
  const failures = cases.filter(({ result }) => !result.passed).length;
  const seconds = cases.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="voicewire" ${counts}>`,
    `  <testsuite name="scenarios" ${counts}>`,
    ...cases.map(caseOf),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf({ file, result, tookMs }: JUnitCase): string {
  const failed = result.runs.filter(({ passed }) => !passed);
  const rate = `${result.runs.length - failed.length} of ${result.runs.length} runs passed`;
  const failure = result.passed
    ? []
    : [
        `      <failure message="${attribute(`${rate}; ${percent(result.minPassRate)} have to`)}" type="scenario">`,
        escape(failed.map(brokenIn).join('\n')),
        '</failure>',
      ];
  const output =
    failed.length === 0
      ? []
      : ['      <system-out>', escape(failed.map(callOf).join('\n\n')), '</system-out>'];
  const attributes = `name="${attribute(result.name)}" classname="${attribute(file)}" file="${attribute(file)}" time="${(tookMs / 1_000).toFixed(3)}"`;
  return [`    <testcase ${attributes}>`, ...failure, ...output, '    </testcase>'].join('\n');
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function brokenIn({ seed, findings }: ScenarioVerdict): string {
  return findings
    .filter(({ status }) => status === 'broken')
    .map(({ path, expected, found }) => `seed ${seed}: ${path}: expected that ${expected}; ${found}`)
    .join('\n');
}

function callOf({ seed, transcript }: ScenarioVerdict): string {
  return [`seed ${seed}`, ...transcript].join('\n');
}

/** What XML can hold at all, with its own signs written out. */
function escape(text: string): string {
  // Control characters and halves of characters are not allowed, whatever way they are written.
  const allowed = text.replace(
    /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF\p{Surrogate}]/gu,
    '\uFFFD',
  );
  return allowed
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
}

/** Written as they are, line ends and tabs in attributes are read as blanks. */
function attribute(text: string): string {
  return escape(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
