// What the contracts of STT, TTS and LLM promise alike: naming failures, stopping, leaving nothing behind, keeping secrets.
import assert from 'node:assert/strict';
import type { ErrorClass } from '@voicewire/core/adapter';
import type { Misbehaviour } from '../fakes/misbehaviour.js';
import {
  assertSocketsGone,
  spokenSecret,
  unlessUndetectable,
  useAndFail,
  useWhole,
  type Bench,
  type CommonFacts,
} from './bench.js';
import type { Check } from './check.js';
import type { Reading } from './reading.js';
import {
  abortListeners,
  assertNoSecrets,
  assertVoiceError,
  collectSystemTimers,
  collectUnhandled,
  nextTurn,
  pause,
} from './watch.js';

type SharedCheck = Check<Bench, CommonFacts>;

const classOfStatus: readonly (readonly [number, ErrorClass])[] = [
  [401, 'auth'],
  [402, 'quota'],
  [403, 'auth'],
  [404, 'invalid_request'],
  [429, 'rate_limit'],
  [500, 'unavailable'],
  [503, 'unavailable'],
];

/** A failure on demand, and what it must be called. */
function failing(
  title: string,
  misbehaviour: Misbehaviour,
  classes: readonly ErrorClass[] = [],
): SharedCheck {
  return {
    title,
    notFor: unlessUndetectable(misbehaviour.type),
    async run(bench) {
      bench.fake.misbehave(misbehaviour);
      assertVoiceError(await useAndFail(bench), bench.stage, classes);
    },
  };
}

export const failureChecks: readonly SharedCheck[] = [
  {
    title:
      'tells refusals apart: 401 and 403 auth, 402 quota, 404 invalid_request, 429 rate_limit, 500 and 503 unavailable',
    async run(bench) {
      for (const [status, errorClass] of classOfStatus) {
        bench.fake.misbehave({ type: 'refuse', status }, { times: 1 });
        const error = assertVoiceError(await useAndFail(bench), bench.stage, [errorClass]);
        assert.equal(error.status, status, 'The error carries the status.');
      }
    },
  },
  {
    title: 'passes Retry-After on as retryAfterMs',
    async run(bench) {
      bench.fake.misbehave({ type: 'refuse', status: 429, retryAfterMs: 7000 });
      assert.equal(assertVoiceError(await useAndFail(bench), bench.stage).retryAfterMs, 7000);
    },
  },
  {
    title: 'says auth when the key is wrong',
    notFor: ({ dialect }) =>
      dialect.credential === undefined && dialect.unauthorizedClose === undefined ? 'no key' : undefined,
    async run(bench) {
      const adapter = bench.createAdapter({ ...bench.target, apiKey: 'another-key-0123456789' });
      assertVoiceError(await useAndFail(bench, { adapter }), bench.stage, ['auth']);
    },
  },
  {
    title: 'says unavailable when nobody listens',
    async run(bench) {
      await bench.fake.close();
      assertVoiceError(await useAndFail(bench), bench.stage, ['unavailable']);
    },
  },
  failing('fails when closed on opening', { type: 'close-on-open', code: 1011 }),
  failing('says unavailable when reset in the middle', { type: 'reset', afterEvents: 1 }, ['unavailable']),
  failing('fails when the peer ends in the middle with code 1000', { type: 'silent-eof', afterEvents: 1 }),
  failing('fails when the proof of completeness is missing', { type: 'early-end' }),
  failing('fails on a success with nothing in it', { type: 'empty-200' }),
  failing('says protocol when a message can not be read', { type: 'garbage', afterEvents: 1 }, ['protocol']),
  failing('says protocol when bytes come where text is due', { type: 'binary', afterEvents: 1 }, [
    'protocol',
  ]),
  failing('gives up on a message of 10 MB', { type: 'huge', afterEvents: 1 }, ['protocol', 'capacity']),
  {
    title: 'ignores messages of a type it does not know',
    notFor: unlessUndetectable('unknown-type'),
    async run(bench) {
      bench.fake.misbehave({ type: 'unknown-type', afterEvents: 1 });
      assert.deepEqual(await useWhole(bench), { type: 'returned' });
    },
  },
  {
    title: 'never tries again by itself',
    async run(bench) {
      bench.fake.misbehave({ type: 'refuse', status: 503 }, { times: 1 });
      await useAndFail(bench);
      bench.fake.misbehave({ type: 'reset', afterEvents: 1 }, { times: 1 });
      await useAndFail(bench);
      // Long enough for the impatient first retry of client libraries.
      await pause(250);
      assert.equal(bench.fake.requests.length, 2, 'Two uses are two requests.');
    },
  },
  {
    title: 'throws no unhandled rejection when nobody reads the failure',
    isExclusive: true,
    async run(bench) {
      const reasons = await collectUnhandled(async () => {
        bench.fake.misbehave({ type: 'refuse', status: 500 });
        bench.begin();
        await pause(50);
      });
      assert.deepEqual(reasons, []);
    },
  },
  {
    title: 'keeps keys, addresses and spoken words out of its errors',
    async run(bench) {
      const secrets = [bench.target.apiKey, spokenSecret];
      const faults: readonly Misbehaviour[] = [
        { type: 'refuse', status: 401 },
        { type: 'refuse', status: 500 },
        { type: 'reset', afterEvents: 3 },
        { type: 'garbage', afterEvents: 3 },
        { type: 'error', afterEvents: 3 },
      ];
      for (const fault of faults) {
        bench.fake.misbehave(fault, { times: 1 });
        const outcome = await useWhole(bench);
        if (outcome.type === 'threw') assertNoSecrets(outcome.error, secrets);
      }
      await bench.fake.close();
      assertNoSecrets(await useAndFail(bench), secrets);
    },
  },
];

