// Budgets around single providers, in virtual time: whatever hangs, fails, and nothing is left behind.
import { createScriptedStt, createScriptedTts, timedWords, type VirtualClock } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReader, deaf, never, type Reader } from '../../test/read-in-time.js';
import { silence } from '../audio/format.js';
import type { SttAdapter, SttEvent } from '../spec/stt.js';
import type { SpeakOptions, TtsAdapter, TtsEvent } from '../spec/tts.js';
import { defaultBudgets, type Urgency } from './budgets.js';
import { limitStt } from './limit-stt.js';
import { limitTts } from './limit-tts.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const frame = silence(20, format);

let clock: VirtualClock;
let controller: AbortController;
let read: Reader['read'];
let expectNothingLeft: () => void;

beforeEach(() => {
  ({ clock, controller, read, expectNothingLeft } = createReader());
});

describe('a recogniser', () => {
  let isSpeech: boolean;

  const open = (adapter: SttAdapter) => {
    isSpeech = false;
    const stream = limitStt(adapter, defaultBudgets.stt).open({
      format,
      clock,
      signal: controller.signal,
      isSpeech: () => isSpeech,
    });
    return { stream, reading: read<SttEvent>(stream) };
  };
  const say = async (write: (audio: Uint8Array) => void, ms: number): Promise<void> => {
    for (let atMs = 0; atMs < ms; atMs += 20) {
      write(frame);
      await clock.advance(20);
    }
  };

  it('must be ready in time', async () => {
    const { reading } = open(createScriptedStt({ faults: [{ type: 'hang' }] }));
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 4_000, error: { class: 'timeout', stage: 'stt' } });
    expectNothingLeft();
  });

  it('must be ready in time, even if it heeds no signal', async () => {
    const adapter = createScriptedStt();
    const { reading } = open({
      ...adapter,
      open: () => ({ ...deaf, write: () => undefined, flush: () => undefined, end: () => undefined }),
    });
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 4_000, error: { class: 'timeout' } });
    expectNothingLeft();
  });

  it('must answer to speech within 1.6 s, and never to silence', async () => {
    const { stream, reading } = open(createScriptedStt({ script: [], faults: [{ type: 'stall' }] }));
    await say(stream.write, 10_000);
    expect(reading.ended).toBeUndefined();
    isSpeech = true;
    await say(stream.write, 1_480);
    expect(reading.ended).toBeUndefined();
    await say(stream.write, 120);
    expect(reading.ended?.error).toMatchObject({ class: 'stalled' });
    expectNothingLeft();
  });

  it('is not saved by short pauses of the caller, nor sunk by a cough now and then', async () => {
    const { stream, reading } = open(createScriptedStt({ script: [], faults: [{ type: 'stall' }] }));
    for (let count = 0; count < 6; count += 1) {
      isSpeech = true;
      await say(stream.write, 300);
      isSpeech = false;
      await say(stream.write, 2_000);
    }
    expect(reading.ended).toBeUndefined();
    for (let count = 0; count < 6; count += 1) {
      isSpeech = true;
      await say(stream.write, 300);
      isSpeech = false;
      await say(stream.write, 500);
    }
    expect(reading.ended?.error).toMatchObject({ class: 'stalled' });
  });

  it('that answers may be spoken to for ever', async () => {
    const script = timedWords('word '.repeat(40), { startMs: 0 });
    const { stream, reading } = open(createScriptedStt({ script }));
    isSpeech = true;
    await say(stream.write, 11_000);
    expect(reading.ended).toBeUndefined();
    stream.end();
    await clock.run();
    expect(reading.ended?.error).toBeUndefined();
    expectNothingLeft();
  });

  it('that reports whole utterances only owes nothing while somebody speaks', async () => {
    const capabilities = { partials: false, speechEvents: false, turnEvents: false };
    const { stream, reading } = open(createScriptedStt({ script: [], capabilities }));
    isSpeech = true;
    await say(stream.write, 5_000);
    expect(reading.ended).toBeUndefined();
  });

  it('must come to an end when asked to', async () => {
    const { stream, reading } = open(
      createScriptedStt({ script: timedWords('hello'), faults: [{ type: 'stall' }] }),
    );
    await clock.advance(10);
    stream.end();
    stream.end();
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 2_010, error: { class: 'stalled' } });
    stream.end();
    expectNothingLeft();
  });

  it('leaves nothing behind when nobody reads it', async () => {
    limitStt(createScriptedStt({ faults: [{ type: 'hang' }] }), defaultBudgets.stt).open({
      format,
      clock,
      signal: controller.signal,
      isSpeech: () => false,
    });
    controller.abort(new Error('over'));
    await clock.advance(0);
    expectNothingLeft();
  });

  it('that refuses a request leaves nothing behind', () => {
    const wrong = { encoding: 'pcm_s16le', sampleRate: 12_345, channels: 1 } as const;
    const limited = limitStt(createScriptedStt(), defaultBudgets.stt);
    expect(() =>
      limited.open({ format: wrong, clock, signal: controller.signal, isSpeech: () => false }),
    ).toThrow(/format/);
    expectNothingLeft();
  });
});

