// Counts what was of no use: exactly, and without a flood of events that makes things worse.

export interface SkipCounter {
  add(reason: string): void;
  /** Tells what has not been told yet. */
  flush(): void;
}

/** Tells of each reason the first time, then of what has gathered whenever the total has doubled, and at each `flush`. */
export function createSkipCounter(tell: (reason: string, count: number) => void): SkipCounter {
  const counts = new Map<string, { total: number; told: number }>();

  function report(reason: string, count: { total: number; told: number }): void {
    if (count.total > count.told) tell(reason, count.total - count.told);
    count.told = count.total;
  }

  return {
    add(reason) {
      const count = counts.get(reason) ?? { total: 0, told: 0 };
      counts.set(reason, count);
      count.total += 1;
      if (count.total >= count.told * 2) report(reason, count);
    },
    flush: () => counts.forEach((count, reason) => report(reason, count)),
  };
}
