import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, createAligner, interleave, mixChannels, pickChannel, samplesOf, toSample } from './pcm.js';
import { concat, pieces } from './test-signals.js';

describe('samplesOf', () => {
  it('is a view of aligned bytes', () => {
    const bytes = Uint8Array.of(1, 0, 0xff, 0xff);
    const samples = samplesOf(bytes);
    expect([...samples]).toEqual([1, -1]);
    expect(samples.buffer).toBe(bytes.buffer);
  });

  it('reads bytes at an odd address, also in a Buffer that shares its memory', () => {
    const memory = Buffer.from([9, 1, 0, 0xff, 0xff, 9]);
    expect([...samplesOf(memory.subarray(1, 5))]).toEqual([1, -1]);
  });

  it('leaves out a last odd byte', () => {
    expect([...samplesOf(Uint8Array.of(1, 0, 7))]).toEqual([1]);
  });

  it('comes back from bytesOf', () => {
    const samples = Int16Array.of(-32_768, 0, 32_767);
    expect(samplesOf(bytesOf(samples.subarray(1)))).toEqual(samples.subarray(1));
  });
});

it('toSample rounds and holds at the limits', () => {
  expect([1.4, 1.6, 40_000, -40_000].map(toSample)).toEqual([1, 2, 32_767, -32_768]);
});

describe('createAligner', () => {
  it('gives whole units only, and every byte but the last incomplete unit', () => {
    const bytes = Uint8Array.from({ length: 101 }, (_, index) => index);
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (unit, sizes) => {
          const aligner = createAligner(unit);
          const out = pieces(bytes, sizes).map((piece) => aligner.push(piece));
          expect(out.every((piece) => piece.length % unit === 0)).toBe(true);
          expect(concat(out)).toEqual(bytes.slice(0, bytes.length - (bytes.length % unit)));
        },
      ),
    );
  });

  it('gives whole pieces back uncopied', () => {
    const bytes = new Uint8Array(4);
    expect(createAligner(2).push(bytes)).toBe(bytes);
  });

  it('forgets the rest on reset', () => {
    const aligner = createAligner(2);
    aligner.push(Uint8Array.of(1, 2, 3));
    aligner.reset();
    expect([...aligner.push(Uint8Array.of(4, 5))]).toEqual([4, 5]);
  });
});

describe('two channels', () => {
  it('are put together sample by sample', () => {
    expect([...interleave(Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8), 'pcm_s16le')]).toEqual([
      1, 2, 5, 6, 3, 4, 7, 8,
    ]);
  });

  it('are filled up with the silence of their encoding', () => {
    expect([...interleave(Uint8Array.of(1, 2), Uint8Array.of(3), 'mulaw')]).toEqual([1, 3, 2, 0xff]);
    expect([...interleave(Uint8Array.of(1), Uint8Array.of(2, 3), 'alaw')]).toEqual([1, 2, 0xd5, 3]);
  });

  it('are taken apart, and mixed without clipping', () => {
    const stereo = Int16Array.of(32_767, 32_767, -100, 300);
    expect([...pickChannel(stereo, 0)]).toEqual([32_767, -100]);
    expect([...pickChannel(stereo, 1)]).toEqual([32_767, 300]);
    expect([...mixChannels(stereo)]).toEqual([32_767, 100]);
  });
});
