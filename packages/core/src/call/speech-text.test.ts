// Text for a voice: no character lost on the way into clauses, nothing said that only eyes can read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClauseSplitter, normaliseForSpeech } from './speech-text.js';

/** All pieces, pushed in chunks of so many characters. */
function split(text: string, size = text.length || 1): readonly string[] {
  const splitter = createClauseSplitter();
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(...splitter.push(text.slice(at, at + size)));
  return [...pieces, splitter.flush(true)].filter((piece) => piece !== '');
}

describe('clauses', () => {
  it.each([
    ['sentences', 'One is here. Two is there! Three?', ['One is here. ', 'Two is there! ', 'Three?']],
    ['a short first clause', 'Good morning, nice to hear you.', ['Good morning, ', 'nice to hear you.']],
    ['titles and initials', 'Ask Dr. A. Smith, please. Now.', ['Ask Dr. A. Smith, ', 'please. ', 'Now.']],
    ['numbers', 'It costs 3.50 in total. Fine.', ['It costs 3.50 in total. ', 'Fine.']],
    ['lists', '1. Bread\n2. Milk', ['1. Bread\n', '2. Milk']],
    ['quotes', 'He said "yes." Then he left.', ['He said "yes." ', 'Then he left.']],
  ])('end where %s do', (_, text, pieces) => {
    expect(split(text)).toEqual(pieces);
  });

  it('joined are the whole text, however it came', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.integer({ min: 1, max: 50 }),
        (text, size) => {
          expect(split(text, size).join('')).toBe(text);
        },
      ),
    );
  });

  it('are found in a flood, and never too long', () => {
    const flood = 'word '.repeat(200_000);
    const pieces = split(flood, 100_000);
    expect(pieces.join('')).toBe(flood);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(240);
    expect(split('x'.repeat(100_000)).every(({ length }) => length <= 240)).toBe(true);
  });

  it('may be flushed at the last whole word', () => {
    const splitter = createClauseSplitter();
    splitter.push('one two thr');
    expect(splitter.flush(false)).toBe('one two ');
    expect(splitter.flush(true)).toBe('thr');
  });
});

describe('what a voice is given', () => {
  it.each([
    ['**Sure**, _really_.', 'Sure, really.'],
    ['See [our page](https://example.com/a?b=c).', 'See our page.'],
    ['Go to https://www.example.com/a/b?c=d now.', 'Go to example.com now.'],
    ['# Heading\n- one\n- two', 'Heading one two'],
    ['a\u0000b\u0007c\u200Bd', 'a b c d'],
    ['Done 🎉👍🏽!', 'Done !'],
    ['<break time="9s"/>Hello <b>you</b>', 'Hello you'],
    ['`code` and ```\nblock\n```', 'code and block'],
    ['| a | b |', ', a, b,'],
    ['\uD800 lone', 'lone'],
    ['🎉', ''],
    ['...', ''],
  ])('%j is %j', (text, clean) => {
    expect(normaliseForSpeech(text)).toBe(clean);
  });

  it('has no markup and no control characters, whatever came', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        expect(normaliseForSpeech(text)).not.toMatch(/[<>\p{Cc}\p{Cs}]|\s\s/u);
      }),
    );
  });
});
