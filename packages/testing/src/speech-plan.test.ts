// The speech plan: what may be spoken when, where words lie, and that the cut into pieces changes neither.
import { describe, expect, it } from 'vitest';
import { createSpeechPlan, type SpeechPlan, type SpokenPiece } from './speech-plan.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

function drain(plan: SpeechPlan): SpokenPiece[] {
  const pieces: SpokenPiece[] = [];
  for (let piece = plan.next(); piece !== undefined; piece = plan.next()) pieces.push(piece);
  return pieces;
}

describe('createSpeechPlan', () => {
  it('waits for enough text, then speaks whole words', () => {
    const plan = createSpeechPlan({ format, bufferChars: 10 });
    plan.write('one two');
    expect(plan.next()).toBeUndefined();
    plan.write(' three fo');
    expect(
      drain(plan)
        .map(({ text }) => text)
        .join(''),
    ).toBe('one two three ');
    plan.flush();
    expect(
      drain(plan)
        .map(({ text }) => text)
        .join(''),
    ).toBe('fo');
  });

  it.each([60, 240, 10_000])('announces each word once, where it begins, in pieces of %i ms', (chunkMs) => {
    const plan = createSpeechPlan({ format, chunkMs, msPerChar: 60 });
    plan.write('  Hello, zanzibar!');
    plan.flush();
    const pieces = drain(plan);
    expect(pieces.flatMap(({ words }) => words)).toEqual([
      { text: 'Hello,', textStart: 2, textEnd: 8, startMs: 120, endMs: 480 },
      { text: 'zanzibar!', textStart: 9, textEnd: 18, startMs: 540, endMs: 1080 },
    ]);
    for (const { words, startMs, endMs } of pieces) {
      expect(words.every((word) => word.startMs >= startMs && word.startMs < endMs)).toBe(true);
    }
    expect(pieces.reduce((sum, { audio }) => sum + audio.length, 0)).toBe(18 * 60 * 8);
  });

  it('has nothing to say in white space', () => {
    const plan = createSpeechPlan({ format });
    plan.write(' \n ');
    plan.flush();
    expect(plan.next()).toBeUndefined();
  });
});
