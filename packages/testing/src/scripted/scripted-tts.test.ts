// The scripted voice: true words and times, on the clock, with sessions that fail where they are told to.
import type { TtsEvent } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.js';
import { readWords } from '../oracle/word-reader.js';
import { createScriptedTts, type ScriptedTts, type ScriptedTtsOptions } from './scripted-tts.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

interface Voice {
  readonly clock: VirtualClock;
  readonly tts: ScriptedTts;
  readonly session: ReturnType<ScriptedTts['connect']>;
  readonly controller: AbortController;
  say(text: string): {
    readonly events: (TtsEvent & { clockMs: number })[];
    how?: unknown;
    controller: AbortController;
  };
}

function connect(options: ScriptedTtsOptions = {}): Voice {
  const clock = createVirtualClock();
  const tts = createScriptedTts(options);
  const controller = new AbortController();
  const session = tts.connect({ format, clock, signal: controller.signal });
  function say(text: string): ReturnType<Voice['say']> {
    const said: ReturnType<Voice['say']> = { events: [], controller: new AbortController() };
    const utterance = session.speak({ bufferedMs: () => 0, signal: said.controller.signal });
    utterance.write(text);
    utterance.end();
    void (async () => {
      try {
        for await (const event of utterance) said.events.push({ ...event, clockMs: clock.now() });
        said.how = 'returned';
      } catch (error) {
        said.how = error;
      }
    })();
    return said;
  }
  return { clock, tts, session, controller, say };
}

describe('createScriptedTts', () => {
  it('speaks words that can be read back, where it says they are', async () => {
    const { clock, say } = connect();
    const said = say('Hello, you.');
    await clock.advance(0);
    const audio = Buffer.concat(
      said.events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])),
    );
    expect(readWords(audio, format)).toEqual([
      { text: 'hello', startMs: 0, endMs: 300 },
      { text: 'you', startMs: 420, endMs: 600 },
    ]);
    expect(said.events.flatMap((event) => (event.type === 'words' ? event.words : []))).toEqual([
      { textStart: 0, textEnd: 6, startMs: 0, endMs: 360 },
      { textStart: 7, textEnd: 11, startMs: 420, endMs: 660 },
    ]);
    expect(said.how).toBe('returned');
  });

  it('takes its time: ready, first audio, then as fast as it is told', async () => {
    const { clock, session, say } = connect({
      delays: { readyMs: 100, firstAudioMs: 200, speed: 2 },
      chunkMs: 240,
      capabilities: { wordTimings: false },
    });
    let readyAt = 0;
    void session.ready.then(() => (readyAt = clock.now()));
    const said = say('abcdefgh');
    await clock.advance(2000);
    expect(readyAt).toBe(100);
    expect(said.events.map(({ type, clockMs }) => [type, clockMs])).toEqual([
      ['audio', 420],
      ['audio', 540],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails utterances by number, and sessions', async () => {
    const { clock, say } = connect({
      faults: [
        { type: 'fail', afterEvents: 2 },
        { type: 'stall', afterEvents: 1 },
      ],
    });
    const [first, second, third] = ['one two three', 'one two three', 'one'].map(say);
    await clock.advance(1000);
    expect(first?.how).toMatchObject({ class: 'unavailable', stage: 'tts' });
    expect([second?.events.length, second?.how, third?.how]).toEqual([1, undefined, 'returned']);

    const refused = connect({ sessionFaults: [{ type: 'refuse', class: 'rate_limit', retryAfterMs: 1000 }] });
    await expect(refused.session.ready).rejects.toMatchObject({ class: 'rate_limit', retryAfterMs: 1000 });
    expect(await refused.session.closed).toMatchObject({ class: 'rate_limit' });

    const dying = connect({ sessionFaults: [{ type: 'fail', afterMs: 500 }], delays: { speed: 1 } });
    const cut = dying.say('a long sentence that takes its time');
    await dying.clock.advance(1000);
    expect(cut.how).toBe(await dying.session.closed);
    expect(dying.clock.pendingTimers).toBe(0);

    const hanging = connect({ sessionFaults: [{ type: 'hang' }] });
    const never = hanging.say('hello');
    await hanging.clock.advance(60_000);
    expect(never).toMatchObject({ events: [] });
    hanging.controller.abort(new Error('enough'));
    await hanging.clock.advance(0);
    expect(never.how).toMatchObject({ message: 'enough' });
    expect(await hanging.session.closed).toBeUndefined();
  });

  it('keeps to its lines, its limit and its declarations', async () => {
    const { clock, tts, say } = connect({ lines: ['Hello.', /^Your order/, 'Goodbye.'] });
    const [fine, wrong] = [say('Hello.'), say('Your parcel')];
    await clock.advance(0);
    expect([fine.how, wrong.how]).toEqual([
      'returned',
      expect.objectContaining({ code: 'testing.unscripted' }),
    ]);
    expect(() => tts.assertAllSaid()).toThrow(/Goodbye/);

    const limited = connect({ capabilities: { concurrentUtterances: 1 }, delays: { speed: 1 } });
    limited.say('hello');
    expect(() => limited.say('hello')).toThrow(expect.objectContaining({ class: 'capacity' }));
    const other = { encoding: 'pcm_s16le', sampleRate: 44_100, channels: 2 } as const;
    expect(() =>
      createScriptedTts().connect({ format: other, signal: new AbortController().signal }),
    ).toThrow(/format/);
  });

  it('stops what is cancelled and what is closed', async () => {
    const { clock, session, say } = connect({ delays: { speed: 1 } });
    const [first, second] = [say('one two three four'), say('five six seven eight')];
    await clock.advance(500);
    const reason = new Error('barge-in');
    first.controller.abort(reason);
    await clock.advance(0);
    expect(first.how).toBe(reason);
    session.close();
    await clock.advance(0);
    expect(second.how).toMatchObject({ class: 'aborted' });
    expect(await session.closed).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });
});
