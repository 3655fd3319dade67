// Counts what was of no use, so that it is known without a flood of events that makes things worse.
export interface SkipCounter {
  add(reason: string): void;
  /** Tells what has not been told yet. */
  flush(): void;
}

/**
 * Tells of each reason the first few times, then at its 32nd, 64th, 128th … time and at the end; and each time how many came
 * since it last did: the sum is exact and the number of events small.
 */
export function createSkipCounter(tell: (reason: string, count: number) => void): SkipCounter {
  const totals = new Map<string, number>();
  const untold = new Map<string, number>();
  const flush = (reason: string): void => {
    const count = untold.get(reason) ?? 0;
    untold.delete(reason);
    if (count > 0) tell(reason, count);
  };
  return {
    add(reason) {
      const total = (totals.get(reason) ?? 0) + 1;
      totals.set(reason, total);
      untold.set(reason, (untold.get(reason) ?? 0) + 1);
      if (total <= 16 || Number.isInteger(Math.log2(total))) flush(reason);
    },
    flush: () => [...untold.keys()].forEach(flush),
  };
}
