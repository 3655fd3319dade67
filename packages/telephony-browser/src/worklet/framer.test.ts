import { describe, expect, it } from 'vitest';
import { createFramer } from './framer.js';

function collect(contextRate: number) {
  const frames: ArrayBuffer[] = [];
  const push = createFramer({
    contextRate,
    wireRate: 16_000,
    frameMs: 20,
    headerBytes: 8,
    onFrame: (frame) => frames.push(frame),
  });
  return { frames, push };
}

describe('framer', () => {
  it('cuts blocks of any size into frames of 20 ms with room for a header', () => {
    const { frames, push } = collect(48_000);
    for (let block = 0; block < 400; block += 1) push(new Float32Array(128).fill(0.5), 128);
    expect(frames.length).toBe(53); // 51,200 samples are 1,066 ms
    expect(new Set(frames.map((frame) => frame.byteLength))).toEqual(new Set([8 + 640]));
    const samples = new Int16Array(frames[20]!, 8);
    expect(samples.every((sample) => Math.abs(sample - 16_384) < 40)).toBe(true);
  });

  it('sends silence while nothing is connected', () => {
    const { frames, push } = collect(44_100);
    for (let block = 0; block < 100; block += 1) push(undefined, 128);
    expect(frames.length).toBe(14);
    expect(new Int16Array(frames[3]!, 8).every((sample) => sample === 0)).toBe(true);
  });

  it('clips instead of wrapping round', () => {
    const { frames, push } = collect(16_000);
    push(new Float32Array(320).fill(3), 320);
    expect(new Int16Array(frames[0]!, 8)[100]).toBe(32_767);
  });
});
