// The time of one proxy: timers that can be called off, and alarms that are set anew again and again.
import type { Clock } from '@voicewire/core/adapter';

export interface ProxyTimers {
  /** Ms since the proxy started. */
  now(): number;
  /** Returns what calls it off. */
  start(callback: () => void, delayMs: number): () => void;
}

export function createProxyTimers(clock: Clock): ProxyTimers {
  const startedMs = clock.now();
  return {
    now: () => clock.now() - startedMs,
    start(callback, delayMs) {
      const handle = clock.setTimeout(callback, delayMs);
      return () => clock.clearTimeout(handle);
    },
  };
}

/** One moment that somebody waits for. */
export interface Alarm {
  /** Whether `atMs` has come; if not, `onRing` is called when it has. Only the latest that was asked for rings. */
  hasCome(atMs: number): boolean;
  stop(): void;
}

export function createAlarm(timers: ProxyTimers, onRing: () => void): Alarm {
  let ringsAtMs: number | undefined;
  let callOff = (): void => {};
  function stop(): void {
    callOff();
    ringsAtMs = undefined;
  }
  return {
    hasCome(atMs) {
      const leftMs = atMs - timers.now();
      if (leftMs <= 0) return true;
      if (ringsAtMs === atMs) return false;
      stop();
      ringsAtMs = atMs;
      callOff = timers.start(() => {
        ringsAtMs = undefined;
        onRing();
      }, leftMs);
      return false;
    },
    stop,
  };
}
