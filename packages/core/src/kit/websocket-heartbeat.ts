// The two timers of an open WebSocket: is the peer still there, and does its protocol want to hear from us.
import type { Clock, TimerHandle } from '../spec/clock.js';

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** A peer that has not answered a ping when the next is due is dead. 0: never ask. */
  readonly pingEveryMs: number;
  /** After so long without anything sent, `sendKeepAlive` is called. */
  readonly keepAliveMs?: number | undefined;
  ping(): void;
  sendKeepAlive(): void;
  /** We stopped reading, so an answer can't be seen. */
  isPaused(): boolean;
  onDead(): void;
}

export interface Heartbeat {
  /** Anything came from the peer: it lives. */
  heard(): void;
  /** Anything was sent to the peer: no keep-alive is due. */
  sent(): void;
  stop(): void;
}

/** A timer later than this is our own stall: the answer may lie unread in the kernel, so nobody is declared dead. */
const stallMs = 250;

export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { clock, pingEveryMs, keepAliveMs } = options;
  let isAnswered = true;
  let lastSentAt = clock.now();
  let pingTimer: TimerHandle | undefined;
  let keepAliveTimer: TimerHandle | undefined;

  const schedulePing = (): void => {
    const dueAt = clock.now() + pingEveryMs;
    pingTimer = clock.setTimeout(() => {
      const wasStalled = clock.now() - dueAt > stallMs;
      if (!isAnswered && !wasStalled && !options.isPaused()) {
        options.onDead();
        return;
      }
      isAnswered = false;
      schedulePing();
      options.ping();
    }, pingEveryMs);
  };
  // Sending moves `lastSentAt` and leaves the timer alone: 50 frames a second re-arm nothing.
  const scheduleKeepAlive = (everyMs: number): void => {
    keepAliveTimer = clock.setTimeout(
      () => {
        const isDue = clock.now() - lastSentAt >= everyMs;
        if (isDue) lastSentAt = clock.now();
        scheduleKeepAlive(everyMs);
        if (isDue) options.sendKeepAlive();
      },
      Math.max(1, lastSentAt + everyMs - clock.now()),
    );
  };
  if (pingEveryMs > 0) schedulePing();
  if (keepAliveMs !== undefined) scheduleKeepAlive(keepAliveMs);

  return {
    heard: () => {
      isAnswered = true;
    },
    sent: () => {
      if (keepAliveMs !== undefined) lastSentAt = clock.now();
    },
    stop: () => {
      clock.clearTimeout(pingTimer);
      clock.clearTimeout(keepAliveTimer);
    },
  };
}
