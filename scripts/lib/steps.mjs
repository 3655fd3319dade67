// A run of named steps: each prints its name, its verdict and how long it took; the last line counts everything.

/** Thrown by a step that cannot apply here; the reason is printed. */
export class SkipStep extends Error {}

export function createSteps() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];

  /** Runs one step. A string it returns is printed beside the verdict. A failure is reported and the run goes on. */
  async function step(name, work) {
    const startedAt = performance.now();
    const report = (verdict, detail) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${verdict.padEnd(7)} ${name} (${seconds} s)${detail ? `: ${detail}` : ''}`);
    };
    try {
      const detail = await work();
      counts.passed += 1;
      report('passed', detail);
      return true;
    } catch (error) {
      if (error instanceof SkipStep) {
        counts.skipped += 1;
        report('skipped', error.message);
        return false;
      }
      counts.failed += 1;
      if (error.output) console.log(error.output.trimEnd());
      failures.push(`${name}: ${error.message}`);
      report('FAILED', error.message);
      return false;
    }
  }

  /** Adds what a step counted itself, as a test run does. */
  function add({ passed = 0, failed = 0, skipped = 0 }) {
    counts.passed += passed;
    counts.failed += failed;
    counts.skipped += skipped;
  }

  /** Says once more what failed, where nobody has to search for it, prints the closing line and sets the exit code. */
  function finish() {
    for (const failure of failures) console.log(`FAILED ${failure}`);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    process.exitCode = counts.failed > 0 ? 1 : 0;
  }

  return { step, add, finish };
}
