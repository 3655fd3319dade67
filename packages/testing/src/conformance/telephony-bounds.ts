// What must not disturb a call, and who is let in: bad messages, forged webhooks and upgrades, declared commands.
import assert from 'node:assert/strict';
import type { CallControl, MediaUpgrade } from '@voicewire/core/adapter';
import type { Check } from './check.js';
import { needsMedia } from './telephony-media.js';
import type { SignedWebhook, TelephonyBench, TelephonyFacts } from './telephony-bench.js';
import type { BroughtCall } from './telephony-call.js';
import { assertVoiceError } from './watch.js';

type TelephonyCheck = Check<TelephonyBench, TelephonyFacts>;

const hostile: readonly (string | Uint8Array)[] = [
  '',
  'no json at all',
  '{"event": "media", "type": "audio"',
  'null',
  '42',
  '[]',
  '{}',
  '{"__proto__":{"event":"stop"}}',
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  JSON.stringify({ event: 'media', type: 'audio', payload: 'A'.repeat(2_000_000) }),
];

/** The call goes on: what the caller says afterwards is heard, and the connection is open. */
async function assertGoesOn(bench: TelephonyBench, call: BroughtCall): Promise<void> {
  const caller = await call.caller;
  const speaking = caller.say('still here');
  await bench.clock.advance(2000);
  await speaking;
  const [label = ''] = call.carrier.call.tracks;
  assert.deepEqual(
    call.wordsOf(label).map(({ text }) => text),
    ['still', 'here'],
    'What the caller says is heard.',
  );
  assert.deepEqual([call.reading.outcome, call.closeCode], [undefined, undefined], 'The call goes on.');
}

function skippedOf({ reading }: BroughtCall): number {
  return reading.items.reduce((sum, event) => sum + (event.type === 'skipped' ? event.count : 0), 0);
}

const needsUpgrade = ({ adapter }: TelephonyFacts): string | undefined =>
  adapter.media?.verifyUpgrade === undefined ? 'upgrades carry no signature' : undefined;

