// What a far end with a position of its own tells: how much of the audio it was sent since the last clear it has played.
import type { Clock } from '@voicewire/core/adapter';
import type { PlayOut } from './play-out.js';

export interface PlayReports {
  readonly playOut: Pick<PlayOut, 'playedSinceClearMs' | 'clears'>;
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
  let reported = { playedMs: 0, clears: 0 };
  function report(): void {
    if (!isOpen()) return;
    const { playedSinceClearMs: playedMs, clears } = playOut;
    if (playedMs > reported.playedMs || clears > reported.clears) onPlayed(playedMs);
    reported = { playedMs, clears };
    clock.setTimeout(report, dueMs);
  }
  clock.setTimeout(report, dueMs);
}
