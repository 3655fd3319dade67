// A line that carries nothing at all, no noise and no breath: somebody is muted, or one way of it is broken (fault C-15).
import { sampleBytes } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';

/** Nobody is silent for so long on a line that works. */
export const silentLineMs = 10_000;

/** What it returns says, once for each silence, that it has lasted so long. */
export function watchSilence(format: AudioFormat): (audio: Uint8Array, audioMs: number) => boolean {
  const size = sampleBytes(format);
  let silentMs = 0;
  return (audio, audioMs) => {
    const beforeMs = silentMs;
    silentMs = isOneSample(audio, size) ? silentMs + audioMs : 0;
    return silentMs >= silentLineMs && beforeMs < silentLineMs;
  };
}

/** Each frame of each call is looked at: a loop costs a sixth of a callback for each byte. */
function isOneSample(audio: Uint8Array, size: number): boolean {
  for (let index = size; index < audio.length; index += 1)
    if (audio[index] !== audio[index - size]) return false;
  return true;
}
