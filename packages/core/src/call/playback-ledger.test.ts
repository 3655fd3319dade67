// What was heard: never more than was sent, never more than was said, whatever the order of events.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import type { TtsWord } from '../spec/tts.js';
import {
  firstUnheardMs,
  heardText,
  nearlyHeardText,
  reduceLedger,
  type PlaybackLedger,
  type ReplyLedger,
} from './playback-ledger.js';

const turnId = 1;
const msPerCharacter = 60;
/** Punctuation behind a word belongs to it. */
const trailing = 4;

function reduce(bodies: readonly CallEventBody[]): ReplyLedger {
  let ledger: PlaybackLedger;
  const begin: CallEventBody = { type: 'reply-started', turnId, trigger: 'say', utterance: 0 };
  for (const [index, body] of [begin, ...bodies].entries())
    ledger = reduceLedger(ledger, { version: 1, seq: index + 1, atMs: index, ...body } satisfies CallEvent);
  if (ledger === undefined) throw new RangeError('no ledger');
  return ledger;
}

function wordsOf(text: string, textStart = 0, startMs = 0): readonly TtsWord[] {
  return [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    textStart: textStart + index,
    textEnd: textStart + index + word.length,
    startMs: startMs + index * msPerCharacter,
    endMs: startMs + (index + word.length) * msPerCharacter,
  }));
}

const said = (text: string, hasTimings: boolean): readonly CallEventBody[] => [
  { type: 'agent-text', turnId, text },
  { type: 'agent-segment', turnId, textStart: 0, startMs: 0 },
  ...(hasTimings ? [{ type: 'agent-words', turnId, words: wordsOf(text) } as const] : []),
  {
    type: 'agent-audio',
    turnId,
    producedMs: text.length * msPerCharacter,
    sentMs: text.length * msPerCharacter,
  },
];

describe('heard text', () => {
  it('ends with the last word that was played whole, with the punctuation behind it', () => {
    const text = 'Yes, of course. «Gladly!» Bye.';
    const ledger = reduce(said(text, true));
    expect(heardText(ledger, 'Yes,'.length * msPerCharacter)).toBe('Yes,');
    expect(heardText(ledger, 'Yes, of cou'.length * msPerCharacter)).toBe('Yes, of');
    expect(heardText(ledger, 'Yes, of course. «Gladly!»'.length * msPerCharacter)).toBe(
      'Yes, of course. «Gladly!»',
    );
    expect(heardText(ledger, 1e9)).toBe(text);
    expect(heardText(ledger, 0)).toBe('');
  });

  it('goes by the voice that said it: one that died had told of words to come', () => {
    const text = 'I had a problem';
    const again = wordsOf(text.slice(2), 2, 500);
    const ledger = reduce([
      { type: 'agent-text', turnId, text },
      { type: 'agent-segment', turnId, textStart: 0, startMs: 0 },
      { type: 'agent-words', turnId, words: wordsOf(text) },
      // It died after the first word; the next one begins with the second, later than it would have been.
      { type: 'agent-segment', turnId, textStart: 2, startMs: 500 },
      { type: 'agent-words', turnId, words: again },
      { type: 'agent-audio', turnId, producedMs: 2_000, sentMs: 2_000 },
    ]);
    expect(heardText(ledger, 600)).toBe('I');
    expect(heardText(ledger, 500 + 'had'.length * msPerCharacter)).toBe('I had');
    expect(firstUnheardMs(ledger, 600)).toBe(500);
  });

  it('takes punctuation that no word has', () => {
    const words = [{ textStart: 0, textEnd: 3, startMs: 0, endMs: 180 }];
    const ledger = reduce([
      { type: 'agent-text', turnId, text: 'Yes." No.' },
      { type: 'agent-segment', turnId, textStart: 0, startMs: 0 },
      { type: 'agent-words', turnId, words },
      { type: 'agent-audio', turnId, producedMs: 500, sentMs: 500 },
    ]);
    expect(heardText(ledger, 200)).toBe('Yes."');
  });

  it('without timings is cut at a word, by share of the time', () => {
    const text = 'one two three four five';
    const ledger = reduce(said(text, false));
    expect(heardText(ledger, (text.length * msPerCharacter) / 2)).toBe('one two');
    expect(heardText(ledger, text.length * msPerCharacter)).toBe(text);
  });

  it('goes over several syntheses', () => {
    const ledger = reduce([
      { type: 'agent-text', turnId, text: 'One two. ' },
      { type: 'agent-segment', turnId, textStart: 0, startMs: 0 },
      { type: 'agent-audio', turnId, producedMs: 540, sentMs: 540 },
      { type: 'agent-text', turnId, text: 'Three four.' },
      { type: 'agent-segment', turnId, textStart: 9, startMs: 540 },
      { type: 'agent-words', turnId, words: wordsOf('Three four.', 9, 540) },
      { type: 'agent-audio', turnId, producedMs: 1_200, sentMs: 1_200 },
    ]);
    expect(heardText(ledger, 530)).toBe('One two.');
    expect(heardText(ledger, 540 + 5 * msPerCharacter)).toBe('One two. Three');
  });
});

