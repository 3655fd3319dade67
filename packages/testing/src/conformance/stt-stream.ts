// How a recognition runs: audio in, flush, end, bounds, and requests reaching the provider as they were made.
import assert from 'node:assert/strict';
import { ConfigError, type SttRequest } from '@voicewire/core/adapter';
import { timedWords } from '../script-recogniser.js';
import { wordsAsHeard } from '../oracle/word-code.js';
import { assertSocketsGone, leaveAfter, unlessUndetectable } from './bench.js';
import type { Check } from './check.js';
import { finalsOf, scriptMs, type SttBench, type SttFacts } from './stt-bench.js';
import { assertVoiceError, pause } from './watch.js';

type SttCheck = Check<SttBench, SttFacts>;

const toleranceMs = 20;
const megabyte = new Uint8Array(1024 * 1024);

async function heardAll(bench: SttBench, ms: number): Promise<void> {
  await bench.fake.until(() => (bench.fake.sessions[0]?.heard.audioMs ?? 0) >= ms, {
    what: `${ms} ms of audio to arrive`,
  });
}

/** Asking for what is not declared: told before anything connects. */
async function assertRefused(bench: SttBench, request: Partial<SttRequest>): Promise<void> {
  assert.throws(
    () => bench.open(request),
    (error) => ConfigError.is(error),
    `open() throws a ConfigError for ${Object.keys(request).join()} that is not declared.`,
  );
  await pause(20);
  assert.equal(bench.fake.requests.length, 0, 'Nothing was connected.');
}

