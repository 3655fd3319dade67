// Where a piece of one stream lies on another's timeline: streams begin late, and leave out what others were given.

export interface TimeMap {
  /** From `fromMs` of the inner stream on, its audio lies at `toMs`. In order. */
  add(fromMs: number, toMs: number): void;
  toOuter(innerMs: number): number;
}

export function createTimeMap(startMs: number): TimeMap {
  const entries = [{ fromMs: 0, toMs: startMs }];
  return {
    add(fromMs, toMs) {
      // What was said of it before was about no audio at all.
      if (entries.at(-1)?.fromMs === fromMs) entries.pop();
      entries.push({ fromMs, toMs });
    },
    toOuter(innerMs) {
      // What ends where something was left out ends before it.
      const entry = entries.findLast(({ fromMs }) => fromMs < innerMs) ?? entries[0];
      return entry === undefined ? innerMs : entry.toMs + innerMs - entry.fromMs;
    },
  };
}
