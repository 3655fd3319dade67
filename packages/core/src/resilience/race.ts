// Two at work on the same: whoever begins first is the one, and of the other nothing is left.
import type { Clock } from '../spec/clock.js';
import { createDeadline } from './deadline.js';

/** Somebody at work. */
export interface Runner {
  /** Settles when there is something to go on with; rejects when it failed before. */
  readonly begun: Promise<unknown>;
}

export interface Race<Runners> {
  readonly clock: Clock;
  readonly afterMs: number;
  /** Somebody to ask besides; undefined where nobody may be asked. */
  readonly another: () => Runners | undefined;
  /** It failed while somebody else is at work. */
  readonly onFailed: (runner: Runners, error: unknown) => void;
  /** Somebody else began. */
  readonly onLost: (runner: Runners) => void;
}

export interface Decision<Runners> {
  readonly runner: Runners;
  /** False: it failed, and nobody else is at work. */
  readonly hasBegun: boolean;
}

/** Whoever begins first, or fails last. Nobody else is at work then, no timer is left, and nothing is waited for. */
export function race<Runners extends Runner>(
  first: Runners,
  { clock, afterMs, another, onFailed, onLost }: Race<Runners>,
): Promise<Decision<Runners>> {
  return new Promise((resolve) => {
    const running = new Set<Runners>();
    const late = createDeadline(clock, () => {
      const second = another();
      if (second !== undefined) run(second);
    });
    const decide = (runner: Runners, hasBegun: boolean): void => {
      late.cancel();
      running.delete(runner);
      const lost = [...running];
      running.clear();
      for (const other of lost) onLost(other);
      resolve({ runner, hasBegun });
    };
    const run = (runner: Runners): void => {
      running.add(runner);
      runner.begun.then(
        () => {
          decide(runner, true);
        },
        (error: unknown) => {
          if (running.size === 1 && running.has(runner)) decide(runner, false);
          else if (running.delete(runner)) onFailed(runner, error);
        },
      );
    };
    run(first);
    late.arm(afterMs);
  });
}
