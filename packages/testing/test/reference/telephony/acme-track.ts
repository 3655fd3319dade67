// One track's frames in their order, once each; a frame that does not come is waited for briefly, then passed over.
export interface Track {
  /** False for a frame that came already. */
  accept(sequence: number, audio: Uint8Array): boolean;
}

/** Frames that may wait for one that is missing. */
const maxHeld = 3;

export function createTrack(frameMs: number, deliver: (audio: Uint8Array, atMs: number) => void): Track {
  const held = new Map<number, Uint8Array>();
  let next = 0;

  function release(limit: number): void {
    while (held.size > limit || held.has(next)) {
      const audio = held.get(next);
      held.delete(next);
      // A frame that never came leaves a gap in the positions.
      if (audio !== undefined) deliver(audio, next * frameMs);
      next += 1;
    }
  }

  return {
    accept(sequence, audio) {
      if (sequence < next || held.has(sequence)) return false;
      held.set(sequence, audio);
      release(maxHeld);
      return true;
    },
  };
}
