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
    const isSilent = audio.every((byte, index) => byte === audio[index % size]);
    const beforeMs = silentMs;
    silentMs = isSilent ? silentMs + audioMs : 0;
    return silentMs >= silentLineMs && beforeMs < silentLineMs;
  };
}
