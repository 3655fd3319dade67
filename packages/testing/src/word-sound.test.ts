// Word-coded sound survives what happens to audio on its way through a call.
import { bytesFor, createConverter, silence, type AudioFormat } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { createWordReader, readWords } from './oracle/word-reader.js';
import { wordsAsHeard } from './oracle/word-code.js';
import { speechSound } from './word-sound.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const formats: readonly AudioFormat[] = [
  telephone,
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 22050, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 24000, channels: 2 },
  { encoding: 'pcm_s16le', sampleRate: 48000, channels: 1 },
];
const sentence = "Your order 4711 didn't arrive; good-bye, Zoë!";
const texts = (words: readonly { text: string }[]): string[] => words.map(({ text }) => text);

describe('speechSound and createWordReader', () => {
  it.each(formats)(
    'reads back every letter in $encoding at $sampleRate Hz, $channels channel(s)',
    (format) => {
      const words = readWords(speechSound(sentence, format), format);
      expect(texts(words)).toEqual(['your', 'order', '4711', "didn't", 'arrive', 'good-bye', 'zoe']);
      expect(texts(words)).toEqual(wordsAsHeard(sentence));
    },
  );

  it('times words to 10 ms from the first byte', () => {
    const words = readWords(
      Buffer.concat([silence(500, telephone), speechSound('one two', telephone)]),
      telephone,
    );
    expect(words).toEqual([
      { text: 'one', startMs: 500, endMs: 680 },
      { text: 'two', startMs: 740, endMs: 920 },
    ]);
  });

  it('reads the same whatever the pieces, odd bytes included', () => {
    const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 };
    const sound = speechSound(sentence, format);
    const reader = createWordReader(format);
    const words = [];
    for (let start = 0; start < sound.length; start += 333)
      words.push(...reader.read(sound.subarray(start, start + 333)));
    words.push(...reader.cut());
    expect(words).toEqual(readWords(sound, format));
  });

  it('survives µ-law to 16 kHz to 24 kHz and back, at half the level, from any sample', () => {
    const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 };
    const wider: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 24000, channels: 1 };
    let sound = Buffer.concat([silence(33.5, telephone), speechSound(sentence, telephone)]);
    for (const [from, to] of [
      [telephone, wide],
      [wide, wider],
      [wider, telephone],
    ] as const) {
      const converter = createConverter(from, to);
      sound = Buffer.concat([converter.push(sound), converter.flush()]);
    }
    expect(texts(readWords(sound, telephone))).toEqual(wordsAsHeard(sentence));
  });

  it('hears a cut word as far as it went, and knows no more than that', () => {
    const sound = speechSound('delivery', telephone);
    const reader = createWordReader(telephone);
    expect(reader.read(sound.subarray(0, bytesFor(300, telephone)))).toEqual([]);
    expect(reader.decidedMs).toBe(0);
    expect(reader.cut()).toEqual([{ text: 'deliv', startMs: 0, endMs: 300 }]);
  });

  it('hears nothing in silence and in noise', () => {
    let seed = 1;
    const noise = Buffer.from(
      Array.from({ length: 16000 }, () => (seed = (seed * 48271) % 2147483647) & 0xff),
    );
    expect(readWords(silence(2000, telephone), telephone)).toEqual([]);
    expect(readWords(noise, telephone)).toEqual([]);
  });
});
