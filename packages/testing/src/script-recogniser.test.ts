// The script recogniser: the same words at the same times however time is cut, eager ends, flush and end in mid-word.
import { describe, expect, it } from 'vitest';
import {
  createScriptRecogniser,
  timedWords,
  type ScriptedWord,
  type ScriptRecogniser,
  type RecogniserManner,
} from './script-recogniser.js';

const words: readonly ScriptedWord[] = [
  ...timedWords('one two', { startMs: 200 }),
  ...timedWords('three', { startMs: 1500 }),
];

function hearInSteps(recogniser: ScriptRecogniser, stepMs: number, untilMs: number): readonly unknown[] {
  return Array.from({ length: Math.ceil(untilMs / stepMs) }, (_, index) =>
    recogniser.hear((index + 1) * stepMs),
  ).flat();
}

describe('createScriptRecogniser', () => {
  it('says the same however time is cut', () => {
    const whole = createScriptRecogniser(words).hear(3000);
    expect(hearInSteps(createScriptRecogniser(words), 1, 3000)).toEqual(whole);
    expect(whole.map(({ type }) => type)).toEqual([
      ...['speech-start', 'partial', 'partial', 'final', 'speech-end', 'turn-end'],
      ...['speech-start', 'partial', 'final', 'speech-end', 'turn-end'],
    ]);
  });

  it.each([1, 20, 3000])(
    'announces an eager end once and takes it back when speech goes on, in steps of %i ms',
    (stepMs) => {
      const gapped = [
        { text: 'one', startMs: 0, endMs: 200 },
        { text: 'two', startMs: 400, endMs: 600 },
      ];
      const events = hearInSteps(createScriptRecogniser(gapped, { eagerPauseMs: 150 }), stepMs, 3000) as {
        type: string;
        atMs: number;
        eager: boolean;
      }[];
      const turns = events
        .filter(({ type }) => type.startsWith('turn'))
        .map(({ type, atMs, eager }) => [type, atMs, eager]);
      expect(turns).toEqual([
        ['turn-end', 350, true],
        ['turn-resumed', 400, undefined],
        ['turn-end', 750, true],
        ['turn-end', 900, false],
      ]);
    },
  );

  it('decides a word at a flush by its middle, and says the rest of it once', () => {
    const flushAt = (ms: number): readonly string[] => {
      const recogniser = createScriptRecogniser([{ text: 'word', startMs: 100, endMs: 300 }], {
        eagerPauseMs: 50,
      });
      const events = [...recogniser.flush(ms), ...recogniser.hear(1000), ...recogniser.end(1000)];
      return events
        .filter((event) => event.type === 'final')
        .map(({ text, settledMs }) => `${text}@${settledMs}`);
    };
    expect(flushAt(200)).toEqual(['@200', 'word@600', '@1000']);
    expect(flushAt(201)).toEqual(['word@201', '@1000']);
  });

  it('keeps speakers only where asked', () => {
    const speakers = (diarize: boolean): unknown[] => {
      const recogniser = createScriptRecogniser([{ text: 'a', startMs: 0, endMs: 100, speaker: 's' }], {
        diarize,
      });
      return recogniser
        .end(200)
        .flatMap((event) => (event.type === 'final' ? event.words.map(({ speaker }) => speaker) : []));
    };
    expect([speakers(true), speakers(false)]).toEqual([['s'], [undefined]]);
  });

  describe('as real ones differ', () => {
    const words = timedWords('one two three', { startMs: 0, msPerWord: 100, gapMs: 20 });
    const eventsOf = (manner: RecogniserManner) => createScriptRecogniser(words, manner).hear(1_000);
    const finalsOf = (manner: RecogniserManner) =>
      eventsOf(manner).flatMap((event) => (event.type === 'final' ? [event] : []));

    it('cuts in mid-speech, each word in one final', () => {
      expect(
        finalsOf({ segmentWords: 2 }).map(({ text, settledMs, cause }) => [text, settledMs, cause]),
      ).toEqual([
        ['one two', 220, 'segment'],
        ['three', 640, 'pause'],
      ]);
    });

    it('guesses the last word of a partial, and is right in the end', () => {
      const events = eventsOf({ revises: true });
      const partials = events.flatMap((event) => (event.type === 'partial' ? [event.text] : []));
      expect(partials).toEqual(['ones', 'one twos', 'one two threes']);
      expect(finalsOf({ revises: true }).map(({ text }) => text)).toEqual(['one two three']);
    });

    it('gives no word times', () => {
      expect(finalsOf({ untimed: true })).toMatchObject([{ text: 'one two three', words: [] }]);
    });

    it('has a watch that is fast or slow, never before the beginning', () => {
      const startsOf = (shiftMs: number) => finalsOf({ shiftMs })[0]?.words.map(({ startMs }) => startMs);
      expect(startsOf(40)).toEqual([40, 160, 280]);
      expect(startsOf(-40)).toEqual([0, 80, 200]);
      expect(finalsOf({ shiftMs: 40 })[0]?.settledMs).toBe(640);
    });
  });
});
