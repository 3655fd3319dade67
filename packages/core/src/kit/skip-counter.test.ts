import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSkipCounter } from './skip-counter.js';

test('the first is told at once, the sum is exact, and a flood makes few events', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('binary', 'duplicate'), { maxLength: 3_000, size: 'max' }),
      (reasons) => {
        const told: { reason: string; count: number }[] = [];
        const skips = createSkipCounter((reason, count) => told.push({ reason, count }));
        const seen = new Set<string>();
        for (const reason of reasons) {
          skips.add(reason);
          if (!seen.has(reason)) expect(told.at(-1)).toEqual({ reason, count: 1 });
          seen.add(reason);
        }
        skips.flush();
        skips.flush();
        for (const reason of new Set(reasons)) {
          const sum = told
            .filter((event) => event.reason === reason)
            .reduce((total, { count }) => total + count, 0);
          expect(sum).toBe(reasons.filter((each) => each === reason).length);
        }
        expect(told.length).toBeLessThanOrEqual(2 * (12 + 1));
      },
    ),
  );
});