/** The first result is here; a recogniser's `ready` is none. */
function firstResult(reading: Reading<unknown>): Promise<void> {
  const isResult = (item: unknown): boolean => (item as { readonly type: string }).type !== 'ready';
  return reading.until(() => reading.items.some(isResult), 'the first result');
}

/** Aborts a use under way and expects its end. */
async function abortAndExpect(
  bench: Bench,
  when: (reading: Reading<unknown>) => Promise<void>,
): Promise<void> {
  const begun = bench.begin();
  const reading = bench.read(begun.stream);
  await when(reading);
  const reason = new Error('the caller hung up');
  begun.controller.abort(reason);
  const outcome = await reading.end();
  assert.equal(
    outcome.type === 'threw' && outcome.error,
    reason,
    'The iterable throws the reason of its signal.',
  );
  await assertSocketsGone(bench);
}

export const stoppingChecks: readonly SharedCheck[] = [
  {
    title: 'ends with the reason of its signal, and its socket is gone within 500 ms: in the middle',
    async run(bench) {
      bench.fake.misbehave({ type: 'stall', afterEvents: 1 });
      await abortAndExpect(bench, firstResult);
    },
  },
  {
    title: 'ends with the reason of its signal, and its socket is gone within 500 ms: while nobody answers',
    async run(bench) {
      bench.fake.misbehave({ type: 'black-hole' });
      await abortAndExpect(bench, () => bench.fake.until(() => bench.fake.requests.length === 1));
    },
  },
  {
    title: 'ends with the reason of its signal, and its socket is gone within 500 ms: while nothing is said',
    async run(bench) {
      bench.fake.misbehave({ type: 'mute' });
      await abortAndExpect(bench, () => bench.fake.until(() => bench.fake.sessions.length === 1));
    },
  },
  {
    title: 'connects to nothing when its signal is aborted already',
    async run(bench) {
      const controller = new AbortController();
      const reason = new Error('never mind');
      controller.abort(reason);
      const outcome = await useWhole(bench, { controller });
      assert.equal(
        outcome.type === 'threw' && outcome.error,
        reason,
        'The iterable throws the reason of its signal.',
      );
      await pause(100);
      assert.equal(bench.fake.requests.length, 0);
    },
  },
  {
    title: 'lets one reader read, and throws for a second',
    async run(bench) {
      const { stream } = bench.begin();
      const reading = bench.read(stream);
      assert.throws(() => stream[Symbol.asyncIterator](), 'A second iterator throws.');
      assert.deepEqual(await reading.end(), { type: 'returned' }, 'The first reader is not disturbed.');
    },
  },
  {
    title: 'leaves no timer and no listener behind, however it ends',
    async run(bench) {
      for (const ending of ['whole', 'failed', 'aborted'] as const) {
        if (ending === 'failed') bench.fake.misbehave({ type: 'reset', afterEvents: 1 }, { times: 1 });
        if (ending === 'aborted') bench.fake.misbehave({ type: 'stall', afterEvents: 1 }, { times: 1 });
        const begun = bench.begin();
        const reading = bench.read(begun.stream);
        if (ending === 'aborted') {
          await firstResult(reading);
          begun.controller.abort(new Error('enough'));
        }
        await reading.end();
        bench.finish(begun);
        await bench.fake.until(() => bench.fake.sessions.every(({ ended }) => ended !== undefined), {
          what: 'sessions to end',
        });
        for (let turn = 0; turn < 5; turn += 1) await nextTurn();
        assert.equal(bench.clock.pending, 0, `Timers are left when ${ending}.`);
        for (const signal of begun.signals)
          assert.equal(abortListeners(signal), 0, `Abort listeners are left when ${ending}.`);
      }
    },
  },
  {
    title: 'takes its timers from the clock it is given',
    isExclusive: true,
    async run(bench) {
      const callers = await collectSystemTimers(async () => {
        const begun = bench.begin();
        assert.deepEqual(await bench.read(begun.stream).end(), { type: 'returned' });
        bench.finish(begun);
        bench.fake.misbehave({ type: 'reset', afterEvents: 1 }, { times: 1 });
        await useWhole(bench);
      });
      assert.deepEqual(callers, [], 'Timers of the system were used, by the code named here.');
    },
  },
];

export const identityChecks: readonly SharedCheck[] = [
  {
    title: 'has a healthKey that differs by endpoint and by credential, and does not show the credential',
    async run({ adapter, target, dialect, createAdapter }) {
      const same = createAdapter(target);
      const elsewhere = createAdapter({ ...target, url: 'http://127.0.0.2:1', wsUrl: 'ws://127.0.0.2:1' });
      const otherKey = createAdapter({ ...target, apiKey: 'another-key-0123456789' });
      assert.equal(same.healthKey, adapter.healthKey, 'Equal settings have equal keys.');
      assert.notEqual(elsewhere.healthKey, adapter.healthKey, 'Another endpoint has another health.');
      const isKeyless = dialect.credential === undefined;
      assert.equal(
        otherKey.healthKey === adapter.healthKey,
        isKeyless,
        'Another credential has another health.',
      );
      assert.ok(!adapter.healthKey.includes(target.apiKey), 'The credential is hashed with a salt.');
      assert.ok(adapter.provider !== '', 'The provider has a name.');
    },
  },
];