export const sttStreamChecks: readonly SttCheck[] = [
  {
    title: 'says ready first, once',
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, scriptMs);
      stream.end();
      await reading.end();
      assert.equal(reading.items[0]?.type, 'ready');
      assert.equal(reading.items.filter(({ type }) => type === 'ready').length, 1);
    },
  },
  {
    title: 'delivers all audio in order, also what was written before ready',
    async run(bench) {
      const { stream, reading } = bench.open();
      const audio = bench.audio(1000);
      const half = audio.length / 2;
      stream.write(audio.subarray(0, half / 2));
      stream.write(audio.subarray(half / 2, half));
      await reading.until(() => reading.items.length > 0, 'ready');
      stream.write(audio.subarray(half));
      stream.end();
      await reading.end();
      assert.deepEqual(
        Buffer.from(bench.fake.sessions[0]?.heard.audio() ?? []),
        Buffer.from(bench.audio(1000)),
      );
    },
  },
  {
    title: 'leaves the bytes it is given as they are, and sends no empty audio',
    async run(bench) {
      const { stream, reading } = bench.open();
      const audio = bench.audio(200);
      stream.write(audio);
      stream.write(new Uint8Array());
      stream.end();
      await reading.end();
      assert.deepEqual(audio, bench.audio(200));
      assert.equal(
        bench.fake.sessions[0]?.heard.emptyAudio,
        0,
        'Some providers take empty audio for a close.',
      );
    },
  },
  {
    title: 'gives up audio that nobody takes while connecting, with capacity',
    isHeavy: true,
    async run(bench) {
      bench.fake.misbehave({ type: 'black-hole' });
      const { stream, reading } = bench.open();
      for (let count = 0; count < 64; count += 1) stream.write(megabyte);
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'stt', ['capacity']);
    },
  },
  {
    title: 'gives up audio that the provider stops reading',
    isHeavy: true,
    async run(bench) {
      bench.fake.misbehave({ type: 'stop-reading' });
      const { stream, reading } = bench.open();
      await bench.fake.until(() => bench.fake.sessions.length === 1);
      for (let count = 0; count < 64 && reading.outcome === undefined; count += 1) {
        stream.write(megabyte);
        await pause(1);
      }
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'stt', ['capacity', 'stalled']);
    },
  },
  {
    title: 'stops reading the provider while nobody reads its results, and loses none',
    isHeavy: true,
    async run(bench) {
      const count = 2400;
      bench.fake.hear(timedWords('word '.repeat(count), { startMs: 0, msPerWord: 4, gapMs: 0 }));
      const controller = new AbortController();
      const stream = bench.adapter.open({
        format: bench.format,
        clock: bench.clock,
        signal: controller.signal,
        isSpeech: () => true,
      });
      bench.write(stream, count * 4 + 500);
      await heardAll(bench, count * 4);
      const [session] = bench.fake.sessions;
      if (bench.capabilities.partials) {
        await bench.fake.until(() => (session?.sentCount ?? 0) >= count, { what: 'all partials to be sent' });
        // What the system takes without a reader it takes at once.
        await pause(100);
        assert.ok((session?.bufferedBytes ?? 0) > 0, 'The socket was read although nobody read the stream.');
      }
      stream.end();
      const reading = bench.read(stream);
      assert.deepEqual(await reading.end(), { type: 'returned' });
      const words = finalsOf(reading.items).flatMap(({ text }) => wordsAsHeard(text));
      assert.equal(words.length, count, 'Every word came in the end.');
    },
  },
  {
    title: 'flush: makes all audio so far final, then says flushed',
    notFor: ({ capabilities }) => (capabilities.flush ? undefined : 'flush is not declared'),
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 600);
      stream.flush();
      await reading.until(() => reading.items.some(({ type }) => type === 'flushed'), 'flushed');
      const flushed = reading.items.findIndex(({ type }) => type === 'flushed');
      const finals = finalsOf(reading.items.slice(0, flushed));
      assert.equal(
        wordsAsHeard(finals.map(({ text }) => text).join(' ')).join(' '),
        'hello',
        'The words so far are final.',
      );
      const event = reading.items[flushed];
      const settledMs = event?.type === 'flushed' ? event.settledMs : 0;
      assert.ok(
        Math.abs(settledMs - 600) <= toleranceMs,
        `flushed settles all audio so far: ${settledMs} of 600 ms.`,
      );
      bench.write(stream, scriptMs - 600);
      stream.end();
      await reading.end();
      const all = finalsOf(reading.items).map(({ text }) => text);
      assert.match(
        wordsAsHeard(all.join(' ')).join(' '),
        /^hello .*where is my parcel$/,
        'The rest comes afterwards, and nothing twice.',
      );
    },
  },
  {
    title: 'flush: is answered also when there is nothing to say',
    notFor: ({ capabilities }) => (capabilities.flush ? undefined : 'flush is not declared'),
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 100);
      stream.flush();
      await reading.until(() => reading.items.some(({ type }) => type === 'flushed'), 'flushed');
    },
  },
  {
    title: 'no flush declared: flush does nothing',
    notFor: ({ capabilities }) => (capabilities.flush ? 'flush is declared' : undefined),
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 600);
      stream.flush();
      bench.write(stream, scriptMs - 600);
      stream.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.ok(
        reading.items.every(({ type }) => type !== 'flushed'),
        'Nothing was flushed.',
      );
      assert.equal(bench.fake.sessions[0]?.heard.audioMs, scriptMs, 'The stream went on.');
    },
  },
  {
    title: 'end: tells the provider, waits for the rest, returns, and its socket is gone',
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 500);
      stream.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(
        wordsAsHeard(
          finalsOf(reading.items)
            .map(({ text }) => text)
            .join(' '),
        )[0],
        'hello',
        'The last words came.',
      );
      assert.equal(bench.fake.sessions[0]?.heard.audioMs, 500);
      await assertSocketsGone(bench, 1000);
    },
  },
  {
    title: 'takes write, flush and end after its end without throwing or sending',
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 100);
      stream.end();
      stream.write(bench.audio(20));
      stream.flush();
      stream.end();
      await reading.end();
      stream.write(bench.audio(20));
      stream.flush();
      stream.end();
      const heard = bench.fake.sessions[0]?.heard;
      assert.equal(heard?.audioMs, 100);
      assert.equal(
        heard?.controls.filter((type) => type === 'flush').length,
        0,
        'A flush after the end is none.',
      );
    },
  },
  {
    title: 'fails when the peer closes before it was asked to, even with code 1000',
    async run(bench) {
      const { stream, reading } = bench.open();
      bench.write(stream, 600);
      await heardAll(bench, 600);
      bench.fake.sessions[0]?.misbehave({ type: 'close', code: 1000 });
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'stt');
    },
  },
  {
    title: 'idleLimitMs: calls it idle when the provider closes with nothing in flight',
    notFor: ({ capabilities }) =>
      capabilities.idleLimitMs === undefined ? 'idleLimitMs is not declared' : undefined,
    async run(bench) {
      const { reading } = bench.open();
      await reading.until(() => reading.items.length > 0, 'ready');
      bench.fake.sessions[0]?.closeIdle();
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'stt', ['idle']);
    },
  },
  {
    title: 'tells how many messages of a type it does not know it skipped',
    notFor: unlessUndetectable('unknown-type'),
    async run(bench) {
      const skipped: number[] = [];
      bench.fake.misbehave({ type: 'unknown-type', afterEvents: 1 });
      const { stream, reading } = bench.open({
        onAttempt: (report) => {
          if (report.type === 'skipped') skipped.push(report.count);
        },
      });
      bench.write(stream, scriptMs);
      stream.end();
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.deepEqual(skipped, [1], 'By `onAttempt`, and none of those it knows.');
    },
  },
  {
    title: 'leaving the loop closes the connection',
    async run(bench) {
      const controller = new AbortController();
      const stream = bench.adapter.open({
        format: bench.format,
        clock: bench.clock,
        signal: controller.signal,
        isSpeech: () => true,
      });
      bench.write(stream, scriptMs);
      await leaveAfter(bench, stream, ({ type }) => type !== 'ready');
      await assertSocketsGone(bench);
      assert.equal(bench.clock.pending, 0, 'No timer is left.');
    },
  },
  {
    title: 'does not mix two streams that run at once',
    async run(bench) {
      const first = bench.open();
      await first.reading.until(() => first.reading.items.length > 0, 'ready');
      bench.fake.hear(timedWords('something else'));
      const second = bench.open();
      for (const { stream } of [first, second]) bench.write(stream, scriptMs);
      for (const { stream } of [first, second]) stream.end();
      const texts = [];
      for (const { reading } of [first, second]) {
        assert.deepEqual(await reading.end(), { type: 'returned' });
        texts.push(
          wordsAsHeard(
            finalsOf(reading.items)
              .map(({ text }) => text)
              .join(' '),
          ).join(' '),
        );
      }
      assert.deepEqual(texts, ['hello zanzibar where is my parcel', 'something else']);
    },
  },
  {
    title: 'opens with every format it declares, and the provider is told which',
    async run(bench) {
      for (const [index, format] of bench.capabilities.formats.entries()) {
        const { stream, reading } = bench.open({ format });
        stream.write(new Uint8Array(format.channels * 640).fill(1));
        stream.end();
        assert.deepEqual(await reading.end(), { type: 'returned' });
        assert.deepEqual(bench.fake.sessions[index]?.heard.asked.format, format);
      }
    },
  },
  {
    title: 'tells the provider the language it is asked for',
    async run(bench) {
      const language = bench.capabilities.languages?.[0] ?? 'en';
      const { stream, reading } = bench.open({ language });
      stream.end();
      await reading.end();
      assert.equal(bench.fake.sessions[0]?.heard.asked.language, language);
    },
  },
  {
    title: 'keyterms: tells the provider all of them',
    notFor: ({ capabilities }) => (capabilities.keyterms ? undefined : 'keyterms are not declared'),
    async run(bench) {
      const keyterms = ['Zanzibar', 'two words', 'a&b=c'];
      const { stream, reading } = bench.open({ keyterms });
      stream.end();
      await reading.end();
      assert.deepEqual(bench.fake.sessions[0]?.heard.asked.keyterms, keyterms);
    },
  },
  {
    title: 'refuses a format it does not declare with a ConfigError, before anything connects',
    async run(bench) {
      await assertRefused(bench, { format: { encoding: 'pcm_s16le', sampleRate: 12_345, channels: 2 } });
    },
  },
  {
    title: 'no keyterms declared: refuses them with a ConfigError, before anything connects',
    notFor: ({ capabilities }) => (capabilities.keyterms ? 'keyterms are declared' : undefined),
    async run(bench) {
      await assertRefused(bench, { keyterms: ['Zanzibar'] });
    },
  },
  {
    title: 'no diarization declared: refuses it with a ConfigError, before anything connects',
    notFor: ({ capabilities }) => (capabilities.diarization ? 'diarization is declared' : undefined),
    async run(bench) {
      await assertRefused(bench, { diarize: true });
    },
  },
  {
    title: 'languages: refuses one it does not list with a ConfigError, before anything connects',
    notFor: ({ capabilities }) =>
      capabilities.languages === undefined ? 'any language may be asked for' : undefined,
    async run(bench) {
      await assertRefused(bench, { language: 'tlh' });
    },
  },
  {
    title: 'declares limits that make sense',
    async run({ capabilities }) {
      assert.ok(capabilities.formats.length > 0, 'At least one format.');
      assert.ok(capabilities.maxReplayRate >= 1, 'maxReplayRate is at least real time.');
      for (const limit of [capabilities.idleLimitMs, capabilities.sessionLimitMs]) {
        assert.ok(limit === undefined || limit >= 1000, 'Limits are milliseconds, or left out.');
      }
    },
  },
];
