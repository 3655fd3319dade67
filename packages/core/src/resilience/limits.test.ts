// Budgets around single providers, in virtual time: whatever hangs, fails, and nothing is left behind.
import { getEventListeners } from 'node:events';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createVirtualClock,
  timedWords,
  type VirtualClock,
} from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { silence } from '../audio/format.js';
import type { SttAdapter, SttEvent } from '../spec/stt.js';
import type { TtsAdapter, TtsEvent } from '../spec/tts.js';
import type { LlmAdapter, LlmPart } from '../spec/llm.js';
import { defaultBudgets } from './budgets.js';
import { limitLlm } from './limit-llm.js';
import { limitStt } from './limit-stt.js';
import { limitTts } from './limit-tts.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const frame = silence(20, format);
const never = new Promise<never>(() => undefined);

/** Heeds nothing: no result, no end, no signal. */
const deaf = { [Symbol.asyncIterator]: () => ({ next: () => never }) };

let clock: VirtualClock;
let controller: AbortController;

beforeEach(() => {
  clock = createVirtualClock();
  controller = new AbortController();
});

interface Read<Event> {
  readonly events: Event[];
  /** When it ended, and with what. */
  ended?: { readonly atMs: number; readonly error: unknown };
}

function read<Event>(stream: AsyncIterable<Event>): Read<Event> {
  const reading: Read<Event> = { events: [] };
  void (async () => {
    let error: unknown;
    try {
      for await (const event of stream) reading.events.push(event);
    } catch (caught) {
      error = caught;
    }
    reading.ended = { atMs: clock.now(), error };
  })();
  return reading;
}

function expectNothingLeft(): void {
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
}

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
  const speak = (adapter: TtsAdapter, bufferedMs = 0) => {
    const session = limitTts(adapter, defaultBudgets.tts).connect({
      format,
      clock,
      signal: controller.signal,
    });
    const utterance = session.speak({ bufferedMs: () => bufferedMs, signal: controller.signal });
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
    expect(reading.ended).toMatchObject({ atMs: 4_500, error: { class: 'timeout' } });
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
    const stalls = { faults: [{ type: 'stall', afterEvents: 2 }] } as const;
    const ended = speak(createScriptedTts(stalls));
    ended.utterance.write('one two three four five six seven eight nine ten eleven twelve');
    ended.utterance.end();
    await clock.run();
    expect(ended.reading.ended).toMatchObject({ atMs: 1_500, error: { class: 'stalled' } });

    const later = speak(createScriptedTts(stalls));
    later.utterance.write('hello. ');
    later.utterance.flush();
    await clock.advance(10_000);
    expect(later.reading.ended).toBeUndefined();
    later.utterance.write('and more. ');
    later.utterance.flush();
    const toldMs = clock.now();
    await clock.run();
    expect(later.reading.ended).toMatchObject({ atMs: toldMs + 2_500, error: { class: 'stalled' } });
  });

  it('has as long as what is buffered hides the gap, less what the next voice needs', async () => {
    const { utterance, reading } = speak(
      createScriptedTts({ faults: [{ type: 'stall', afterEvents: 2 }] }),
      10_000,
    );
    utterance.write('one two three four five six seven eight nine ten eleven twelve');
    utterance.end();
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 7_500 });
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

describe('a language model', () => {
  const ask = (adapter: LlmAdapter) =>
    read<LlmPart>(
      limitLlm(adapter, defaultBudgets.llm).generate({
        messages: [{ role: 'user', content: 'hi' }],
        clock,
        signal: controller.signal,
      }),
    );
  const text = { parts: ['a ', 'b ', 'c '].map((part) => ({ type: 'text' as const, text: part })) };

  it.each([
    ['say something', { type: 'hang' }, 5_000, 'timeout'],
    ['go on', { type: 'stall', afterEvents: 2 }, 3_000, 'stalled'],
    ['come to an end', { type: 'slow', delayMs: 2_900 }, 60_000, 'timeout'],
  ] as const)('must %s in time', async (_, fault, atMs, errorClass) => {
    const parts = Array.from({ length: 40 }, () => ({ type: 'text' as const, text: 'x ' }));
    const reading = ask(createScriptedLlm({ responses: [{ parts }], faults: [fault] }));
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs, error: { class: errorClass, stage: 'llm' } });
    expectNothingLeft();
  });

  it('must say something in time, even if it heeds no signal', async () => {
    const reading = ask({ ...createScriptedLlm({ responses: [] }), generate: () => deaf });
    await clock.run();
    expect(reading.ended).toMatchObject({ atMs: 5_000, error: { class: 'timeout' } });
    expectNothingLeft();
  });

  it('owes nothing while its reader is at work', async () => {
    const parts = limitLlm(createScriptedLlm({ responses: [text] }), defaultBudgets.llm).generate({
      messages: [],
      clock,
      signal: controller.signal,
    });
    const seen: LlmPart[] = [];
    const reading = (async () => {
      for await (const part of parts) {
        seen.push(part);
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 4_000));
      }
    })();
    await clock.run();
    await reading;
    expect(seen.at(-1)).toMatchObject({ type: 'finish' });
    expectNothingLeft();
  });

  it.each([{ parts: [] }, { parts: [{ type: 'text' as const, text: ' \n' }] }])(
    'that ends well without content has failed: %j',
    async (response) => {
      const reading = ask(createScriptedLlm({ responses: [response] }));
      await clock.run();
      expect(reading.ended?.error).toMatchObject({ code: 'provider.empty', class: 'protocol' });
    },
  );

  it('may refuse without words', async () => {
    const reading = ask(createScriptedLlm({ responses: [{ parts: [], finish: 'refusal' }] }));
    await clock.run();
    expect(reading.events.at(-1)).toMatchObject({ type: 'finish', reason: 'refusal' });
  });

  it('has one reader, who may leave', async () => {
    const answer = limitLlm(createScriptedLlm({ responses: [text] }), defaultBudgets.llm).generate({
      messages: [],
      clock,
      signal: controller.signal,
    });
    for await (const part of answer) {
      expect(part).toEqual({ type: 'text', text: 'a ' });
      break;
    }
    expect(() => answer[Symbol.asyncIterator]()).toThrow(/one reader/);
    expectNothingLeft();
  });

  it('ends with the reason of its signal', async () => {
    const reading = ask(
      createScriptedLlm({ responses: [text], faults: [{ type: 'stall', afterEvents: 1 }] }),
    );
    await clock.advance(100);
    const reason = new Error('barge-in');
    controller.abort(reason);
    await clock.advance(0);
    expect(reading.ended?.error).toBe(reason);
    expectNothingLeft();
  });
});
