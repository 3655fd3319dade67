// A vitest reporter that leaves the counts, and every skipped test with its reason, in a file for the scripts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export const noReason = 'no reason given';

export default class TestReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.VOICEWIRE_TEST_SUMMARY;
    if (!file) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(summarise(modules, unhandledErrors)));
  }
}

/** A file that could not be loaded and an error outside of any test are failures too. */
function summarise(modules, unhandledErrors) {
  const summary = { passed: 0, failed: unhandledErrors.length, skipped: [] };
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    const isBroken = module.state() === 'failed';
    if (isBroken && tests.every((test) => test.result().state !== 'failed')) summary.failed += 1;
    for (const test of tests) {
      const { state, note } = test.result();
      if (state === 'passed') summary.passed += 1;
      else if (state === 'failed') summary.failed += 1;
      else summary.skipped.push(describeSkipped(module, test, note ?? (isBroken ? 'not run' : undefined)));
    }
  }
  return summary;
}

/** The reason stands in `context.skip(reason)`, or in brackets at the end of the title. */
function describeSkipped(module, { name, parent }, note) {
  const [title, inTitle] = /^(.*) \((.+)\)$/.exec(name)?.slice(1) ?? [name];
  const suite = parent.type === 'suite' ? [parent.fullName] : [];
  return {
    name: [module.relativeModuleId, ...suite, title].join(' > '),
    reason: note ?? inTitle ?? noReason,
  };
}
