// What a recogniser says: the right words at the right times, settled once and for all.
import assert from 'node:assert/strict';
import { wordsAsHeard } from '../oracle/word-code.js';
import type { Check } from './check.js';
import { finalsOf, scriptMs, sttScript, type SttBench, type SttFacts } from './stt-bench.js';

type SttCheck = Check<SttBench, SttFacts>;

/** Providers give times as decimals of a second. */
const toleranceMs = 20;
const scriptText = sttScript.map(({ text }) => text).join(' ');

function assertNear(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= toleranceMs, `${what}: ${actual} ms, expected ${expected} ms.`);
}

function spelled(text: string): string {
  return wordsAsHeard(text).join(' ');
}

/** Everything a stream says about the whole script. */
async function hearScript(bench: SttBench): Promise<ReturnType<SttBench['open']>['reading']> {
  const { stream, reading } = bench.open();
  bench.write(stream, scriptMs);
  stream.end();
  assert.deepEqual(await reading.end(), { type: 'returned' });
  return reading;
}

const undeclared = (what: string) => `${what} is not declared`;

export const sttResultChecks: readonly SttCheck[] = [
  {
    title: 'says every word in a final, once, in order',
    async run(bench) {
      const finals = finalsOf((await hearScript(bench)).items);
      assert.equal(spelled(finals.map(({ text }) => text).join(' ')), scriptText);
    },
  },
  {
    title: 'gives every final a settledMs that never goes back and never lies ahead of the audio',
    async run(bench) {
      let settledMs = 0;
      for (const final of finalsOf((await hearScript(bench)).items)) {
        assert.ok(Number.isFinite(final.settledMs), 'Every final has settledMs, also an empty one.');
        assert.ok(
          final.settledMs >= settledMs,
          `settledMs went back from ${settledMs} to ${final.settledMs}.`,
        );
        assert.ok(
          final.settledMs <= scriptMs + toleranceMs,
          `settledMs ${final.settledMs} lies ahead of the audio.`,
        );
        assert.ok(final.endMs <= final.settledMs + toleranceMs, 'A final ends before what it settles.');
        settledMs = final.settledMs;
      }
      assert.ok(settledMs > 0, 'Something was settled.');
    },
  },
  {
    title: 'timing word: times every word of a final',
    notFor: ({ capabilities }) => (capabilities.timing === 'word' ? undefined : 'timing is not word'),
    async run(bench) {
      const words = finalsOf((await hearScript(bench)).items).flatMap((final) => final.words);
      assert.deepEqual(
        words.map(({ text }) => spelled(text)),
        sttScript.map(({ text }) => text),
      );
      for (const [index, word] of words.entries()) {
        assertNear(word.startMs, sttScript[index]?.startMs ?? 0, `The start of "${word.text}"`);
        assertNear(word.endMs, sttScript[index]?.endMs ?? 0, `The end of "${word.text}"`);
        assert.ok(
          word.confidence === undefined || (word.confidence >= 0 && word.confidence <= 1),
          'Confidence is 0 to 1.',
        );
      }
    },
  },
  {
    title: 'timing word or segment: tells where a final begins and ends',
    notFor: ({ capabilities }) => (capabilities.timing === 'none' ? 'timing is none' : undefined),
    async run(bench) {
      const finals = finalsOf((await hearScript(bench)).items).filter(({ text }) => text !== '');
      const [first] = finals;
      const last = finals.at(-1);
      assert.ok(first && last && first !== last, 'The script has two utterances.');
      const isTight = bench.capabilities.timing === 'word';
      if (isTight) assertNear(first.startMs, 200, 'The start of the first utterance');
      assert.ok(
        first.startMs <= 200 + toleranceMs && first.endMs >= 720 - toleranceMs,
        'The first final spans its words.',
      );
      assert.ok(
        last.startMs >= 720 - toleranceMs && last.startMs <= 1600 + toleranceMs,
        'The last final begins after the first.',
      );
      assert.ok(last.endMs >= 2680 - toleranceMs, 'The last final spans its words.');
    },
  },
  {
    title: 'timing segment or none: promises no words it can not time',
    notFor: ({ capabilities }) => (capabilities.timing === 'word' ? 'timing is word' : undefined),
    async run(bench) {
      for (const final of finalsOf((await hearScript(bench)).items)) assert.deepEqual(final.words, []);
    },
  },
  {
    title: 'partials: shows words before they are final, and only those not yet final',
    notFor: ({ capabilities }) => (capabilities.partials ? undefined : undeclared('partials')),
    async run(bench) {
      let settled = 0;
      let partials = 0;
      for (const event of (await hearScript(bench)).items) {
        if (event.type === 'final') settled += wordsAsHeard(event.text).length;
        if (event.type !== 'partial') continue;
        partials += 1;
        const expected = sttScript
          .slice(settled)
          .map(({ text }) => text)
          .join(' ');
        assert.ok(
          expected.startsWith(spelled(event.text)),
          `"${event.text}" is not what follows the last final ("${expected}").`,
        );
        assert.ok(event.startMs <= event.endMs, 'A partial begins before it ends.');
      }
      assert.ok(partials > 0, 'There were no partials.');
    },
  },
  {
    title: 'no partials declared: gives none',
    notFor: ({ capabilities }) => (capabilities.partials ? 'partials are declared' : undefined),
    async run(bench) {
      assert.ok((await hearScript(bench)).items.every(({ type }) => type !== 'partial'));
    },
  },
  {
    title: 'speechEvents: says where speech starts and ends, once per utterance, before its final',
    notFor: ({ capabilities }) => (capabilities.speechEvents ? undefined : undeclared('speechEvents')),
    async run(bench) {
      const { items } = await hearScript(bench);
      const starts = items.filter((event) => event.type === 'speech-start');
      const ends = items.filter((event) => event.type === 'speech-end');
      assert.equal(starts.length, 2, 'Two utterances start twice.');
      assert.ok(ends.length === 2, 'Two utterances end twice.');
      assertNear(starts[0]?.atMs ?? -1, 200, 'The first start');
      assertNear(starts[1]?.atMs ?? -1, 1600, 'The second start');
      assert.ok(
        (ends[0]?.atMs ?? 0) >= 720 - toleranceMs && (ends[0]?.atMs ?? 0) <= 1600,
        'The first end lies after its words.',
      );
      assert.ok(
        items.findIndex(({ type }) => type === 'speech-start') <
          items.findIndex(({ type }) => type === 'final'),
      );
    },
  },
  {
    title: 'no speechEvents declared: gives none',
    notFor: ({ capabilities }) => (capabilities.speechEvents ? 'speechEvents are declared' : undefined),
    async run(bench) {
      assert.ok(
        (await hearScript(bench)).items.every(({ type }) => type !== 'speech-start' && type !== 'speech-end'),
      );
    },
  },
  {
    title: 'turnEvents: says when the speaker is done, after the final',
    notFor: ({ capabilities }) => (capabilities.turnEvents ? undefined : undeclared('turnEvents')),
    async run(bench) {
      const { items } = await hearScript(bench);
      const ends = items.filter((event) => event.type === 'turn-end' && !event.eager);
      assert.equal(ends.length, 2, 'Two utterances are two turns.');
      for (const end of ends) {
        const saidBefore = finalsOf(items.slice(0, items.indexOf(end)));
        assert.ok(saidBefore.length > 0, 'The words of a turn are final when it ends.');
      }
      const first = ends[0];
      assert.ok(
        first?.type === 'turn-end' && first.atMs >= 720 - toleranceMs && first.atMs <= 1600,
        'A turn ends after its words.',
      );
    },
  },
  {
    title: 'turnEvents: takes an eager end back when the speaker goes on',
    notFor: ({ capabilities, dialect }) =>
      !capabilities.turnEvents
        ? undeclared('turnEvents')
        : dialect.eagerTurns === true
          ? undefined
          : 'the provider has no eager ends',
    async run(bench) {
      bench.fake.hear([
        { text: 'one', startMs: 200, endMs: 400 },
        { text: 'two', startMs: 640, endMs: 840 },
      ]);
      const { items } = await hearScript(bench);
      const turns = items.filter(({ type }) => type === 'turn-end' || type === 'turn-resumed');
      const told = turns.map((event) =>
        event.type === 'turn-end' ? (event.eager ? 'eager' : 'end') : 'resumed',
      );
      assert.deepEqual(told.slice(0, 2), ['eager', 'resumed']);
      assert.equal(told.at(-1), 'end');
    },
  },
  {
    title: 'no turnEvents declared: gives none',
    notFor: ({ capabilities }) => (capabilities.turnEvents ? 'turnEvents are declared' : undefined),
    async run(bench) {
      assert.ok(
        (await hearScript(bench)).items.every(({ type }) => type !== 'turn-end' && type !== 'turn-resumed'),
      );
    },
  },
  {
    title: 'diarization: tells the speakers apart',
    notFor: ({ capabilities }) => (capabilities.diarization ? undefined : undeclared('diarization')),
    async run(bench) {
      const { stream, reading } = bench.open({ diarize: true });
      bench.write(stream, scriptMs);
      stream.end();
      await reading.end();
      assert.equal(bench.fake.sessions[0]?.heard.asked.diarize, true, 'The provider was asked for it.');
      const speakers = finalsOf(reading.items).flatMap((final) =>
        final.words.map(({ speaker }) => speaker ?? final.speaker),
      );
      assert.ok(
        speakers.length > 0 && speakers.every((speaker) => speaker !== undefined),
        'Every word has a speaker.',
      );
      assert.equal(new Set(speakers).size, 2, 'The script has two speakers.');
    },
  },
];
