// Which faults strike which connections, and when: the rules a proxy was given, held against every connection.
import type { ParsedFault, ParsedRule, ParsedWhen } from './chaos-fault.js';
import type { ActiveFault } from './lane-conditions.js';
import type { Line } from './line.js';
import type { ProxyTimers } from './proxy-timers.js';

/** A rule that was given. */
export interface ChaosRuleHandle {
  readonly fault: ParsedFault;
  /** How many connections it has struck. */
  readonly count: number;
  /** Ends it everywhere: what can heal heals, no further connection is struck. */
  stop(): void;
}

export interface RuleBook {
  add(rule: ParsedRule): ChaosRuleHandle;
  /** A connection has come, and can be struck. */
  opened(line: Line): void;
  /** Something passed on it, or it is over. */
  changed(line: Line): void;
  stopAll(): void;
}

interface Entry {
  readonly rule: ParsedRule;
  /** What it did to whom. */
  readonly struck: Map<Line, ActiveFault>;
  /** Calls off the timer of a connection: to strike it, then to heal it. */
  readonly waits: Map<Line, () => void>;
  /** Connections that have been open for `afterMs`. */
  readonly ripe: WeakSet<Line>;
  /** `atMs` has come. */
  hasBegun: boolean;
  count: number;
  stop(): void;
}

interface Book {
  readonly timers: ProxyTimers;
  readonly entries: Set<Entry>;
  readonly lines: Set<Line>;
}

export function createRuleBook(timers: ProxyTimers): RuleBook {
  const book: Book = { timers, entries: new Set(), lines: new Set() };
  const { entries, lines } = book;
  return {
    add(rule) {
      const entry = enter(book, rule);
      for (const line of lines) watch(book, entry, line);
      return {
        fault: rule.fault,
        get count() {
          return entry.count;
        },
        stop: () => entry.stop(),
      };
    },
    opened(line) {
      lines.add(line);
      for (const entry of entries) watch(book, entry, line);
    },
    changed(line) {
      if (line.isOver) forget(book, line);
      else if (lines.has(line)) for (const entry of entries) check(book, entry, line);
    },
    stopAll() {
      for (const entry of entries) entry.stop();
    },
  };
}

function enter(book: Book, rule: ParsedRule): Entry {
  const { timers, entries, lines } = book;
  const { atMs } = rule.when;
  const calledOff: (() => void)[] = [];
  const entry: Entry = {
    rule,
    struck: new Map(),
    waits: new Map(),
    ripe: new WeakSet(),
    hasBegun: atMs === undefined,
    count: 0,
    stop() {
      entries.delete(entry);
      for (const stop of [...calledOff, ...entry.waits.values()]) stop();
      for (const [line, active] of entry.struck) line.heal(active);
    },
  };
  function begin(): void {
    entry.hasBegun = true;
    for (const line of lines) check(book, entry, line);
  }
  entries.add(entry);
  if (atMs !== undefined) calledOff.push(timers.start(begin, atMs));
  if (rule.forMs !== undefined && isOfTheClock(rule.when)) {
    calledOff.push(timers.start(() => entry.stop(), (atMs ?? 0) + rule.forMs));
  }
  return entry;
}

/** Begins to hold a connection against a rule. */
function watch(book: Book, entry: Entry, line: Line): void {
  const { afterMs } = entry.rule.when;
  if (afterMs === undefined) return check(book, entry, line);
  const leftMs = line.record.connection.openedMs + afterMs - book.timers.now();
  wait(book, entry, line, Math.max(0, leftMs), () => {
    entry.ripe.add(line);
    check(book, entry, line);
  });
}

function check(book: Book, entry: Entry, line: Line): void {
  const { rule, struck } = entry;
  const isSpent = entry.count >= (rule.times ?? Number.POSITIVE_INFINITY);
  if (isSpent || struck.has(line) || !isDue(entry, line)) return;
  const active: ActiveFault = { fault: rule.fault, struck: 0 };
  // Before it strikes: what passes by the way is checked again.
  struck.set(line, active);
  entry.count += 1;
  line.strike(active);
  if (rule.forMs !== undefined && !isOfTheClock(rule.when)) {
    wait(book, entry, line, rule.forMs, () => line.heal(active));
  }
}

function wait({ timers }: Book, { waits }: Entry, line: Line, delayMs: number, callback: () => void): void {
  const stop = timers.start(() => {
    waits.delete(line);
    callback();
  }, delayMs);
  waits.set(line, stop);
}

function forget({ lines, entries }: Book, line: Line): void {
  lines.delete(line);
  for (const { struck, waits } of entries) {
    struck.delete(line);
    waits.get(line)?.();
    waits.delete(line);
  }
}

/** One clock for all connections; the other triggers are each connection's own. */
function isOfTheClock({ afterMs, afterMessages, afterWord }: ParsedWhen): boolean {
  return afterMs === undefined && afterMessages === undefined && afterWord === undefined;
}

function isDue({ rule, hasBegun, ripe }: Entry, line: Line): boolean {
  const { connection: id, afterMs, afterMessages, afterWord, direction } = rule.when;
  const { connection } = line.record;
  if (!hasBegun || (id !== undefined && id !== connection.id)) return false;
  if (afterMs !== undefined) return ripe.has(line);
  if (afterMessages !== undefined) return connection.messages[direction ?? 'down'] >= afterMessages;
  if (afterWord === undefined) return true;
  const heard = (['up', 'down'] as const)
    .filter((way) => direction === undefined || way === direction)
    .map((way) => connection.words[way]);
  return heard.some((words) =>
    typeof afterWord === 'number' ? words.length >= afterWord : words.includes(afterWord),
  );
}
