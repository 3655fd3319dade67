import { expect, it } from 'vitest';
import { toJUnit } from './junit.js';
import type { ScenarioResult } from './repeat-scenario.js';
import type { ScenarioVerdict } from './run-scenario.js';

function run(seed: number, found?: string): ScenarioVerdict {
  const broken = {
    status: 'broken',
    path: 'expect.says',
    expected: 'the agent says "a & b"',
    found: found ?? '',
  } as const;
  const passed = found === undefined;
  return {
    seed,
    passed,
    findings: passed ? [] : [broken],
    callMs: 9,
    transcript: [`agent <${seed}>`],
    log: [],
  };
}

function result(name: string, minPassRate: number, runs: readonly ScenarioVerdict[]): ScenarioResult {
  const passRate = runs.filter(({ passed }) => passed).length / runs.length;
  return { name, passed: passRate >= minPassRate, passRate, minPassRate, runs };
}

/** Names of elements that were not closed in order, and signs that are not written out. */
function faultsOf(xml: string): readonly string[] {
  const open: string[] = [];
  const faults: string[] = [];
  const rest = xml
    .replace(/^<\?xml [^?]*\?>/, '')
    .replace(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)>/g, (_, slash, name) => {
      if (slash === '') open.push(name as string);
      else if (open.pop() !== name) faults.push(name as string);
      return '';
    });
  return [...faults, ...open, ...(rest.match(/[<>]|&(?!(amp|lt|gt|quot|#\d+);)|[\u0000-\u0008]/g) ?? [])];
}

it('writes what others can read, whatever was said', () => {
  const name = 'tom & "jerry" <one>\n\ttwo';
  const xml = toJUnit([
    {
      file: 'a&b.yaml',
      result: result(name, 1, [run(1), run(2, 'heard "<b> & \u0007 \uD800"')]),
      tookMs: 1_500,
    },
    { file: 'c.yaml', result: result('fine', 1, [run(1)]), tookMs: 20 },
  ]);
  expect(faultsOf(xml)).toEqual([]);
  expect(xml).toContain('tests="2" failures="1" errors="0" skipped="0" time="1.520"');
  expect(xml).toContain(
    'name="tom &amp; &quot;jerry&quot; &lt;one&gt;&#10;&#9;two" classname="a&amp;b.yaml"',
  );
  expect(xml).toContain('message="1 of 2 runs passed; 100 % have to"');
  expect(xml).toContain('heard &quot;&lt;b&gt; &amp; \uFFFD \uFFFD&quot;');
  expect(xml).toContain('agent &lt;2&gt;');
  expect(xml).not.toContain('agent &lt;1&gt;');
});

it('finds what is not well formed', () => {
  expect(faultsOf('<a><b></a></b>')).not.toEqual([]);
  expect(faultsOf('<a>&</a>')).not.toEqual([]);
  expect(faultsOf('<a>')).not.toEqual([]);
});

it('fails a scenario only below its pass rate, and shows the calls that failed all the same', () => {
  const xml = toJUnit([
    { file: 'a.yaml', result: result('flaky', 0.5, [run(1), run(2, 'nothing')]), tookMs: 1 },
  ]);
  expect(xml).toContain('failures="0"');
  expect(xml).not.toContain('<failure');
  expect(xml).toContain('agent &lt;2&gt;');
});
