// What tenants spend: by the hour, calls that run included, in this process. Bounded, for labels come from outside.
import { maxSpendingHours } from '../call/spending-limits.js';

export interface SpendingBook {
  /** A call runs: its cost counts as it grows. Returns what enters it for good, when the call is over. */
  follow(tenant: string | undefined, cost: () => number): () => void;
  /** In the hours that began in the last `withinHours`. */
  spent(tenant: string | undefined, withinHours: number | undefined): number;
}

const defaultHours = 24;
/** Whoever spent longest ago is forgotten first. */
const maxTenants = 10_000;
const msPerHour = 3_600_000;

interface LiveCall {
  readonly tenant: string;
  readonly cost: () => number;
}

export function createSpendingBook(clock: { now(): number }): SpendingBook {
  /** By tenant, what was spent in each hour; tenants in the order in which they spent last. */
  const book = new Map<string, Map<number, number>>();
  const live = new Set<LiveCall>();
  const hourNow = (): number => Math.floor(clock.now() / msPerHour);

  function enter(tenant: string, amount: number): void {
    if (amount <= 0) return;
    const hours = book.get(tenant) ?? new Map<number, number>();
    const hour = hourNow();
    for (const old of hours.keys()) if (old <= hour - maxSpendingHours) hours.delete(old);
    hours.set(hour, (hours.get(hour) ?? 0) + amount);
    book.delete(tenant);
    book.set(tenant, hours);
    const [oldest] = book.keys();
    if (book.size > maxTenants && oldest !== undefined) book.delete(oldest);
  }

  return {
    follow(tenant = '', cost) {
      const call = { tenant, cost };
      live.add(call);
      return () => {
        if (live.delete(call)) enter(tenant, cost());
      };
    },
    spent(tenant = '', withinHours = defaultHours) {
      const after = hourNow() - withinHours;
      const entered = [...(book.get(tenant) ?? [])]
        .filter(([hour]) => hour > after)
        .map(([, amount]) => amount);
      const running = [...live].filter((call) => call.tenant === tenant).map(({ cost }) => cost());
      return [...entered, ...running].reduce((sum, amount) => sum + amount, 0);
    },
  };
}
