// Chains of voices in virtual time: before its first audio a voice is followed by one that says the whole of it.
import { getEventListeners } from 'node:events';
import { createScriptedTts, type ScriptedTts } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createSpeaking,
  failing,
  good,
  heard,
  say,
  spoken,
  text,
  type Speaking,
} from '../../test/speaking.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SpeakOptions, TtsAdapter, TtsRequest } from '../spec/tts.js';
import { fallbackTts } from './fallback-tts.js';
import { ttsChain } from './provider-chains.js';

let on: Speaking;
beforeEach(() => {
  on = createSpeaking();
});

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
    const session = on.connect(ttsChain([first, second]));
    const { events, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(events)).toBe(spoken);
    expect(second.utterances.map((utterance) => utterance.text)).toEqual([text]);
    const words = events.flatMap((event) => (event.type === 'words' ? event.words : []));
    expect(words.map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual(text.match(/\S+/g));
    expect(on.reports).toMatchObject([
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
    session.close();
    await on.expectNothingLeft();
  });

  it('is not asked again in this session: the backup voice stays', async () => {
    const first = failing({ type: 'hang' });
    const second = good();
    const session = on.connect(ttsChain([first, second]));
    await Promise.all([say(session).ended, on.clock.run()]);
    const again = say(session);
    await on.clock.run({ until: () => again.events.length > 0 });
    expect(on.clock.now()).toBe(1_500);
    expect(first.utterances).toHaveLength(1);
    expect(second.utterances).toHaveLength(2);
    expect(second.sessions).toHaveLength(1);
  });

  it('speaks its own format, and its audio is converted', async () => {
    const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
    const second = good({ capabilities: { formats: [wide] } });
    const session = on.connect(ttsChain([failing({ type: 'refuse' }), second]));
    const { events, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(second.sessions[0]?.format).toEqual(wide);
    expect(heard(events)).toBe(spoken);
  });

  it('nobody is left: every cause is told', async () => {
    const session = on.connect(
      ttsChain([
        failing({ type: 'refuse', class: 'auth' }),
        failing({ type: 'hang' }, { provider: 'second' }),
      ]),
    );
    const { ended } = say(session);
    await on.clock.run();
    expect(await ended).toMatchObject({
      code: 'provider.all_failed',
      causes: [{ class: 'auth' }, { class: 'timeout' }, { class: 'timeout' }],
    });
    expect(on.reports.map((report) => report.type === 'failed' && report.isHandled)).toEqual([
      true,
      true,
      false,
    ]);
    session.close();
    await on.expectNothingLeft();
  });
});

describe('a session', () => {
  it('does not trust a connection on which a voice hung', async () => {
    const voice = createScriptedTts({ faults: [{ type: 'hang' }] });
    const session = on.connect(ttsChain(voice));
    const { events, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(events)).toBe(spoken);
    expect(voice.sessions).toHaveLength(2);
    expect(voice.sessions[0]?.signal.aborted).toBe(true);
  });

  it('connects the next voice before anybody asks for it', async () => {
    const second = good();
    const dead = createScriptedTts({ provider: 'first', sessionFaults: () => ({ type: 'refuse' }) });
    const session = on.connect(ttsChain([dead, second]));
    await session.ready;
    expect(second.sessions).toHaveLength(1);
    expect(on.reports).toMatchObject([{ type: 'failed', provider: 'first', isHandled: true }]);
  });

  it('is over when nobody could be connected to, with every cause', async () => {
    const dead = (provider: string): ScriptedTts =>
      createScriptedTts({ provider, sessionFaults: () => ({ type: 'refuse' }) });
    const session = on.connect(ttsChain([dead('first'), dead('second')]));
    const failure = await session.ready.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider.all_failed', causes: [{}, {}] });
    expect(await session.closed).toBe(failure);
    await on.expectNothingLeft();
  });

  it('is over when the voice that speaks is gone, and lets go of everything', async () => {
    const session = on.connect(
      ttsChain([
        createScriptedTts({ sessionFaults: [{ type: 'fail', class: 'idle', afterMs: 5_000 }] }),
        good(),
      ]),
    );
    await on.clock.run();
    expect(await session.closed).toMatchObject({ class: 'idle' });
    expect(on.reports).toEqual([]);
    await on.expectNothingLeft();
  });

  it('lets what is being said be finished by the next voice when its own is gone', async () => {
    const first = createScriptedTts({
      provider: 'first',
      delays: { firstAudioMs: 2_000 },
      sessionFaults: [{ type: 'fail', afterMs: 500 }],
    });
    const session = on.connect(ttsChain([first, good()]));
    const { events, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(events)).toBe(spoken);
    expect(await session.closed).toMatchObject({ provider: 'first' });
    await on.expectNothingLeft();
  });

  it('speaks no more after it was closed', async () => {
    const session = on.connect(ttsChain([good(), good()]));
    session.close();
    expect(await session.closed).toBeUndefined();
    expect(await say(session).ended).toMatchObject({ class: 'aborted' });
    await on.expectNothingLeft();
  });

  it('ends what is being said when the call is over', async () => {
    const session = on.connect(ttsChain([failing({ type: 'hang' }), good()]));
    const { ended } = say(session);
    await on.clock.advance(100);
    const reason = new Error('hung up');
    on.controller.abort(reason);
    expect(await ended).toBe(reason);
    await on.expectNothingLeft();
  });

  it('keeps nothing of an utterance that nobody reads', async () => {
    const session = on.connect(ttsChain([good(), good()]));
    const own = new AbortController();
    for (let count = 0; count < 10; count += 1) {
      const utterance = session.speak({ bufferedMs: () => 0, signal: own.signal });
      utterance.write('hello');
      if (count % 3 === 2) own.abort();
      if (own.signal.aborted) break;
    }
    expect(getEventListeners(own.signal, 'abort')).toHaveLength(0);
    expect(() => session.speak({ bufferedMs: () => 0, signal: on.controller.signal })).not.toThrow();
    session.close();
    await on.expectNothingLeft();
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
      textStreaming: false,
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
    const session = on.connect(ttsChain(members), asked);
    const utterance = session.speak({ bufferedMs: () => 0, signal: on.controller.signal, ...later });
    utterance.write(text);
    utterance.end();
    const reading = (async () => {
      for await (const _ of utterance);
    })();
    await on.clock.run();
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
