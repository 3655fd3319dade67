// A vitest reporter that leaves every passed test's name, every failed one with its errors, and every skipped one with its
// reason, in a file for the scripts.
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
  const summary = {
    passed: [],
    failures: unhandledErrors.map((error) => describeFailed('outside of any test', [error])),
    skipped: [],
  };
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    const isBroken = module.state() === 'failed';
    if (isBroken && tests.every((test) => test.result().state !== 'failed')) {
      summary.failures.push(describeFailed(module.relativeModuleId, module.errors()));
    }
    for (const test of tests) {
      const { state, note, errors } = test.result();
      if (state === 'passed') summary.passed.push(nameOf(module, test));
      else if (state === 'failed') summary.failures.push(describeFailed(nameOf(module, test), errors));
      else summary.skipped.push(describeSkipped(module, test, note ?? (isBroken ? 'not run' : undefined)));
    }
  }
  return summary;
}

function describeFailed(name, errors) {
  return {
    name,
    reason: errors.map(({ message, stacks }) => [message, ...where(stacks)].join('\n')).join('\n'),
  };
}

const where = (stacks = []) =>
  stacks.slice(0, 3).map(({ file, line, column }) => `  at ${file}:${line}:${column}`);

/** The reason stands in `context.skip(reason)`, or in brackets at the end of the title. */
function describeSkipped(module, test, note) {
  const [title, inTitle] = /^(.*) \((.+)\)$/.exec(test.name)?.slice(1) ?? [test.name];
  return { name: nameOf(module, test, title), reason: note ?? inTitle ?? noReason };
}

function nameOf({ relativeModuleId }, { name, parent }, title = name) {
  const suite = parent.type === 'suite' ? [parent.fullName] : [];
  return [relativeModuleId, ...suite, title].join(' > ');
}
