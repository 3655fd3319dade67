// Counts of the recent past, in buckets that fall out at the far end. It has no timer: time passes when somebody looks.
import type { Clock } from '../spec/clock.js';

export interface UnitCounts {
  done: number;
  failed: number;
  slow: number;
}

export interface RollingWindow {
  add(kind: keyof UnitCounts): void;
  /** Over the whole window. */
  counts(): UnitCounts;
  clear(): void;
}

const bucketCount = 10;

export function createRollingWindow(clock: Clock, windowMs: number): RollingWindow {
  const bucketMs = windowMs / bucketCount;
  const buckets = Array.from({ length: bucketCount }, () => ({
    number: -Infinity,
    done: 0,
    failed: 0,
    slow: 0,
  }));
  const currentNumber = (): number => Math.floor(clock.now() / bucketMs);
  return {
    add(kind) {
      const number = currentNumber();
      const bucket = buckets[number % bucketCount];
      if (bucket === undefined) return;
      if (bucket.number !== number) Object.assign(bucket, { number, done: 0, failed: 0, slow: 0 });
      bucket[kind] += 1;
    },
    counts() {
      const oldest = currentNumber() - bucketCount;
      const sum = { done: 0, failed: 0, slow: 0 };
      for (const { number, done, failed, slow } of buckets) {
        if (number <= oldest) continue;
        sum.done += done;
        sum.failed += failed;
        sum.slow += slow;
      }
      return sum;
    },
    clear() {
      for (const bucket of buckets) bucket.number = -Infinity;
    },
  };
}
