// What a voice says: all of the text, with true word times, in the format, voice and language asked for.
import assert from 'node:assert/strict';
import { bytesFor, ConfigError, durationMs } from '@voicewire/core/adapter';
import { readWords } from '../oracle/word-reader.js';
import { wordsAsHeard } from '../oracle/word-code.js';
import type { Check } from './check.js';
import {
  audioOf,
  heardUtterances,
  spokenText,
  ttsText,
  wordTimesOf,
  type TtsBench,
  type TtsFacts,
} from './tts-bench.js';
import { pause } from './watch.js';

type TtsCheck = Check<TtsBench, TtsFacts>;

const toleranceMs = 25;
const textWords = wordsAsHeard(ttsText).join(' ');

export const ttsSpeechChecks: readonly TtsCheck[] = [
  {
    title: 'speaks every word, and gives all audio it got',
    async run(bench) {
      const { reading } = bench.connect().say(ttsText);
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(spokenText(reading.items, bench.format), textWords);
      const spokenMs = heardUtterances(bench.fake).reduce((sum, utterance) => sum + utterance.spokenMs, 0);
      assert.equal(
        audioOf(reading.items).length,
        bytesFor(spokenMs, bench.format),
        'No byte more or less than the provider sent.',
      );
      assert.ok(
        reading.items.every((event) => event.type !== 'audio' || event.audio.length > 0),
        'No piece of audio is empty.',
      );
    },
  },
  {
    title: 'wordTimings: tells which text is spoken when, also over several writes',
    notFor: ({ capabilities }) => (capabilities.wordTimings ? undefined : 'wordTimings are not declared'),
    async run(bench) {
      const { utterance, reading } = bench.connect().speak();
      const cuts = bench.capabilities.textStreaming ? [9, 22] : [];
      for (const [index, cut] of [...cuts, ttsText.length].entries())
        utterance.write(ttsText.slice(index === 0 ? 0 : cuts[index - 1], cut));
      utterance.end();
      await reading.end();
      const times = wordTimesOf(reading.items);
      const told = times.map(({ textStart, textEnd }) => ttsText.slice(textStart, textEnd));
      assert.deepEqual(
        told.flatMap((text) => wordsAsHeard(text)),
        wordsAsHeard(ttsText),
        'Offsets count in the text as it was written.',
      );
      for (const [index, heard] of readWords(audioOf(reading.items), bench.format).entries()) {
        const { startMs = -1, endMs = -1 } = times[index] ?? {};
        assert.ok(
          Math.abs(startMs - heard.startMs) <= toleranceMs,
          `"${heard.text}" is heard at ${heard.startMs} ms, not at ${startMs}.`,
        );
        assert.ok(
          endMs >= heard.endMs - toleranceMs,
          `"${heard.text}" ends at ${heard.endMs} ms, not at ${endMs}.`,
        );
      }
    },
  },
  {
    title: 'wordTimings: a word is announced no later than its audio is over',
    notFor: ({ capabilities }) => (capabilities.wordTimings ? undefined : 'wordTimings are not declared'),
    async run(bench) {
      const { reading } = bench.connect().say(ttsText);
      await reading.end();
      let audioMs = 0;
      let before = 0;
      for (const event of reading.items) {
        if (event.type === 'audio') {
          before = audioMs;
          audioMs += durationMs(event.audio.length, bench.format);
          continue;
        }
        const late = event.words.find((word) => word.endMs < before - toleranceMs);
        assert.equal(late, undefined, 'Times of a word come with the audio it ends in, or before.');
      }
    },
  },
  {
    title: 'no wordTimings declared: gives none',
    notFor: ({ capabilities }) => (capabilities.wordTimings ? 'wordTimings are declared' : undefined),
    async run(bench) {
      const { reading } = bench.connect().say(ttsText);
      await reading.end();
      assert.deepEqual(wordTimesOf(reading.items), []);
    },
  },
  {
    title: 'textStreaming: joins what is written piece by piece',
    notFor: ({ capabilities }) => (capabilities.textStreaming ? undefined : 'textStreaming is not declared'),
    async run(bench) {
      const { utterance, reading } = bench.connect().speak();
      for (const character of ttsText.split('')) utterance.write(character);
      utterance.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(spokenText(reading.items, bench.format), textWords);
    },
  },
  {
    title: 'textStreaming: a flush speaks what is there, and more may follow',
    notFor: ({ capabilities }) => (capabilities.textStreaming ? undefined : 'textStreaming is not declared'),
    async run(bench) {
      const { utterance, reading } = bench.connect().speak();
      utterance.write('Hello zanzibar. ');
      utterance.flush();
      await reading.until(
        () => spokenText(reading.items, bench.format) === 'hello zanzibar',
        'flushed text to be spoken',
      );
      utterance.write('Goodbye.');
      utterance.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(spokenText(reading.items, bench.format), 'hello zanzibar goodbye');
    },
  },
  {
    title: 'takes nothing to say for a success without audio',
    async run(bench) {
      const { say, speak } = bench.connect();
      for (const text of ['', ' ', '\n \t']) {
        const { reading } = say(text);
        assert.deepEqual(await reading.end(), { type: 'returned' });
        assert.equal(audioOf(reading.items).length, 0);
      }
      const { utterance, reading } = speak();
      utterance.flush();
      utterance.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      const { reading: next } = say(ttsText);
      await next.end();
      assert.equal(spokenText(next.items, bench.format), textWords, 'The session goes on.');
    },
  },
  {
    title: 'speaks every format it declares, and the provider is told which',
    async run(bench) {
      for (const format of bench.capabilities.formats) {
        const known = heardUtterances(bench.fake).length;
        const { say, session } = bench.connect({ format });
        const { reading } = say('hello');
        assert.deepEqual(await reading.end(), { type: 'returned' });
        assert.deepEqual(heardUtterances(bench.fake)[known]?.asked.format, format);
        assert.equal(spokenText(reading.items, format), 'hello');
        session.close();
      }
    },
  },
  {
    title: 'refuses a format it does not declare with a ConfigError, before anything connects',
    async run(bench) {
      const request = { format: { encoding: 'pcm_s16le', sampleRate: 12_345, channels: 2 } } as const;
      assert.throws(
        () => bench.connect(request),
        (error) => ConfigError.is(error),
      );
      await pause(20);
      assert.equal(bench.fake.requests.length, 0, 'Nothing was connected.');
    },
  },
  {
    title: 'speaks in the voice it is asked for, and an utterance may ask for another',
    async run(bench) {
      const { say } = bench.connect({ voice: 'voice-a' });
      for (const voice of [undefined, 'voice-b'])
        await say('hello', voice === undefined ? {} : { voice }).reading.end();
      assert.deepEqual(
        heardUtterances(bench.fake).map(({ asked }) => asked.voice),
        ['voice-a', 'voice-b'],
      );
    },
  },
  {
    title: 'speaks the language it is asked for, and an utterance may ask for another',
    async run(bench) {
      const { say } = bench.connect({ language: 'en' });
      for (const language of [undefined, 'de'])
        await say('hello', language === undefined ? {} : { language }).reading.end();
      assert.deepEqual(
        heardUtterances(bench.fake).map(({ asked }) => asked.language),
        ['en', 'de'],
      );
    },
  },
];
