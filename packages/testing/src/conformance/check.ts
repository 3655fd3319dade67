// One promise of a contract as a test: what it is called, when it can't apply, how it is checked.
import { TestingError } from '../testing-error.js';

/** A check runs on a bench of its own: an adapter, a fake provider and what watches them. */
export interface Check<Bench, Facts> {
  /** What a correct adapter does. Unique in its suite. */
  readonly title: string;
  /** Why it does not apply to an adapter that declares this; undefined where it applies. */
  readonly notFor?: ((facts: Facts) => string | undefined) | undefined;
  /** Moves megabytes or waits long. */
  readonly isHeavy?: boolean | undefined;
  /** Watches the whole process: nothing else may happen in it meanwhile. */
  readonly isExclusive?: boolean | undefined;
  run(bench: Bench): Promise<void>;
}

/** The functions of a test runner, as vitest, node:test and jest have them. */
export interface TestFunctions {
  describe(title: string, body: () => void): unknown;
  readonly it: ((title: string, body: () => Promise<void>) => unknown) & {
    skip(title: string, body: () => Promise<void>): unknown;
  };
}

export interface SuiteOptions {
  /** What is tested, for titles. */
  readonly name: string;
  readonly test: TestFunctions;
  /** Checks left out on purpose: title to reason. */
  readonly skip?: Readonly<Record<string, string>> | undefined;
}

export interface Closable {
  close(): Promise<void>;
}

interface Suite<Bench extends Closable, Facts> extends SuiteOptions {
  readonly kind: string;
  readonly checks: readonly Check<Bench, Facts>[];
  readonly facts: Facts;
  openBench(): Promise<Bench>;
}

/** Runs a check on a fresh bench and takes the bench down whatever happens. */
export async function runCheck<Bench extends Closable, Facts>(
  check: Check<Bench, Facts>,
  openBench: () => Promise<Bench>,
): Promise<void> {
  const bench = await openBench();
  try {
    await check.run(bench);
  } finally {
    await bench.close();
  }
}

/** Every deviation is visible: a check that does not run is skipped with its reason in the title. */
export function describeSuite<Bench extends Closable, Facts>(suite: Suite<Bench, Facts>): void {
  const { name, kind, test, checks, facts, skip = {}, openBench } = suite;
  const unknown = Object.keys(skip).filter((title) => !checks.some((check) => check.title === title));
  if (unknown.length > 0) {
    throw new TestingError(
      'testing.fake_misuse',
      `The ${kind} suite has no check called: ${unknown.join(' | ')}`,
    );
  }
  test.describe(`${name} keeps the ${kind} contract`, () => {
    for (const check of checks) {
      const reason = skip[check.title] ?? check.notFor?.(facts);
      const run = (): Promise<void> => runCheck(check, openBench);
      if (reason === undefined) test.it(check.title, run);
      else test.it.skip(`${check.title} (${reason})`, run);
    }
  });
}
