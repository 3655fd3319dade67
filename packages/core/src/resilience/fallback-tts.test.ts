// Chains of voices in virtual time: before the first audio the next voice says the whole of it.
import { getEventListeners } from 'node:events';
import {
  createScriptedTts,
  createVirtualClock,
  readWords,
  type ScriptedFault,
  type ScriptedTts,
  type VirtualClock,
} from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptReport } from '../spec/attempt.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SpeakOptions, TtsAdapter, TtsEvent, TtsRequest, TtsSession } from '../spec/tts.js';
import { fallbackTts } from './fallback-tts.js';
import { ttsChain } from './provider-chains.js';

const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const text = 'Your order is on its way. It comes at five.';
const spoken = 'your order is on its way it comes at five';

let clock: VirtualClock;
let controller: AbortController;
let reports: AttemptReport[];

beforeEach(() => {
  clock = createVirtualClock();
  controller = new AbortController();
  reports = [];
});

function connect(adapter: TtsAdapter, asked: Partial<TtsRequest> = {}): TtsSession {
  const { signal } = controller;
  return adapter.connect({ format, clock, signal, onAttempt: (report) => reports.push(report), ...asked });
}

function say(session: TtsSession, words = text, signal = new AbortController().signal) {
  const utterance = session.speak({ bufferedMs: () => 0, signal });
  for (const piece of words.split(/(?<= )/)) utterance.write(piece);
  utterance.flush();
  utterance.end();
  const events: TtsEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of utterance) events.push(event);
      return undefined;
    } catch (error) {
      return error;
    }
  })();
  return { utterance, events, ended };
}

function heard(events: readonly TtsEvent[]): string {
  const audio = Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])));
  return readWords(audio, format)
    .map((word) => word.text)
    .join(' ');
}

async function expectNothingLeft(): Promise<void> {
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
}

const failing = (fault: ScriptedFault, options = {}): ScriptedTts =>
  createScriptedTts({ provider: 'first', faults: () => fault, ...options });
const good = (options = {}): ScriptedTts => createScriptedTts({ provider: 'second', ...options });

/** Ends each utterance well, without a sound. */
function mute(): TtsAdapter {
  const inner = createScriptedTts({ provider: 'first' });
  return {
    ...inner,
    connect: (request) => ({
      ...inner.connect(request),
      speak: () => ({
        write: () => undefined,
        flush: () => undefined,
        end: () => undefined,
        async *[Symbol.asyncIterator]() {
          yield {
            type: 'words' as const,
            words: [{ textStart: 0, textEnd: 4, startMs: 0, endMs: 100 }],
          };
        },
      }),
    }),
  };
}

