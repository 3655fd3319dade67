// One track's frames put back into their order, once each, with silence where some are missing, so that time stays true.
import { durationMs, silence, type AudioFormat } from '@voicewire/core/adapter';

export interface TrackFrame {
  /** Counts from 1 within the track. */
  readonly chunk: number;
  /** From the start of the stream. */
  readonly timestampMs: number;
  readonly audio: Uint8Array;
}

export interface InboundTrack {
  /** Takes a frame, or gives the reason why it is of no use. */
  accept(frame: TrackFrame): string | undefined;
  /** Delivers what still waits for a missing frame. */
  flush(): void;
}

/** Frames that may wait for one that is missing; usually 20 ms each. */
const maxHeldFrames = 3;

/** The longest gap that is filled, and how far a chunk number may jump; what lies beyond is a number from nowhere. */
const maxGapMs = 10_000;
const maxChunkJump = 1_000;

/** `timeline` is shared by the tracks of a stream: its first audio is 0, which `atMs` counts from. */
export function createInboundTrack(
  format: AudioFormat,
  timeline: { originMs?: number },
  deliver: (audio: Uint8Array, atMs: number) => void,
): InboundTrack {
  /** In order, all after `next`. */
  const held: TrackFrame[] = [];
  let next: number | undefined;
  /** Where the track has come to; undefined before its first frame. */
  let positionMs: number | undefined;

  const timeOf = (frame: TrackFrame): number => frame.timestampMs - (timeline.originMs ?? frame.timestampMs);
  const emit = (audio: Uint8Array, atMs: number): void => {
    positionMs = atMs + durationMs(audio.length, format);
    deliver(audio, atMs);
  };
  const play = (frame: TrackFrame): void => {
    next = frame.chunk + 1;
    timeline.originMs ??= frame.timestampMs;
    const atMs = (positionMs ??= Math.max(0, timeOf(frame)));
    const missingMs = timeOf(frame) - atMs;
    // Time stamps jitter: less than the frame itself is no gap.
    if (missingMs >= durationMs(frame.audio.length, format)) emit(silence(missingMs, format), atMs);
    emit(frame.audio, positionMs);
  };
  const playHeld = (longest: number): void => {
    while (held.length > longest || (held.length > 0 && held[0]?.chunk === next))
      play(held.shift() as TrackFrame);
  };

  return {
    accept(frame) {
      // The first frames may be swapped too.
      next ??= frame.chunk <= maxHeldFrames ? 1 : frame.chunk;
      if (frame.chunk < next || held.some(({ chunk }) => chunk === frame.chunk)) return 'duplicate';
      if (frame.chunk > next + maxChunkJump || timeOf(frame) > (positionMs ?? Infinity) + maxGapMs)
        return 'out-of-range';
      if (frame.chunk === next && held.length === 0) {
        play(frame);
        return undefined;
      }
      const place = held.findIndex(({ chunk }) => chunk > frame.chunk);
      held.splice(place < 0 ? held.length : place, 0, frame);
      playHeld(maxHeldFrames);
      return undefined;
    },
    flush: () => playHeld(0),
  };
}
