// `npm test`: sets up what is missing, then runs every test. Arguments go to vitest: `npm test -- packages/core`.
import { runTests } from './lib/run-tests.mjs';
import { buildIfNeeded, installIfNeeded, requireNode } from './lib/set-up.mjs';
import { createSteps } from './lib/steps.mjs';

requireNode();
const steps = createSteps();
if (await steps.step('dependencies', installIfNeeded)) {
  await steps.step('build', buildIfNeeded);
  const args = process.argv.slice(2);
  // What a part of them proves must not pass for what all of them do.
  await steps.step('tests', () => runTests(steps, { args, label: args.length > 0 ? 'some tests' : 'tests' }));
}
steps.finish();
