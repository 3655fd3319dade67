// What happens on a call's media connection: audio both ways, marks, clear, keys, its beginning and its end.
import assert from 'node:assert/strict';
import { bytesFor, durationMs, type MediaEvent } from '@voicewire/core/adapter';
import { speechSound } from '../word-sound.js';
import type { Check } from './check.js';
import type { TelephonyBench, TelephonyFacts } from './telephony-bench.js';
import type { BringOptions, BroughtCall } from './telephony-call.js';
import { abortListeners, assertVoiceError } from './watch.js';

type TelephonyCheck = Check<TelephonyBench, TelephonyFacts>;

export const needsMedia = ({ adapter }: TelephonyFacts): string | undefined =>
  adapter.media === undefined ? 'the adapter carries no media' : undefined;

function marksOf({ reading }: BroughtCall): readonly Extract<MediaEvent, { type: 'mark' }>[] {
  return reading.items.filter((event) => event.type === 'mark');
}

const said = 'hello zanzibar';
const saidAtMs = 1000;

/** Says the words over a wire that does something to messages, and expects every sample of them in its place. */
async function assertHeardInPlace(
  bench: TelephonyBench,
  wire: NonNullable<BringOptions['wire']>,
): Promise<void> {
  const call = bench.bring({
    script: async (caller) => {
      await caller.wait(saidAtMs);
      await caller.say(said);
      await caller.wait(200);
    },
    wire,
  });
  await bench.clock.advance(3000);
  const { inbound } = bench.dialect;
  const [label = 'caller'] = call.carrier.call.tracks;
  assert.deepEqual(
    call.wordsOf(label).map(({ text }) => text),
    said.split(' '),
    'Every word is heard.',
  );
  const sound = Buffer.from(speechSound(said, inbound));
  const from = bytesFor(saidAtMs, inbound);
  const heard = Buffer.from(call.timeline(label)).subarray(from, from + sound.length);
  assert.ok(heard.equals(sound), 'Every frame is heard in its place.');
}

