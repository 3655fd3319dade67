// Voices that fail in the middle of an utterance, in virtual time: each word is heard once, whoever says it.
import { createScriptedTts, readWords, type ScriptedTts } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../test/collect.js';
import {
  audioOf,
  createSpeaking,
  failing,
  format,
  good,
  heard,
  say,
  spoken,
  text,
  type Speaking,
} from '../../test/speaking.js';
import { ProviderError } from '../errors/provider-error.js';
import type { TtsAdapter, TtsEvent } from '../spec/tts.js';
import { createHealth } from './health.js';
import { ttsChain } from './provider-chains.js';

let on: Speaking;
beforeEach(() => {
  on = createSpeaking();
});

describe('a voice that fails in the middle of an utterance', () => {
  /** A voice whose utterances end in another way. */
  const ending = (
    inner: ScriptedTts,
    read: (utterance: AsyncIterable<TtsEvent>) => AsyncGenerator<TtsEvent>,
  ): TtsAdapter => ({
    ...inner,
    connect(request) {
      const session = inner.connect(request);
      return {
        ...session,
        speak(options) {
          const utterance = session.speak(options);
          return { ...utterance, [Symbol.asyncIterator]: () => read(utterance) };
        },
      };
    },
  });
  /** Ends cleanly wherever it fails. */
  const early = (inner: ScriptedTts): TtsAdapter =>
    ending(inner, async function* (utterance) {
      try {
        yield* utterance;
      } catch {
        // So says nobody.
      }
    });
  const late = (inner: ScriptedTts): TtsAdapter =>
    ending(inner, async function* (utterance) {
      yield* utterance;
      throw new ProviderError({ class: 'unavailable', provider: 'first', stage: 'tts', message: 'gone' });
    });
  const chunkMs = 60;
  const events = Array.from({ length: 40 }, (_, index) => index + 1);

  describe.each<[string, (afterEvents: number) => TtsAdapter]>([
    ['dies', (afterEvents) => failing({ type: 'fail', afterEvents }, { chunkMs })],
    ['stalls', (afterEvents) => failing({ type: 'stall', afterEvents }, { chunkMs })],
    ['ends early and cleanly', (afterEvents) => early(failing({ type: 'fail', afterEvents }, { chunkMs }))],
  ])('when it %s', (_, first) => {
    it.each(events)(
      'after event %s: each word is heard once, in order, with its time',
      async (afterEvents) => {
        const session = on.connect(ttsChain([first(afterEvents), good({ chunkMs })]));
        const { events: told, ended } = say(session);
        await on.clock.run();
        expect(await ended).toBeUndefined();
        expect(heard(told)).toBe(spoken);
        const words = told.flatMap((event) => (event.type === 'words' ? event.words : []));
        expect(words.map(({ textStart, textEnd }) => text.slice(textStart, textEnd))).toEqual(
          text.match(/\S+/g),
        );
        const times = readWords(audioOf(told), format).map(({ startMs }) => startMs);
        for (const [index, { startMs }] of words.entries()) {
          expect(Math.abs(startMs - (times[index] ?? Infinity))).toBeLessThanOrEqual(20);
        }
        session.close();
        await on.expectNothingLeft();
      },
    );
  });

  it('the next one begins with the first word that was not delivered, as it is written', async () => {
    const second = good();
    const session = on.connect(
      ttsChain([failing({ type: 'fail', afterEvents: 12 }, { chunkMs: 120 }), second]),
    );
    const { ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(second.utterances[0]?.text).toMatch(/^[a-zI].*It comes at five\.$/);
    expect(text.endsWith(second.utterances[0]?.text ?? '-')).toBe(true);
    expect(on.reports).toMatchObject([
      { type: 'used', provider: 'first' },
      { type: 'failed', provider: 'first', isHandled: true },
      { type: 'used', provider: 'second' },
    ]);
  });

  it('a third goes on where the second stopped', async () => {
    const dying = (provider: string) => failing({ type: 'fail', afterEvents: 16 }, { provider, chunkMs: 60 });
    const session = on.connect(ttsChain([dying('first'), dying('second'), good({ provider: 'third' })]));
    const { events: told, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(told)).toBe(spoken);
  });

  it('text that comes later goes to whoever speaks now', async () => {
    const session = on.connect(ttsChain([failing({ type: 'fail', afterEvents: 2 }), good()]));
    const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
    const told: TtsEvent[] = [];
    const reading = (async () => {
      for await (const event of utterance) told.push(event);
    })();
    utterance.write('Your order is ');
    utterance.flush();
    await on.clock.run();
    utterance.write('on its way.');
    utterance.end();
    await on.clock.run();
    await reading;
    expect(heard(told)).toBe('your order is on its way');
  });

  it('needs nobody else when all was said and only the proof is missing', async () => {
    const second = good();
    const session = on.connect(ttsChain([late(good()), second]));
    const { events: told, ended } = say(session);
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(told)).toBe(spoken);
    expect(second.utterances).toHaveLength(0);
    expect(on.reports.at(-1)).toMatchObject({ type: 'failed', isHandled: true });
  });

  it('without word times is followed by one that says the clause again', async () => {
    const capabilities = { wordTimings: false };
    const chain = ttsChain([
      failing({ type: 'fail', afterEvents: 6 }, { capabilities, chunkMs: 120 }),
      good({ capabilities }),
    ]);
    expect(chain.capabilities.textStreaming).toBe(false);
    const { events: told, ended } = say(on.connect(chain), 'on its way');
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(heard(told)).toMatch(/on its way$/);
  });

  it('alone in its chain goes on itself, once, where it knows how far it came', async () => {
    const voice = createScriptedTts({ chunkMs: 60, faults: [{ type: 'fail', afterEvents: 16 }] });
    const { events: told, ended } = say(on.connect(ttsChain(voice)));
    await on.clock.run();
    expect(await ended).toBeUndefined();
    expect(voice.utterances).toHaveLength(2);
    expect(text.endsWith(voice.utterances[1]?.text ?? '-')).toBe(true);
    expect(heard(told)).toMatch(/it comes at five$/);
  });

  it('alone, and without word times, has failed', async () => {
    const voice = createScriptedTts({
      capabilities: { wordTimings: false },
      faults: [{ type: 'fail', afterEvents: 4 }],
    });
    const { ended } = say(on.connect(ttsChain(voice)));
    await on.clock.run();
    expect(await ended).toMatchObject({ class: 'unavailable' });
    expect(voice.utterances).toHaveLength(1);
  });

  it('does not stop: is stopped', async () => {
    const endless: TtsAdapter = {
      ...good(),
      connect: (request) => ({
        ...good().connect(request),
        speak: () => ({
          write: () => undefined,
          flush: () => undefined,
          end: () => undefined,
          async *[Symbol.asyncIterator]() {
            for (;;) {
              await Promise.resolve();
              yield { type: 'audio' as const, audio: new Uint8Array(8_000) };
            }
          },
        }),
      }),
    };
    const { ended } = say(on.connect(ttsChain(endless, { lastTryAfterMs: false })));
    await on.clock.run();
    expect(await ended).toMatchObject({ code: 'provider.endless' });
  });
});

