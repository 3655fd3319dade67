// The microphone's blocks, of whatever rate and size, as PCM16 frames of 20 ms with room for a header before them.
import { createSampleConverter } from './resampler.js';

export interface FramerOptions {
  /** Hz of the blocks. */
  readonly contextRate: number;
  /** Hz of the frames. */
  readonly wireRate: number;
  readonly frameMs: number;
  /** Bytes left free at the start of every frame. */
  readonly headerBytes: number;
  /** The buffer is the listener's from then on. */
  readonly onFrame: (frame: ArrayBuffer) => void;
}

/** Takes `length` samples at a time; nothing connected is silence, so that the track's time goes on. */
export function createFramer(
  options: FramerOptions,
): (block: Float32Array | undefined, length: number) => void {
  const { contextRate, wireRate, frameMs, headerBytes, onFrame } = options;
  const converter = createSampleConverter(contextRate, wireRate);
  const frameSamples = (wireRate * frameMs) / 1000;
  let samples = startFrame();
  let filled = 0;

  function startFrame(): Int16Array<ArrayBuffer> {
    return new Int16Array(new ArrayBuffer(headerBytes + frameSamples * 2), headerBytes);
  }

  function put(sample: number): void {
    samples[filled] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
    filled += 1;
    if (filled < frameSamples) return;
    onFrame(samples.buffer);
    samples = startFrame();
    filled = 0;
  }

  return (block, length) => {
    for (let index = 0; index < length; index += 1) {
      converter.push(block?.[index] ?? 0);
      while (converter.isReady()) put(converter.pull());
    }
  };
}
