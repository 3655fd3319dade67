// What was asked of a recogniser, for whoever has to take over: bounded, and knowing how much is gone.
import { durationMs } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';

export type SttStep =
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'flush' }
  | { readonly type: 'end' };

export interface ReplayRing {
  /** Audio is copied: the giver's bytes may be a small part of a large buffer. */
  push(step: SttStep): void;
  readonly steps: readonly SttStep[];
  /** How much audio before `steps` was let go. */
  readonly droppedMs: number;
  /** Nobody needs it any more. */
  clear(): void;
}

export function createReplayRing(format: AudioFormat, maxMs: number): ReplayRing {
  let steps: SttStep[] = [];
  let keptMs = 0;
  let droppedMs = 0;

  function dropOldest(): void {
    const oldest = steps.shift();
    if (oldest?.type !== 'audio') return;
    const oldestMs = durationMs(oldest.audio.byteLength, format);
    keptMs -= oldestMs;
    droppedMs += oldestMs;
  }

  return {
    push(step) {
      steps.push(step.type === 'audio' ? { type: 'audio', audio: step.audio.slice() } : step);
      if (step.type === 'audio') keptMs += durationMs(step.audio.byteLength, format);
      while (keptMs > maxMs && steps.length > 1) dropOldest();
    },
    get steps() {
      return steps;
    },
    get droppedMs() {
      return droppedMs;
    },
    clear() {
      steps = [];
      keptMs = 0;
    },
  };
}
