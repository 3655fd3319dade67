// Audio in the pieces AssemblyAI takes: one shorter than 50 ms or longer than a second ends the session.
import { type AudioFormat, bytesFor, silence, type SttStream } from '@voicewire/core/adapter';

/** `stream`, written to in pieces of 50 ms or a multiple. */
export function inPieces(stream: SttStream, format: AudioFormat): SttStream {
  const shortest = bytesFor(50, format);
  const longest = 20 * shortest;
  let held: Uint8Array = new Uint8Array();
  const write = (audio: Uint8Array): void => {
    // Copied: the giver's bytes may be a slice of a pool.
    const all = Buffer.concat([held, audio]);
    const whole = all.length - (all.length % shortest);
    for (let from = 0; from < whole; from += longest) {
      stream.write(all.subarray(from, Math.min(from + longest, whole)));
    }
    held = all.subarray(whole);
  };
  return {
    write,
    // What is too short to go goes with what follows: silence in its place would shift the times of all that comes after.
    flush: () => stream.flush(),
    end: () => {
      if (held.length > 0) write(silence(50, format).subarray(held.length));
      stream.end();
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  };
}
