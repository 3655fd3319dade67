// How a voice's session lives: ready, closed, utterances side by side, cancelled ones, limits.
import assert from 'node:assert/strict';
import { durationMs } from '@voicewire/core/adapter';
import { wordsAsHeard } from '../oracle/word-code.js';
import { assertSocketsGone, leaveAfter } from './bench.js';
import type { Check } from './check.js';
import { audioOf, heardUtterances, spokenText, ttsText, type TtsBench, type TtsFacts } from './tts-bench.js';
import { abortListeners, assertVoiceError, nextTurn, pause } from './watch.js';

type TtsCheck = Check<TtsBench, TtsFacts>;

const longText =
  'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.';
const overSockets = ({ dialect }: TtsFacts): string | undefined =>
  dialect.open === undefined ? 'the provider is asked anew for each utterance' : undefined;

/** The provider knows that this utterance is not wanted any more. */
async function assertCancelled(bench: TtsBench): Promise<void> {
  const isOff = (): boolean =>
    bench.fake.sessions.every(
      ({ heard, ended }) =>
        ended !== undefined || heard.utterances.every(({ state }) => state === 'cancelled'),
    );
  await bench.fake.until(isOff, { what: 'the provider to be told of the cancellation' });
}

export const ttsSessionChecks: readonly TtsCheck[] = [
  {
    title: 'ready resolves; what was spoken before it is spoken',
    async run(bench) {
      const { session, say } = bench.connect();
      const { reading } = say(ttsText);
      await bench.wait(session.ready, 'ready');
      assert.deepEqual(await reading.end(), { type: 'returned' });
    },
  },
  {
    title: 'ready rejects when the connection is refused, and closed resolves with the same failure',
    notFor: overSockets,
    async run(bench) {
      bench.fake.misbehave({ type: 'refuse', status: 503 });
      const { session } = bench.connect();
      const rejected = session.ready.then(
        () => undefined,
        (error: unknown) => error,
      );
      const failure = await bench.wait(rejected, 'ready to reject');
      assertVoiceError(failure, 'tts', ['unavailable']);
      assert.equal(await bench.wait(session.closed, 'closed to resolve'), failure);
    },
  },
  {
    title: 'close: ends utterances with an error, resolves closed with undefined, and its socket is gone',
    async run(bench) {
      bench.fake.misbehave({ type: 'stall', afterEvents: 1 });
      const { session, say } = bench.connect();
      const { reading } = say(longText);
      await reading.until(() => reading.items.length > 0, 'the first audio');
      session.close();
      session.close();
      assert.equal((await reading.end()).type, 'threw', 'An utterance that was not complete fails.');
      assert.equal(await bench.wait(session.closed, 'closed to resolve'), undefined);
      await assertSocketsGone(bench);
    },
  },
  {
    title: 'closed resolves with the failure when the peer closes between utterances, and calls it idle',
    notFor: overSockets,
    async run(bench) {
      const { session, say } = bench.connect();
      await bench.wait(session.ready, 'ready');
      if (bench.dialect.closesAfterFinal !== true) await say(ttsText).reading.end();
      await bench.fake.until(() => bench.fake.sessions.length > 0);
      bench.fake.sessions.at(-1)?.closeIdle();
      assertVoiceError(await bench.wait(session.closed, 'closed to resolve'), 'tts', ['idle']);
    },
  },
  {
    title: 'closed resolves with the failure that struck in mid-utterance',
    notFor: overSockets,
    async run(bench) {
      bench.fake.misbehave({ type: 'close', code: 1011, afterEvents: 1 });
      const { session, say } = bench.connect();
      const outcome = await say(longText).reading.end();
      assert.equal(
        outcome.type === 'threw' && outcome.error,
        await bench.wait(session.closed, 'closed to resolve'),
      );
      assertVoiceError(await bench.wait(session.closed, 'closed to resolve'), 'tts', ['unavailable']);
    },
  },
  {
    title: 'takes write, flush and end after its end without throwing or sending',
    async run(bench) {
      const { utterance, reading } = bench.connect().say(ttsText);
      utterance.write('more');
      utterance.flush();
      utterance.end();
      await reading.end();
      utterance.write('more');
      utterance.flush();
      utterance.end();
      assert.equal(spokenText(reading.items, bench.format), wordsAsHeard(ttsText).join(' '));
      assert.ok(heardUtterances(bench.fake).every(({ text }) => !text.includes('more')));
    },
  },
  {
    title: 'cancel: throws the reason, tells the provider, and drops audio that is still on its way',
    async run(bench) {
      bench.fake.misbehave({ type: 'slow', delayMs: 15 });
      const { say, controller: session } = bench.connect();
      const { reading, controller } = say(longText);
      await reading.until(() => reading.items.length > 0, 'the first audio');
      const reason = new Error('barge-in');
      controller.abort(reason);
      const outcome = await reading.end();
      assert.equal(
        outcome.type === 'threw' && outcome.error,
        reason,
        'The utterance throws the reason of its signal.',
      );
      await assertCancelled(bench);
      const { reading: next } = say('hello');
      assert.deepEqual(await next.end(), { type: 'returned' });
      assert.equal(
        spokenText(next.items, bench.format),
        'hello',
        'The next utterance says its own words and no others.',
      );
      assert.equal(
        abortListeners(controller.signal),
        0,
        'No listener is left on the signal of the utterance.',
      );
      assert.ok(!session.signal.aborted);
    },
  },
  {
    title: 'leaving the loop cancels the utterance',
    async run(bench) {
      bench.fake.misbehave({ type: 'slow', delayMs: 15 });
      const { session } = bench.connect();
      const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
      utterance.write(longText);
      utterance.end();
      await leaveAfter(bench, utterance, ({ type }) => type === 'audio');
      await assertCancelled(bench);
    },
  },
  {
    title: 'says nothing of an utterance that was aborted before it began',
    async run(bench) {
      const { session } = bench.connect();
      const reason = new Error('too late');
      const utterance = session.speak({ bufferedMs: () => 0, signal: AbortSignal.abort(reason) });
      utterance.write(ttsText);
      utterance.end();
      const outcome = await bench.read(utterance).end();
      assert.equal(outcome.type === 'threw' && outcome.error, reason);
      await bench.wait(session.ready, 'ready');
      await pause(20);
      assert.ok(
        heardUtterances(bench.fake).every(({ text }) => text === ''),
        'Nothing was sent.',
      );
    },
  },
  {
    title: 'speaks as many utterances at once as it declares, each its own words',
    async run(bench) {
      const { say } = bench.connect();
      const count = Math.min(bench.capabilities.concurrentUtterances, 5);
      const texts = Array.from({ length: count }, (_, index) => `hello ${'x'.repeat(index + 1)} goodbye`);
      const open = texts.map((text) => say(text));
      for (const { reading } of open) assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.deepEqual(
        open.map(({ reading }) => spokenText(reading.items, bench.format)),
        texts,
      );
    },
  },
  {
    title: 'throws capacity for one utterance more, until one is over or cancelled',
    async run(bench) {
      bench.fake.misbehave({ type: 'stall', afterEvents: 0 });
      const { speak, session } = bench.connect();
      const { concurrentUtterances } = bench.capabilities;
      assert.ok(concurrentUtterances >= 1, 'At least one utterance.');
      const open = Array.from({ length: concurrentUtterances }, () => speak());
      for (const { utterance } of open) utterance.write(ttsText);
      assert.throws(
        () => speak(),
        (error) => assertVoiceError(error, 'tts', ['capacity']) !== undefined,
      );
      open[0]?.controller.abort(new Error('barge-in'));
      await nextTurn();
      const { utterance } = speak();
      utterance.end();
      session.close();
    },
  },
  {
    title: 'stops reading the provider while nobody reads its audio, and loses none',
    isHeavy: true,
    async run(bench) {
      const text = `${'word '.repeat(5000)}end.`;
      const { session } = bench.connect();
      const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
      utterance.write(text);
      utterance.end();
      await bench.fake.until(() => heardUtterances(bench.fake)[0]?.state === 'complete', {
        what: 'all audio to be sent',
        timeoutMs: 4 * bench.deadlineMs,
      });
      // What the system takes without a reader it takes at once.
      await pause(100);
      assert.ok(
        (bench.fake.sessions[0]?.bufferedBytes ?? 0) > 0,
        'The socket was read although nobody read the utterance.',
      );
      const reading = bench.read(utterance);
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(
        durationMs(audioOf(reading.items).length, bench.format),
        heardUtterances(bench.fake)[0]?.spokenMs,
        'All audio came in the end.',
      );
    },
  },
  {
    title: 'does not mix two sessions that run at once',
    async run(bench) {
      const texts = ['hello there', 'something else'];
      const open = texts.map((text) => bench.connect().say(text));
      for (const { reading } of open) assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.deepEqual(
        open.map(({ reading }) => spokenText(reading.items, bench.format)),
        texts,
      );
    },
  },
  {
    title: 'ready and closed harm nobody who does not look at them',
    notFor: overSockets,
    async run(bench) {
      bench.fake.misbehave({ type: 'refuse', status: 500 }, { times: 1 });
      const { session } = bench.connect();
      await assert.doesNotReject(bench.wait(session.closed, 'closed to resolve'), 'closed never rejects.');
    },
  },
  {
    title: 'declares limits that make sense',
    async run({ capabilities: { formats, concurrentUtterances, idleLimitMs } }) {
      assert.ok(formats.length > 0, 'At least one format.');
      assert.ok(
        Number.isInteger(concurrentUtterances) && concurrentUtterances >= 1,
        'At least one utterance at once.',
      );
      assert.ok(idleLimitMs === undefined || idleLimitMs >= 1000, 'The limit is milliseconds, or left out.');
    },
  },
];
