import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AudioFormat } from '../spec/audio.js';
import { createFramer } from './frames.js';
import { concat, pieces } from './test-signals.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const bytes = Uint8Array.from({ length: 2_001 }, (_, index) => index % 251);

it('cuts any stream into whole frames and a rest, without losing or changing a byte', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1 }), (sizes) => {
      const framer = createFramer(telephone, 20);
      const frames: Uint8Array[] = [];
      for (const piece of pieces(bytes, sizes)) {
        framer.push(piece, (frame) => frames.push(frame));
        expect(framer.pendingBytes).toBeLessThan(framer.frameBytes);
      }
      expect(frames.every((frame) => frame.length === 160)).toBe(true);
      expect(frames).toHaveLength(12);
      const rest = framer.flush();
      expect(rest).toHaveLength(81);
      expect(concat([...frames, rest ?? new Uint8Array(0)])).toEqual(bytes);
    }),
  );
});

it('gives a piece of one frame back as it is, and frames inside a piece as views', () => {
  const framer = createFramer(telephone, 20);
  const frames: Uint8Array[] = [];
  const one = new Uint8Array(160);
  framer.push(one, (frame) => frames.push(frame));
  expect(frames[0]).toBe(one);
  framer.push(bytes, (frame) => frames.push(frame));
  expect(frames[2]?.buffer).toBe(bytes.buffer);
});

it('keeps a copy of what it carries over', () => {
  const framer = createFramer(telephone, 20);
  const piece = new Uint8Array(100).fill(1);
  const frames: Uint8Array[] = [];
  framer.push(piece, (frame) => frames.push(frame));
  piece.fill(9);
  framer.push(new Uint8Array(60).fill(1), (frame) => frames.push(frame));
  expect(frames).toEqual([new Uint8Array(160).fill(1)]);
});

it('takes frames of whole samples where milliseconds do not fit, and nothing after flush', () => {
  expect(createFramer({ encoding: 'pcm_s16le', sampleRate: 22_050, channels: 2 }, 10).frameBytes).toBe(
    221 * 4,
  );
  expect(createFramer(telephone, 0).frameBytes).toBe(1);
  const framer = createFramer(telephone, 20);
  framer.push(new Uint8Array(5), () => undefined);
  framer.flush();
  expect(framer.flush()).toBeUndefined();
  expect(framer.pendingBytes).toBe(0);
});