describe('a voice that fails before its first audio', () => {
  it.each<[string, TtsAdapter]>([
    ['refuses', failing({ type: 'refuse', class: 'quota' })],
    ['hangs', failing({ type: 'hang' })],
    ['fails', failing({ type: 'fail', afterMs: 200 }, { delays: { firstAudioMs: 1_000 } })],
    [
      'can not be connected to',
      createScriptedTts({ provider: 'first', sessionFaults: () => ({ type: 'refuse' }) }),
    ],
    ['never connects', createScriptedTts({ provider: 'first', sessionFaults: () => ({ type: 'hang' }) })],
    ['ends without a sound', mute()],
  ])('%s: the next one says all of it', async (_, first) => {
    const second = good();
    const session = connect(ttsChain([first, second]));
    const { events, ended } = say(session);
    await clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(events)).toBe(spoken);
    expect(second.utterances.map((utterance) => utterance.text)).toEqual([text]);
    const words = events.flatMap((event) => (event.type === 'words' ? event.words : []));
    expect(words.map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual(text.match(/\S+/g));
    expect(reports).toMatchObject([
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
    session.close();
    await expectNothingLeft();
  });

  it('is not asked again in this session: the backup voice stays', async () => {
    const first = failing({ type: 'hang' });
    const second = good();
    const session = connect(ttsChain([first, second]));
    await Promise.all([say(session).ended, clock.run()]);
    const again = say(session);
    await clock.run({ until: () => again.events.length > 0 });
    expect(clock.now()).toBe(2_500);
    expect(first.utterances).toHaveLength(1);
    expect(second.utterances).toHaveLength(2);
    expect(second.sessions).toHaveLength(1);
  });

  it('speaks its own format, and its audio is converted', async () => {
    const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
    const second = good({ capabilities: { formats: [wide] } });
    const session = connect(ttsChain([failing({ type: 'refuse' }), second]));
    const { events, ended } = say(session);
    await clock.run();
    expect(await ended).toBeUndefined();
    expect(second.sessions[0]?.format).toEqual(wide);
    expect(heard(events)).toBe(spoken);
  });

  it('nobody is left: every cause is told', async () => {
    const session = connect(
      ttsChain([
        failing({ type: 'refuse', class: 'auth' }),
        failing({ type: 'hang' }, { provider: 'second' }),
      ]),
    );
    const { ended } = say(session);
    await clock.run();
    expect(await ended).toMatchObject({
      code: 'provider.all_failed',
      causes: [{ class: 'auth' }, { class: 'timeout' }],
    });
    expect(reports).toMatchObject([{ isHandled: true }, { provider: 'second', isHandled: false }]);
    session.close();
    await expectNothingLeft();
  });
});

describe('after the first audio', () => {
  it('a failure is the utterance’s own', async () => {
    const second = good();
    const session = connect(ttsChain([failing({ type: 'fail', afterEvents: 4 }), second]));
    const { events, ended } = say(session);
    await clock.run();
    expect(await ended).toMatchObject({ provider: 'first', class: 'unavailable' });
    expect(heard(events)).not.toBe('');
    expect(second.utterances).toHaveLength(0);
    expect(reports).toMatchObject([{ type: 'used' }, { type: 'failed', isHandled: false }]);
  });
});

describe('a session', () => {
  it('does not trust a connection on which a voice hung', async () => {
    const voice = createScriptedTts({ faults: [{ type: 'hang' }] });
    const session = connect(ttsChain(voice));
    const { ended } = say(session);
    await clock.run();
    expect(await ended).toMatchObject({ class: 'timeout' });
    const { events } = say(session);
    await clock.run();
    expect(heard(events)).toBe(spoken);
    expect(voice.sessions).toHaveLength(2);
    expect(voice.sessions[0]?.signal.aborted).toBe(true);
  });

  it('connects the next voice before anybody asks for it', async () => {
    const second = good();
    const dead = createScriptedTts({ provider: 'first', sessionFaults: () => ({ type: 'refuse' }) });
    const session = connect(ttsChain([dead, second]));
    await session.ready;
    expect(second.sessions).toHaveLength(1);
    expect(reports).toMatchObject([{ type: 'failed', provider: 'first', isHandled: true }]);
  });

  it('is over when nobody could be connected to, with every cause', async () => {
    const dead = (provider: string): ScriptedTts =>
      createScriptedTts({ provider, sessionFaults: () => ({ type: 'refuse' }) });
    const session = connect(ttsChain([dead('first'), dead('second')]));
    const failure = await session.ready.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider.all_failed', causes: [{}, {}] });
    expect(await session.closed).toBe(failure);
    await expectNothingLeft();
  });

  it('is over when the voice that speaks is gone, and lets go of everything', async () => {
    const session = connect(
      ttsChain([
        createScriptedTts({ sessionFaults: [{ type: 'fail', class: 'idle', afterMs: 5_000 }] }),
        good(),
      ]),
    );
    await clock.run();
    expect(await session.closed).toMatchObject({ class: 'idle' });
    expect(reports).toEqual([]);
    await expectNothingLeft();
  });

  it('lets what is being said be finished by the next voice when its own is gone', async () => {
    const first = createScriptedTts({
      provider: 'first',
      delays: { firstAudioMs: 2_000 },
      sessionFaults: [{ type: 'fail', afterMs: 500 }],
    });
    const session = connect(ttsChain([first, good()]));
    const { events, ended } = say(session);
    await clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(events)).toBe(spoken);
    expect(await session.closed).toMatchObject({ provider: 'first' });
    await expectNothingLeft();
  });

  it('speaks no more after it was closed', async () => {
    const session = connect(ttsChain([good(), good()]));
    session.close();
    expect(await session.closed).toBeUndefined();
    expect(await say(session).ended).toMatchObject({ class: 'aborted' });
    await expectNothingLeft();
  });

  it('ends what is being said when the call is over', async () => {
    const session = connect(ttsChain([failing({ type: 'hang' }), good()]));
    const { ended } = say(session);
    await clock.advance(100);
    const reason = new Error('hung up');
    controller.abort(reason);
    expect(await ended).toBe(reason);
    await expectNothingLeft();
  });

  it('keeps nothing of an utterance that nobody reads', async () => {
    const session = connect(ttsChain([good(), good()]));
    const own = new AbortController();
    for (let count = 0; count < 10; count += 1) {
      const utterance = session.speak({ bufferedMs: () => 0, signal: own.signal });
      utterance.write('hello');
      if (count % 3 === 2) own.abort();
      if (own.signal.aborted) break;
    }
    expect(getEventListeners(own.signal, 'abort')).toHaveLength(0);
    expect(() => session.speak({ bufferedMs: () => 0, signal: controller.signal })).not.toThrow();
    session.close();
    await expectNothingLeft();
  });
});

describe('a chain', () => {
  it('declares what every member has', () => {
    const { capabilities } = fallbackTts([
      createScriptedTts({ capabilities: { concurrentUtterances: 5, idleLimitMs: 20_000 } }),
      createScriptedTts({ capabilities: { wordTimings: false, concurrentUtterances: 2 } }),
    ]);
    expect(capabilities).toMatchObject({
      wordTimings: false,
      textStreaming: true,
      concurrentUtterances: 2,
      idleLimitMs: 20_000,
    });
  });
});

describe('the voice each member is asked for', () => {
  /** By member: what its session was asked for, and what its utterance was. */
  async function voicesOf(
    asked: Pick<TtsRequest, 'voice' | 'voices'>,
    later: Pick<SpeakOptions, 'voice' | 'voices'> = {},
  ) {
    const refuse = { faults: () => ({ type: 'refuse' }) as const };
    const members = [
      createScriptedTts({ provider: 'acme', ...refuse }),
      createScriptedTts({ provider: 'other', ...refuse }),
      createScriptedTts({ provider: 'acme' }),
    ];
    const session = connect(ttsChain(members), asked);
    const utterance = session.speak({ bufferedMs: () => 0, signal: controller.signal, ...later });
    utterance.write(text);
    utterance.end();
    const reading = (async () => {
      for await (const _ of utterance);
    })();
    await clock.run();
    await reading;
    session.close();
    return members.map(({ sessions, utterances }) => [sessions[0]?.voice, utterances[0]?.options.voice]);
  }

  it('is the one of its provider, or its own where the record has none', async () => {
    expect(await voicesOf({ voice: 'ann', voices: { acme: 'ann', other: 'bob' } })).toEqual([
      ['ann', undefined],
      ['bob', undefined],
      ['ann', undefined],
    ]);
    expect(await voicesOf({ voices: { other: 'bob' } }, { voices: { acme: 'cid' } })).toEqual([
      [undefined, 'cid'],
      ['bob', undefined],
      [undefined, 'cid'],
    ]);
  });

  it("is a single name only for the primary and others of its provider: it is that vendor's", async () => {
    expect(await voicesOf({ voice: 'ann' }, { voice: 'bea' })).toEqual([
      ['ann', 'bea'],
      [undefined, undefined],
      ['ann', 'bea'],
    ]);
  });

  it('can be asked of its members by name', () => {
    expect(ttsChain([good(), failing({ type: 'hang' })]).members).toEqual(['second', 'first']);
    expect(good().members).toBeUndefined();
  });
});
