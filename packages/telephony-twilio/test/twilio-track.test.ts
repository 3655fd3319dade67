import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInboundTrack, type TrackFrame } from '../src/twilio-track.js';

const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const silence = 0xff;

/** The frame of 20 ms with this number, known again by its bytes. */
function frame(chunk: number, timestampMs = 100 + (chunk - 1) * 20): TrackFrame {
  return { chunk, timestampMs, audio: new Uint8Array(160).fill(chunk % silence) };
}

interface Piece {
  readonly atMs: number;
  readonly bytes: readonly number[];
}

/** What a track delivers, gaps merged into the audio by position, and what it refused. */
function play(frames: readonly TrackFrame[], format: typeof mulaw = mulaw, timeline = {}) {
  const pieces: Piece[] = [];
  const track = createInboundTrack(format, timeline, (audio, atMs) => {
    pieces.push({ atMs, bytes: Array.from(audio) });
  });
  const refused = frames.map((each) => track.accept(each)).filter((reason) => reason !== undefined);
  track.flush();
  return { pieces, refused, bytes: pieces.flatMap(({ bytes }) => bytes) };
}

const bytesOf = (...chunks: readonly number[]): number[] =>
  chunks.flatMap((chunk) => Array<number>(160).fill(chunk));

describe('order', () => {
  test('frames in order pass at once', () => {
    const pieces: number[] = [];
    const track = createInboundTrack(mulaw, {}, (_, atMs) => void pieces.push(atMs));
    expect(track.accept(frame(1))).toBeUndefined();
    expect(pieces).toEqual([0]);
    track.accept(frame(2));
    expect(pieces).toEqual([0, 20]);
  });

  test('swapped frames are put right, the first ones too', () => {
    expect(play([2, 1, 3, 5, 4].map((chunk) => frame(chunk))).bytes).toEqual(bytesOf(1, 2, 3, 4, 5));
  });

  test('a frame that comes twice is delivered once', () => {
    const { bytes, refused } = play([1, 1, 2, 4, 4, 3, 2].map((chunk) => frame(chunk)));
    expect(bytes).toEqual(bytesOf(1, 2, 3, 4));
    expect(refused).toEqual(['duplicate', 'duplicate', 'duplicate']);
  });

  test('a frame later than the window is given up, and its place is silence', () => {
    const { bytes, refused } = play([1, 3, 4, 5, 6, 2].map((chunk) => frame(chunk)));
    expect(bytes).toEqual(bytesOf(1, silence, 3, 4, 5, 6));
    expect(refused).toEqual(['duplicate']);
  });

  test('a stream may begin at any number', () => {
    expect(play([frame(4000), frame(4001)]).pieces.map(({ atMs }) => atMs)).toEqual([0, 20]);
  });
});

describe('time', () => {
  test('a jump of the time stamps is silence, even when no number is missing', () => {
    const { pieces } = play([frame(1), frame(2, 620), frame(3, 640)]);
    expect(pieces.map(({ atMs }) => atMs)).toEqual([0, 20, 520, 540]);
    expect(pieces[1]?.bytes).toEqual(Array<number>(4_000).fill(silence));
  });

  test('time stamps that jitter by less than a frame change nothing', () => {
    const { pieces } = play([frame(1, 100), frame(2, 133), frame(3, 129), frame(4, 171)]);
    expect(pieces.map(({ atMs }) => atMs)).toEqual([0, 20, 40, 60]);
  });

  test('a number or a time from nowhere is left out, and what follows is not lost', () => {
    const { bytes, refused } = play([frame(1), frame(999_999, 120), frame(2, 9_999_999), frame(2), frame(3)]);
    expect(refused).toEqual(['out-of-range', 'out-of-range']);
    expect(bytes).toEqual(bytesOf(1, 2, 3));
  });

  test('silence is written as each encoding has it, in whole samples', () => {
    const format = { encoding: 'pcm_s16le', sampleRate: 8000, channels: 1 } as const;
    const pieces: Uint8Array[] = [];
    const track = createInboundTrack(format, {}, (audio) => void pieces.push(audio));
    const audio = new Uint8Array(320).fill(7);
    track.accept({ chunk: 1, timestampMs: 0, audio });
    track.accept({ chunk: 2, timestampMs: 51, audio });
    expect(pieces.map(({ length }) => length)).toEqual([320, 496, 320]);
    expect(pieces[1]?.every((byte) => byte === 0)).toBe(true);
  });

  test('tracks of one stream share its beginning', () => {
    const timeline = {};
    expect(play([frame(1, 100)], mulaw, timeline).pieces[0]?.atMs).toBe(0);
    expect(play([frame(1, 140)], mulaw, timeline).pieces[0]?.atMs).toBe(40);
  });
});

test('whatever is swapped within the window, doubled or lost: each frame is heard once, at its time', () => {
  const fate = fc.record({ delay: fc.nat(3), isDoubled: fc.boolean(), isLost: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fate, { minLength: 1, maxLength: 60 }), (fates) => {
      const sent = fates.flatMap(({ delay, isDoubled, isLost }, index) => {
        const each = { key: index + delay, frame: frame(index + 1) };
        if (isLost && index > 0) return [];
        return isDoubled ? [each, { ...each, key: each.key + 2 }] : [each];
      });
      const frames = sent.sort((a, b) => a.key - b.key).map((each) => each.frame);
      const { pieces, bytes } = play(frames);

      let position = 0;
      for (const piece of pieces) {
        expect(piece.atMs).toBe(position / 8);
        position += piece.bytes.length;
      }
      const last = fates.findLastIndex(({ isLost }, index) => !isLost || index === 0);
      const expected = fates
        .slice(0, last + 1)
        .map(({ isLost }, index) => (isLost && index > 0 ? silence : index + 1));
      expect(bytes).toEqual(bytesOf(...expected));
    }),
    { numRuns: 500 },
  );
});
