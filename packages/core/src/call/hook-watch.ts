// Who holds the event loop: one piece of an application's code that runs too long is heard in every call of the process.
import type { Clock } from '../spec/clock.js';

/** Longer than this in one piece, and audio of other calls is late: two frames and a half. */
const heldMs = 50;

/** Runs a hook, and gives or throws what that does. */
export type HookWatch = <Result>(name: string, hook: () => Result) => Result;

/** `onHeld`: told once for each name. What a hook awaits is not its own doing and does not count. */
export function createHookWatch(clock: Clock, onHeld: (name: string, ms: number) => void): HookWatch {
  const told = new Set<string>();
  return (name, hook) => {
    const startedMs = clock.now();
    try {
      return hook();
    } finally {
      const ms = clock.now() - startedMs;
      if (ms >= heldMs && !told.has(name)) {
        told.add(name);
        onHeld(name, Math.round(ms));
      }
    }
  };
}
