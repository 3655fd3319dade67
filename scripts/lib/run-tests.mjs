// Running vitest and counting what it did.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, root, run, runTool } from './run.mjs';
import { noReason } from './test-reporter.mjs';

const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/lib/test-reporter.mjs')}`];

/**
 * Runs the tests that `args` select, on this Node or the one at `node`, and adds their counts to `steps`.
 * Throws where anything failed that no test counts, and for tests skipped without a reason.
 */
export async function runTests(steps, { args = [], node, label = 'tests' } = {}) {
  const summaryFile = join(root, `.cache/${label.replaceAll(' ', '-')}.json`);
  rmSync(summaryFile, { force: true });
  const options = { show: true, env: { VOICEWIRE_TEST_SUMMARY: summaryFile } };
  const vitest = ['run', ...reporters, ...args];
  const ending = node
    ? run(node, [join(root, 'node_modules/vitest/vitest.mjs'), ...vitest], options)
    : runTool('vitest', vitest, options);
  const failure = await ending.then(
    () => undefined,
    (error) => error,
  );
  if (!existsSync(summaryFile)) throw failure ?? new Error('vitest ran no tests');
  const { passed, failures, skipped } = JSON.parse(readFileSync(summaryFile, 'utf8'));
  steps.add({ passed: passed.length, failed: failures.length, skipped: skipped.length });
  for (const { name, reason } of skipped) console.log(`skipped ${name}: ${reason}`);
  if (failures.length > 0) {
    const described = failures.map(({ name, reason }) => `${name}\n${reason.replaceAll(/^/gm, '  ')}`);
    throw new Error(
      [`${failures.length} of ${passed.length + failures.length} tests failed`, ...described].join('\n'),
    );
  }
  const silent = skipped.filter(({ reason }) => reason === noReason).length;
  if (silent > 0) throw new Error(`${silent} tests are skipped without a reason: use context.skip('…')`);
  if (failure instanceof CommandError) throw failure;
  return `${passed.length} tests passed, ${skipped.length} skipped`;
}