describe('a voice', () => {
  const twelveWords = 'one two three four five six seven eight nine ten eleven twelve';
  const stallsLate = { faults: [{ type: 'stall', afterEvents: 2 }] } as const;

  const speak = (adapter: TtsAdapter, bufferedMs = 0, isLastResort = false) => {
    const session = limitTts(adapter, defaultBudgets.tts).connect({
      format,
      clock,
      signal: controller.signal,
    });
    const options: SpeakOptions & Urgency = {
      bufferedMs: () => bufferedMs,
      signal: controller.signal,
      isLastResort,
    };
    const utterance = session.speak(options);
    return { session, utterance, reading: read<TtsEvent>(utterance) };
  };

  it('must connect in time, and its session ends with what its utterances do', async () => {
    const { session, utterance, reading } = speak(createScriptedTts({ sessionFaults: [{ type: 'hang' }] }));
    utterance.write('hello there');
    utterance.end();
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 3_000, error: { class: 'timeout', stage: 'tts' } });
    expect(await session.closed).toBe(reading.ended?.error);
    await expect(session.ready).rejects.toBe(reading.ended?.error);
    expectNothingLeft();
  });

  it('must begin in time once it is told to speak, counted from when it is connected', async () => {
    const { session, utterance, reading } = speak(
      createScriptedTts({ delays: { readyMs: 2_000 }, faults: [{ type: 'hang' }] }),
    );
    utterance.write('hello');
    await clock.advance(1_000);
    utterance.flush();
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 3_500, error: { class: 'timeout' } });
    session.close();
    await clock.advance(0);
    expectNothingLeft();
  });

  it('owes nothing while it has nothing to say', async () => {
    const { utterance, reading } = speak(createScriptedTts());
    utterance.write('  ');
    utterance.flush();
    await clock.advance(60_000);
    expect(reading.ended).toBeUndefined();
    utterance.end();
    await clock.advance(0);
    expect(reading.ended).toMatchObject({ error: undefined });
  });

  it('must not stop in the middle, or for text that came later', async () => {
    const ended = speak(createScriptedTts(stallsLate));
    ended.utterance.write(twelveWords);
    ended.utterance.end();
    await clock.run();
    expect(ended.reading.ended?.error).toMatchObject({ class: 'stalled' });

    const later = speak(createScriptedTts(stallsLate));
    later.utterance.write('hello. ');
    later.utterance.flush();
    await clock.advance(10_000);
    expect(later.reading.ended).toBeUndefined();
    later.utterance.write('and more. ');
    later.utterance.flush();
    const toldMs = clock.now();
    await clock.run();
    expect(later.reading.ended).toMatchObject({ atMs: toldMs + 1_500, error: { class: 'stalled' } });
  });

  // Scripted audio that came last is 240 ms long: that is buffered too.
  it.each([
    ['nothing', 0, 540],
    ['a little', 400, 940],
    ['hardly more than the limit', 1_500, 1_500],
    ['so much that it hides a gap until the next voice is needed', 9_760, 8_500],
  ])('stalls by what is buffered: %s', async (_, bufferedMs, atMs) => {
    const { utterance, reading } = speak(createScriptedTts(stallsLate), bufferedMs);
    utterance.write(twelveWords);
    utterance.end();
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs, error: { class: 'stalled' } });
  });

  it('has more time where nobody else could go on', async () => {
    const stalled = speak(createScriptedTts(stallsLate), 0, true);
    stalled.utterance.write(twelveWords);
    stalled.utterance.end();
    await clock.run();
    expect(stalled.reading.ended).toMatchObject({ atMs: 1_500 });
    const mute = speak(createScriptedTts({ faults: [{ type: 'hang' }] }), 0, true);
    mute.utterance.write('hello');
    mute.utterance.end();
    const toldMs = clock.now();
    await clock.run();
    expect(mute.reading.ended).toMatchObject({ atMs: toldMs + 3_000 });
  });

  it('that ends well without a sound has failed', async () => {
    const mute: TtsAdapter = {
      ...createScriptedTts(),
      connect: () => ({
        ready: Promise.resolve(),
        closed: never,
        close: () => undefined,
        speak: () => ({
          write: () => undefined,
          flush: () => undefined,
          end: () => undefined,
          async *[Symbol.asyncIterator]() {
            // Nothing to say, and proud of it.
          },
        }),
      }),
    };
    const { utterance, reading } = speak(mute);
    utterance.write('hello');
    utterance.end();
    await clock.advance(0);
    expect(reading.ended?.error).toMatchObject({ code: 'provider.empty' });
    const symbols = speak(mute);
    symbols.utterance.write('… 🎉');
    await clock.advance(0);
    expect(symbols.reading.ended).toMatchObject({ error: undefined });
  });
});