describe('whatever the order of events', () => {
  const text = fc
    .array(fc.constantFrom('yes', 'no', 'where', 'is', 'order', '4711', 'Zürich', '…'), {
      minLength: 1,
      maxLength: 12,
    })
    .map((words) => `${words.join(' ')}. `);
  const segments = fc.array(fc.record({ text, hasTimings: fc.boolean() }), { minLength: 1, maxLength: 4 });
  const progress = fc.array(
    fc.record({
      sent: fc.double({ min: 0, max: 1, noNaN: true }),
      played: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    {
      maxLength: 12,
    },
  );

  it('heard is a beginning of what was said, ends where a word does, and only grows with what was played', () => {
    fc.assert(
      fc.property(segments, progress, fc.infiniteStream(fc.boolean()), (parts, steps, coins) => {
        const bodies: CallEventBody[] = [];
        let length = 0;
        for (const part of parts) {
          const startMs = length * msPerCharacter;
          bodies.push({ type: 'agent-text', turnId, text: part.text });
          bodies.push({ type: 'agent-segment', turnId, textStart: length, startMs });
          if (part.hasTimings)
            bodies.push({ type: 'agent-words', turnId, words: wordsOf(part.text, length, startMs) });
          length += part.text.length;
        }
        const producedMs = length * msPerCharacter;
        for (const { sent, played } of steps) {
          const sentMs = sent * producedMs;
          // Play-out news and text come in any order.
          const place = coins.next().value === true ? bodies.length : Math.floor(sent * bodies.length);
          bodies.splice(
            place,
            0,
            { type: 'agent-audio', turnId, producedMs, sentMs },
            { type: 'agent-played', turnId, playedMs: sentMs * played },
          );
        }
        const ledger = reduce(bodies);
        const whole = ledger.text;
        let before = '';
        for (let ms = 0; ms <= producedMs + 100; ms += 97) {
          const heard = heardText(ledger, ms);
          expect(whole.startsWith(heard)).toBe(true);
          if (heard !== '') expect(whole.slice(heard.length)).toMatch(/^(\s|$)/);
          expect(heard.length).toBeLessThanOrEqual((ms + 20) / msPerCharacter + trailing);
          expect(heard.length).toBeGreaterThanOrEqual(before.length);
          expect(firstUnheardMs(ledger, ms)).toBeLessThanOrEqual(ms);
          before = heard;
        }
      }),
    );
  });
});

it('an interruption that was none goes on at the word that was cut', () => {
  const ledger = reduce(said('one two three', true));
  expect(firstUnheardMs(ledger, 300)).toBe(4 * msPerCharacter);
  expect(firstUnheardMs(reduce(said('one two three', false)), 300)).toBe(300);
});

it('nearly heard is also the word that is being played', () => {
  const text = 'Is it Monday? Or';
  const nearlyHeardAt = (playedMs: number): string => {
    const audio = { type: 'agent-audio', turnId, producedMs: 1_000, sentMs: 1_000 } as const;
    return nearlyHeardText(reduce([...said(text, true), audio, { type: 'agent-played', turnId, playedMs }]));
  };
  expect(nearlyHeardAt(0)).toBe('Is');
  expect(nearlyHeardAt(7 * msPerCharacter)).toBe('Is it Monday?');
  expect(nearlyHeardAt(1_000)).toBe(text);
});