function signedUpgrade({ dialect, publicUrl }: TelephonyBench): MediaUpgrade {
  const headers = Object.entries(dialect.upgradeHeaders?.(publicUrl) ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  return { publicUrl, headers: Object.fromEntries(headers) as Record<string, string> };
}

function assertForged(bench: TelephonyBench, upgrade: MediaUpgrade): void {
  assert.throws(
    () => bench.media.verifyUpgrade?.(upgrade),
    (error) => assertVoiceError(error, 'telephony', ['auth']) !== undefined,
  );
}

const needsWebhook = ({ adapter, webhook }: TelephonyFacts): string | undefined =>
  adapter.webhook === undefined
    ? 'the adapter takes no webhooks'
    : webhook === undefined
      ? 'the test gives no webhook'
      : undefined;

async function sendWebhook(
  bench: TelephonyBench,
  change: (request: Request) => Request | Promise<Request> = (request) => request,
) {
  const { request, context } = bench.webhook as SignedWebhook;
  return bench.adapter.webhook?.(await change(await request()), context);
}

/** The same with its last letter or digit another one, under the signature of what it was. */
async function alterBody(request: Request): Promise<Request> {
  const original = await request.text();
  const body = original.replace(/[a-z\d](?=[^a-z\d]*$)/i, (character) => (character === '1' ? '2' : '1'));
  assert.notEqual(body, original, 'The webhook that the test gives has nothing to alter in its body.');
  return new Request(request.url, { method: request.method, headers: request.headers, body });
}

async function dropSignature(request: Request): Promise<Request> {
  const headers = { 'content-type': request.headers.get('content-type') ?? '' };
  return new Request(request.url, { method: request.method, body: await request.text(), headers });
}

export const telephonyBoundChecks: readonly TelephonyCheck[] = [
  {
    title: 'skips and counts messages it can not read, and the call goes on',
    notFor: needsMedia,
    async run(bench) {
      for (const message of hostile) {
        const call = bench.bring();
        await bench.clock.advance(60);
        call.receive(message);
        await bench.clock.advance(20);
        assert.equal(skippedOf(call), 1, `Skipped and counted: ${String(message).slice(0, 40)}`);
        await assertGoesOn(bench, call);
        call.connection.close();
      }
    },
  },
  {
    title: 'closes the socket after a run of messages it can not read',
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      for (let count = 0; count < 5000 && call.closeCode === undefined; count += 1)
        call.receive('no json at all');
      assert.notEqual(call.closeCode, undefined, 'A socket that says nothing but nonsense is closed.');
      const outcome = await call.reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'telephony');
    },
  },
  {
    title: 'goes on when the carrier says something new',
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(60);
      call.receive(bench.dialect.unknownMessage ?? '{"event":"not-yet-invented","type":"not-yet-invented"}');
      await assertGoesOn(bench, call);
    },
  },
  {
    title: 'hears nothing before the start',
    notFor: needsMedia,
    async run(bench) {
      const { dialect } = bench;
      const conversation = dialect.connect({
        callId: 'call-1',
        streamId: 'stream-1',
        parameters: {},
        tracks: ['caller'],
      });
      const frame = new Uint8Array(160).fill(1);
      const before = conversation.write({
        type: 'audio',
        track: 'caller',
        audio: frame,
        atMs: 0,
        sequence: 0,
      });
      const call = bench.bring({ before });
      await bench.clock.advance(0);
      assert.deepEqual(call.inbound, []);
      assert.ok(
        call.reading.items.some(({ type }) => type === 'start'),
        'The call begins all the same.',
      );
      await assertGoesOn(bench, call);
    },
  },
  {
    title: 'takes no second start',
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(60);
      const other = bench.dialect.connect({
        callId: 'call-2',
        streamId: 'stream-2',
        parameters: {},
        tracks: ['caller'],
      });
      for (const message of other.write({ type: 'start' })) call.receive(message);
      await bench.clock.advance(20);
      const starts = call.reading.items.filter(({ type }) => type === 'start');
      assert.equal(starts.length, 1);
      await assertGoesOn(bench, call);
    },
  },
  {
    title: 'hears nothing that belongs to another stream',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.dialect.namesStreams === true ? undefined : 'messages do not name their stream'),
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(60);
      const heard = call.inbound.length;
      const other = bench.dialect.connect({
        callId: 'call-2',
        streamId: 'stream-2',
        parameters: {},
        tracks: ['caller'],
      });
      const foreign = [
        ...other.write({
          type: 'audio',
          track: 'caller',
          audio: new Uint8Array(160).fill(1),
          atMs: 60,
          sequence: 3,
        }),
        ...other.write({ type: 'dtmf', digit: '1', track: 'caller' }),
        ...other.write({ type: 'stop' }),
      ];
      for (const message of foreign) call.receive(message);
      assert.equal(call.inbound.length, heard);
      await bench.clock.advance(20);
      assert.ok(
        call.reading.items.every(({ type }) => type !== 'dtmf' && type !== 'stop'),
        'Keys and stops of others are not ours.',
      );
      await assertGoesOn(bench, call);
      call.connection.close();
      await call.reading.end();
      assert.equal(skippedOf(call), foreign.length, 'They were counted.');
    },
  },
  {
    title: 'verifyUpgrade: lets in what the carrier signed',
    notFor: needsUpgrade,
    async run(bench) {
      assert.doesNotThrow(() => bench.media.verifyUpgrade?.(signedUpgrade(bench)));
    },
  },
  {
    title: 'verifyUpgrade: says auth to no signature, to an altered one, and to one for another address',
    notFor: needsUpgrade,
    async run(bench) {
      const signed = signedUpgrade(bench);
      const altered = Object.entries(signed.headers).map(([name, value = '']) => [
        name,
        `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`,
      ]);
      assertForged(bench, { ...signed, headers: {} });
      assertForged(bench, { ...signed, headers: Object.fromEntries(altered) as Record<string, string> });
      assertForged(bench, { ...signed, publicUrl: `${signed.publicUrl}/elsewhere` });
    },
  },
  {
    title: 'webhook: reads what the carrier signed, and answers',
    notFor: needsWebhook,
    async run(bench) {
      const webhook = await sendWebhook(bench);
      assert.equal(webhook?.events[0]?.type, bench.webhook?.expects);
      const response = webhook?.respond([{ type: 'hangup' }]);
      assert.ok(response instanceof Response && response.ok, 'The answer is a success.');
      const document = bench.adapter.respond?.([{ type: 'hangup' }]);
      if (document === undefined) return;
      assert.equal(document.headers.get('content-type'), response.headers.get('content-type'));
      assert.equal(await document.text(), await response.text(), 'A document says what an answer says.');
    },
  },
  {
    title: 'webhook: says auth to no signature, to an altered body, and to another address',
    notFor: needsWebhook,
    async run(bench) {
      const { context } = bench.webhook as SignedWebhook;
      const forgeries = [
        () => sendWebhook(bench, dropSignature),
        () => sendWebhook(bench, alterBody),
        async () =>
          bench.adapter.webhook?.(await (bench.webhook as SignedWebhook).request(), {
            ...context,
            publicUrl: `${context.publicUrl}/elsewhere`,
          }),
      ];
      for (const forge of forgeries) {
        await assert.rejects(
          forge(),
          (error) => assertVoiceError(error, 'telephony', ['auth']) !== undefined,
        );
      }
    },
  },
  {
    title: 'control: has exactly the commands it declares',
    async run({ adapter, capabilities }) {
      for (const [command, isDeclared] of Object.entries(capabilities.control)) {
        assert.equal(
          adapter.control[command as keyof CallControl] !== undefined,
          isDeclared,
          `control.${command}`,
        );
      }
    },
  },
  {
    title: 'declares what the carrier does: formats, frames, pacing, marks',
    async run({ capabilities, dialect }) {
      assert.deepEqual(
        capabilities.inbound.filter((format) => isSame(format, dialect.inbound)).length,
        1,
        'The inbound format is declared.',
      );
      assert.deepEqual(
        capabilities.outbound.filter((format) => isSame(format, dialect.outbound)).length,
        1,
        'The outbound format is declared.',
      );
      assert.equal(capabilities.frameMs, dialect.frameMs);
      assert.ok(capabilities.tracks.length > 0, 'At least one track.');
      assert.equal(capabilities.pacing, dialect.pacing ?? 'carrier');
      assert.equal(capabilities.marks, dialect.marks ?? 'played');
    },
  },
  {
    title: 'has a healthKey that differs by credential and does not show it',
    notFor: ({ hasOther }) => (hasOther ? undefined : 'the test gives no other credential'),
    async run({ adapter, createOther }) {
      const other = createOther();
      assert.notEqual(other?.healthKey, adapter.healthKey);
      assert.equal(createOther()?.healthKey, other?.healthKey, 'Equal settings have equal keys.');
      assert.ok(
        adapter.provider !== '' && adapter.healthKey.startsWith(adapter.provider),
        'The key begins with the provider.',
      );
    },
  },
];

function isSame(a: object, b: object): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