describe('health', () => {
  const dead = () => createScriptedTts({ provider: 'first', faults: () => ({ type: 'refuse' }) });

  it('of a voice that calls found dead is known to the next call, which does not even connect', async () => {
    const health = createHealth({ clock: on.clock, random: () => 0.5 });
    const first = dead();
    for (let call = 0; call < 5; call += 1) {
      const session = on.connect(ttsChain([first, good()], { health }));
      const { events: told, ended } = say(session, 'hello');
      await on.clock.advance(0);
      expect(await ended).toBeUndefined();
      expect(heard(told)).toBe('hello');
      session.close();
    }
    expect(first.utterances).toHaveLength(3);
    expect(first.sessions).toHaveLength(3);
    expect(health.of(first)).toMatchObject({ state: 'open', inFlight: 0 });
  });

  it('is tried again by a real utterance, with the next voice connected before', async () => {
    const health = createHealth({ clock: on.clock, random: () => 0.5 });
    const [first, second] = [dead(), good()];
    for (let call = 0; call < 3; call += 1) {
      const session = on.connect(ttsChain([first, good()], { health }));
      await Promise.all([say(session, 'hello').ended, on.clock.advance(0)]);
      session.close();
    }
    await on.clock.advance(1_000);
    const session = on.connect(ttsChain([first, second], { health }));
    const probe = say(session, 'hello');
    expect(second.sessions).toHaveLength(1);
    await on.clock.advance(0);
    expect(heard(probe.events)).toBe('hello');
    expect(health.of(first)).toMatchObject({ state: 'open', retryAfterMs: 2_000 });
  });

  it('learns of connections that fail before anybody speaks', async () => {
    const health = createHealth({ clock: on.clock });
    const first = createScriptedTts({ provider: 'first', sessionFaults: () => ({ type: 'refuse' }) });
    for (let call = 0; call < 5; call += 1) {
      const session = on.connect(ttsChain([first, good()], { health }));
      await session.ready;
      session.close();
    }
    expect(first.sessions).toHaveLength(3);
    expect(health.of(first).state).toBe('open');
  });

  it('counts a voice as slow from the text it was told to speak, not from a model that was late with it', async () => {
    const health = createHealth({ clock: on.clock });
    const first = good({ delays: { firstAudioMs: 500 } });
    const late = good({ provider: 'late', delays: { firstAudioMs: 2_000 } });
    for (const voice of [first, late]) {
      const session = on.connect(ttsChain(voice, { health }));
      const utterance = session.speak({ bufferedMs: () => 0, signal: on.controller.signal });
      const { ended } = collect(utterance);
      await on.clock.advance(4_000);
      utterance.write(text);
      utterance.end();
      await on.clock.advance(10_000);
      expect(await ended).toBeUndefined();
    }
    expect(health.of(first).recent).toEqual({ done: 1, failed: 0, slow: 0 });
    expect(health.of(late).recent).toEqual({ done: 1, failed: 0, slow: 1 });
  });

  it('hears nothing of silence, and nothing of an interruption', async () => {
    const health = createHealth({ clock: on.clock });
    const first = good({ delays: { speed: 1 } });
    const session = on.connect(ttsChain(first, { health }));
    await Promise.all([say(session, ' ').ended, on.clock.advance(0)]);
    const own = new AbortController();
    const { ended } = say(session, text, own.signal);
    await on.clock.advance(500);
    own.abort(new Error('barge-in'));
    await ended;
    expect(health.of(first)).toMatchObject({ inFlight: 0, recent: { done: 0, failed: 0 } });
    await Promise.all([say(session).ended, on.clock.run()]);
    expect(health.of(first).recent.done).toBe(1);
  });
});
