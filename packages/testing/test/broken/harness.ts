// Runs a suite's checks on broken adapters: each must fail exactly the checks it was broken for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck, type Check, type Closable } from '../../src/conformance/check.js';
import { pause } from '../../src/conformance/watch.js';

export interface Broken {
  /** What is wrong with it. */
  readonly name: string;
  /** Titles of the checks that must notice. */
  readonly fails: readonly string[];
}

export interface BrokenSuite<Bench extends Closable, Facts, Member extends Broken> {
  readonly kind: string;
  readonly checks: readonly Check<Bench, Facts>[];
  readonly members: readonly Member[];
  /** Shared checks that were proved with another kind of adapter. */
  readonly provenElsewhere?: readonly string[];
  factsOf(member: Member): Facts;
  openBench(member: Member): Promise<Bench>;
}

/** The titles of `checks` that fail on `member`. */
async function failuresOf<Bench extends Closable, Facts, Member extends Broken>(
  suite: BrokenSuite<Bench, Facts, Member>,
  member: Member,
  checks: readonly Check<Bench, Facts>[],
): Promise<readonly string[]> {
  const applicable = checks.filter((check) => check.notFor?.(suite.factsOf(member)) === undefined);
  const failed = await Promise.all(
    applicable.map((check) =>
      runCheck(check, () => suite.openBench(member)).then(
        () => undefined,
        () => check.title,
      ),
    ),
  );
  return failed.filter((title) => title !== undefined);
}

/** Some reject promises that nobody handles, which the runner would take for a failure of the file. */
function ignoreRejections(): void {
  const others = process.listeners('unhandledRejection');
  const ignore = (): void => undefined;
  beforeAll(() => {
    for (const other of others) process.off('unhandledRejection', other);
    process.on('unhandledRejection', ignore);
  });
  afterAll(() => {
    process.off('unhandledRejection', ignore);
    for (const other of others) process.on('unhandledRejection', other);
  });
}

export function describeBroken<Bench extends Closable, Facts, Member extends Broken>(
  suite: BrokenSuite<Bench, Facts, Member>,
): void {
  const { kind, checks, members, provenElsewhere = [] } = suite;
  const exclusive = checks.filter(({ isExclusive }) => isExclusive === true);
  const titles = new Set(checks.map(({ title }) => title));

  describe(`broken ${kind} adapters`, () => {
    ignoreRejections();

    it('names every check once', () => {
      expect(titles.size).toBe(checks.length);
    });

    it('covers every check', () => {
      const covered = new Set([...members.flatMap(({ fails }) => fails), ...provenElsewhere]);
      expect([...titles].filter((title) => !covered.has(title))).toEqual([]);
      expect([...covered].filter((title) => !titles.has(title))).toEqual([]);
    });

    for (const member of members) {
      // Heavy checks run on the adapters they are about: the others would wait minutes to pass them.
      const alone = checks.filter(
        ({ isExclusive, isHeavy, title }) =>
          isExclusive !== true && (isHeavy !== true || member.fails.includes(title)),
      );
      it.concurrent(
        `${member.name}: is noticed by what it breaks, and by nothing else`,
        async ({ expect: expectHere }) => {
          const expected = member.fails.filter((title) => alone.some((check) => check.title === title));
          expectHere([...(await failuresOf(suite, member, alone))].sort()).toEqual([...expected].sort());
        },
      );
    }
  });

  describe(`broken ${kind} adapters, one at a time`, () => {
    ignoreRejections();
    for (const member of members) {
      it(member.name, async () => {
        const expected = member.fails.filter((title) => exclusive.some((check) => check.title === title));
        const failed: string[] = [];
        for (const check of exclusive) failed.push(...(await failuresOf(suite, member, [check])));
        expect(failed.sort()).toEqual([...expected].sort());
        // What it still rejects is not the next one's.
        await pause(50);
      });
    }
  });
}
