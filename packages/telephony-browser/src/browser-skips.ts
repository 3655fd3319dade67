// Counting what was of no use: exactly, and without an event for each.

export interface SkipCount {
  add(reason: string): void;
  /** Tells what was not told yet. */
  flush(): void;
}

/** Tells of the first at once and then of what has gathered every time the total has doubled, by reason. */
export function createSkipCount(tell: (reason: string, count: number) => void): SkipCount {
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
