// What a far end with a position of its own tells: how much of all it was sent it has played.
import type { Clock } from '@voicewire/core/adapter';
import type { PlayOut } from './play-out.js';

export interface PlayReports {
  readonly playOut: Pick<PlayOut, 'playedMs'>;
  readonly clock: Clock;
  /** Default: never. */
  readonly everyMs: number | undefined;
  isOpen(): boolean;
  onPlayed(playedMs: number): void;
}

/** Reports while the call lasts, whenever more was played. */
export function startPlayReports({ playOut, clock, everyMs, isOpen, onPlayed }: PlayReports): void {
  if (everyMs === undefined) return;
  const dueMs = everyMs;
  let reportedMs = 0;
  function report(): void {
    if (!isOpen()) return;
    const { playedMs } = playOut;
    if (playedMs > reportedMs) onPlayed(playedMs);
    reportedMs = playedMs;
    clock.setTimeout(report, dueMs);
  }
  clock.setTimeout(report, dueMs);
}