export const telephonyMediaChecks: readonly TelephonyCheck[] = [
  {
    title: 'start: says whose call it is, its token and parameters, its tracks and both formats',
    notFor: needsMedia,
    async run(bench) {
      const { dialect, capabilities } = bench;
      const parameters = { language: 'de', note: 'a & b <c>' };
      const { reading } = bench.bring({
        call: { callId: 'call-77', streamId: 'stream-8', token: 'one-time', parameters },
      });
      await bench.clock.advance(0);
      const [start] = reading.items;
      assert.ok(start?.type === 'start', 'The first event is the start.');
      assert.deepEqual(
        [start.callId, start.token, start.parameters, start.outbound],
        ['call-77', 'one-time', parameters, dialect.outbound],
      );
      if (dialect.namesStreams === true) assert.equal(start.streamId, 'stream-8');
      assert.deepEqual(
        start.tracks.map(({ format }) => format),
        [dialect.inbound],
      );
      assert.ok(
        start.tracks.every(({ label }) => capabilities.tracks.includes(label)),
        'Tracks have labels that were declared.',
      );
    },
  },
  {
    title: 'start: has no token where the carrier sent none',
    notFor: needsMedia,
    async run(bench) {
      const { reading } = bench.bring();
      await bench.clock.advance(0);
      const [start] = reading.items;
      assert.ok(start?.type === 'start' && start.token === undefined);
    },
  },
  {
    title: "gives the caller's audio at once, unchanged, frame by frame, with its position",
    notFor: needsMedia,
    async run(bench) {
      const { dialect } = bench;
      const sound = speechSound('hello zanzibar', dialect.inbound);
      const call = bench.bring({ script: (caller) => caller.play(sound) });
      await bench.clock.advance(2000);
      const heard = Buffer.concat(call.inbound.map(({ audio }) => audio));
      assert.deepEqual(heard.subarray(0, sound.length), Buffer.from(sound));
      const { frameMs } = dialect;
      assert.deepEqual(
        call.inbound.slice(0, 3).map(({ atMs }) => Math.round(atMs)),
        [0, frameMs, 2 * frameMs],
      );
      assert.ok(
        call.inbound.every(({ track }) => bench.capabilities.tracks.includes(track)),
        'Tracks have labels that were declared.',
      );
    },
  },
  {
    title: 'keeps the time of audio when frames are missing',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.dialect.timesAudio === true ? undefined : 'the carrier does not tell the time of its audio'),
    async run(bench) {
      await assertHeardInPlace(bench, (message, index) => (index >= 10 && index < 20 ? [] : [message]));
    },
  },
  {
    title: 'hears frames once and in order when they come twice or swapped',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.dialect.timesAudio === true ? undefined : 'the carrier does not tell the time of its audio'),
    async run(bench) {
      let late: readonly (string | Uint8Array)[] = [];
      await assertHeardInPlace(bench, (message, index) => {
        if (index % 10 === 3) return [message, message];
        if (index % 10 === 6) {
          late = [message];
          return [];
        }
        return index % 10 === 7 ? [message, ...late] : [message];
      });
    },
  },
  {
    title: 'send: the carrier plays what it is given, byte by byte',
    notFor: needsMedia,
    async run(bench) {
      const { connection, carrier } = bench.bring();
      await bench.clock.advance(100);
      const sound = speechSound('your parcel is here', bench.dialect.outbound);
      connection.send(sound.subarray(0, 1000));
      connection.send(new Uint8Array());
      connection.send(sound.subarray(1000));
      await bench.clock.advance(3000);
      assert.deepEqual(Buffer.concat(carrier.played().map(({ audio }) => audio)), Buffer.from(sound));
      assert.deepEqual(
        carrier.commands.filter(({ type }) => type === 'unreadable'),
        [],
        'The carrier understood everything.',
      );
    },
  },
  {
    title: 'marks: come back when their audio was played, with their id and generation',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.adapter.capabilities.marks === 'none' ? 'marks are not declared' : undefined),
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      const second = speechSound('hello zanzi', bench.dialect.outbound);
      const ids = ['1-1', 'with:colon/and space', 'ünïcode "quoted"'];
      for (const [index, id] of ids.entries()) {
        call.connection.send(second);
        call.connection.mark(id, index + 3);
      }
      await bench.clock.advance(600);
      assert.deepEqual(marksOf(call), [], 'No mark comes before its audio was played.');
      await bench.clock.advance(3000);
      assert.deepEqual(
        marksOf(call).map(({ id, generation }) => [id, generation]),
        ids.map((id, index) => [id, index + 3]),
      );
    },
  },
  {
    title: 'no marks declared: none come back, and asking for them harms nothing',
    notFor: (facts) =>
      needsMedia(facts) ?? (facts.adapter.capabilities.marks === 'none' ? undefined : 'marks are declared'),
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      call.connection.mark('a', 0);
      await bench.clock.advance(1000);
      assert.deepEqual(marksOf(call), []);
      assert.deepEqual(
        call.carrier.commands.filter(({ type }) => type === 'unreadable'),
        [],
      );
    },
  },
  {
    title: 'clear: takes back what was not played; marks come back or not, as declared',
    notFor: (facts) =>
      needsMedia(facts) ?? (facts.adapter.capabilities.clear ? undefined : 'clear is not declared'),
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      call.connection.send(speechSound('one two three four five six seven eight', bench.dialect.outbound));
      call.connection.mark('end', 4);
      await bench.clock.advance(500);
      call.connection.clear();
      await bench.clock.advance(100);
      call.connection.send(speechSound('stop', bench.dialect.outbound));
      call.connection.mark('after', 5);
      await bench.clock.advance(3000);
      assert.match(
        call.carrier.heardText(),
        /^one two?\S* stop$/,
        'Only what was played before, and what came after.',
      );
      if (bench.capabilities.marks === 'none') return;
      const { clearReturnsMarks } = bench.capabilities;
      const marks = marksOf(call).map(({ id, generation }) => `${id} ${generation}`);
      assert.deepEqual(
        marks,
        clearReturnsMarks ? ['end 4', 'after 5'] : ['after 5'],
        'clearReturnsMarks is what the carrier does.',
      );
    },
  },
  {
    title: 'played: says how much the far end has played since the last clear, and after how many clears',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.dialect.reportPlayedEveryMs === undefined
        ? 'the carrier does not say what it has played'
        : undefined),
    async run(bench) {
      const { connection, reading } = bench.bring();
      await bench.clock.advance(100);
      connection.send(speechSound('hello zanzibar', bench.dialect.outbound));
      await bench.clock.advance(400);
      connection.clear();
      const { outbound } = bench.dialect;
      const after = speechSound('hello', outbound);
      connection.send(after);
      await bench.clock.advance(2000);
      const played = reading.items.filter((event) => event.type === 'played');
      assert.equal(played[0]?.generation, 0);
      assert.ok((played[0]?.playedMs ?? 0) > 0, 'Says so while it plays.');
      assert.equal(played.at(-1)?.generation, 1);
      const missingMs = durationMs(after.length, outbound) - (played.at(-1)?.playedMs ?? 0);
      assert.ok(Math.abs(missingMs) <= 30, 'Counts the audio sent since the last clear.');
    },
  },
  {
    title: 'dtmfIn: gives every key, in order',
    notFor: (facts) =>
      needsMedia(facts) ?? (facts.adapter.capabilities.dtmfIn ? undefined : 'dtmfIn is not declared'),
    async run(bench) {
      const { reading } = bench.bring({ script: (caller) => caller.press('19*0#', { gapMs: 40 }) });
      await bench.clock.advance(1000);
      assert.equal(
        reading.items.flatMap((event) => (event.type === 'dtmf' ? [event.digit] : [])).join(''),
        '19*0#',
      );
    },
  },
  {
    title: 'dtmfOut: has sendDtmf exactly where it is declared, and the carrier gets the digits',
    notFor: needsMedia,
    async run(bench) {
      const { connection, carrier } = bench.bring();
      await bench.clock.advance(100);
      assert.equal(connection.sendDtmf !== undefined, bench.capabilities.dtmfOut);
      connection.sendDtmf?.('42#');
      const digits = carrier.commands.flatMap((command) => (command.type === 'dtmf' ? [command.digits] : []));
      assert.equal(digits.join(''), bench.capabilities.dtmfOut ? '42#' : '');
    },
  },
  {
    title: 'transcripts: gives text the carrier recognised, on its track',
    notFor: (facts) =>
      needsMedia(facts) ??
      (facts.adapter.capabilities.transcripts ? undefined : 'transcripts are not declared'),
    async run(bench) {
      const { reading, carrier } = bench.bring({
        script: async (caller) => {
          await caller.wait(100);
          caller.type('hello zanzibar');
          await caller.wait(100);
        },
      });
      await bench.clock.advance(1000);
      const [transcript] = reading.items.filter((event) => event.type === 'transcript');
      assert.ok(transcript?.event.type === 'final' && transcript.event.text === 'hello zanzibar');
      assert.equal(transcript.track, carrier.call.tracks[0]);
    },
  },
  {
    title: 'stop: says so when the caller hangs up, and returns',
    notFor: needsMedia,
    async run(bench) {
      const { reading } = bench.bring({ script: (caller) => caller.wait(100) });
      await bench.clock.advance(1000);
      assert.deepEqual(await reading.end(), { type: 'returned' });
      assert.equal(reading.items.at(-1)?.type, 'stop');
    },
  },
  {
    title: 'throws when the connection is lost without a stop',
    notFor: needsMedia,
    async run(bench) {
      const { reading, caller } = bench.bring();
      await bench.clock.advance(100);
      (await caller).lose();
      await bench.clock.advance(100);
      const outcome = await reading.end();
      assertVoiceError(outcome.type === 'threw' ? outcome.error : undefined, 'telephony');
    },
  },
  {
    title: 'close: closes the socket and returns; afterwards nothing is sent and nothing throws',
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      call.connection.close();
      assert.notEqual(call.closeCode, undefined, 'The socket was closed.');
      assert.deepEqual(await call.reading.end(), { type: 'returned' });
      call.connection.send(new Uint8Array(160));
      call.connection.mark('late', 1);
      call.connection.clear();
      call.connection.sendDtmf?.('1');
      call.connection.close();
      call.connection.disconnected(1000);
      assert.deepEqual(call.carrier.commands, []);
    },
  },
  {
    title: 'ends with the reason of its signal, and closes its socket',
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      const reason = new Error('the server stops');
      call.controller.abort(reason);
      const outcome = await call.reading.end();
      assert.equal(outcome.type === 'threw' && outcome.error, reason);
      await bench.clock.advance(500);
      assert.notEqual(call.closeCode, undefined, 'The socket was closed.');
    },
  },
  {
    title: 'lets one reader read, and throws for a second',
    notFor: needsMedia,
    async run(bench) {
      const { connection } = bench.bring();
      assert.throws(() => connection[Symbol.asyncIterator]());
    },
  },
  {
    title: 'leaves no timer and no listener behind, however it ends',
    notFor: needsMedia,
    async run(bench) {
      for (const ending of ['stopped', 'closed', 'lost', 'aborted'] as const) {
        const call = bench.bring();
        await bench.clock.advance(100);
        if (ending === 'stopped') (await call.caller).hangup();
        if (ending === 'closed') call.connection.close();
        if (ending === 'lost') (await call.caller).lose();
        if (ending === 'aborted') call.controller.abort(new Error('enough'));
        await bench.clock.advance(500);
        assert.notEqual(call.reading.outcome, undefined);
        assert.equal(bench.clock.pendingTimers, 0, `Timers are left when ${ending}.`);
        assert.equal(abortListeners(call.controller.signal), 0, `Listeners are left when ${ending}.`);
      }
    },
  },
  {
    title: "says how much waits in its socket's queue",
    notFor: needsMedia,
    async run(bench) {
      const call = bench.bring();
      await bench.clock.advance(100);
      call.setBuffered(12_345);
      assert.equal(call.connection.buffered, 12_345);
    },
  },
];
