// Recognisers that die in the middle of speech, in virtual time: no word is lost, none doubled, all are in order.
import { createScriptedStt, speechSound } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createListening,
  failing,
  format,
  good,
  killable,
  textOf,
  type Listening,
  type Opened,
} from '../../test/listening.js';
import { silence } from '../audio/format.js';
import type { SttAdapter, SttCapabilities } from '../spec/stt.js';
import { fallbackStt } from './fallback-stt.js';
import { createHealth } from './health.js';
import { sttChain } from './provider-chains.js';

let on: Listening;
beforeEach(() => {
  on = createListening();
});

describe('a member that fails in the middle of speech', () => {
  const said = 'one two three four five six seven eight nine ten eleven twelve';
  /** Two sentences with a pause between them, spoken word by word; the detector is 80 ms late, as detectors are. */
  async function converse(opened: Opened, onWord: (index: number) => void = () => undefined): Promise<void> {
    const words = said.split(' ');
    for (const [index, word] of words.entries()) {
      onWord(index);
      const sound = speechSound(`${word} `, format);
      on.isSpeech = index !== 0 && index !== 6;
      await on.speak(opened, sound.subarray(0, 640));
      on.isSpeech = true;
      await on.speak(opened, sound.subarray(640));
      if (index !== 5) continue;
      await on.speak(opened, silence(100, format));
      on.isSpeech = false;
      await on.speak(opened, silence(700, format));
    }
    await on.speak(opened, silence(100, format));
    on.isSpeech = false;
    await on.speak(opened, silence(3_000, format));
    opened.stream.end();
    await on.clock.run();
  }
  const positions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

  describe.each<[string, Partial<SttCapabilities>]>([
    ['word times', {}],
    ['true times of whole finals', { timing: 'segment' }],
    ['a provider that takes audio no faster than it is spoken', { maxReplayRate: 1 }],
  ])('with %s', (_, capabilities) => {
    it.each(positions)('at word %s: nothing is lost, nothing doubled, all in order', async (dies) => {
      let kill = (): void => undefined;
      const first = killable(createScriptedStt({ provider: 'first', capabilities }), (end) => (kill = end));
      const opened = on.open(sttChain([first, good({ capabilities })]));
      await converse(opened, (index) => {
        if (index === dies) kill();
      });
      expect(await opened.ended).toBeUndefined();
      expect(textOf(opened.events)).toBe(said);
      const times = opened.events.flatMap((event) => (event.type === 'final' ? [event.settledMs] : []));
      expect(times).toEqual([...times].sort((one, other) => one - other));
      on.expectNothingLeft();
    });
  });

  it.each(positions)(
    'without any times, at word %s: nothing is lost, at most the sentence repeated',
    async (dies) => {
      let kill = (): void => undefined;
      const capabilities: Partial<SttCapabilities> = { timing: 'none' };
      const first = killable(createScriptedStt({ provider: 'first', capabilities }), (end) => (kill = end));
      const opened = on.open(sttChain([first, good({ capabilities })]));
      await converse(opened, (index) => {
        if (index === dies) kill();
      });
      expect(textOf(opened.events)).toBe(said);
    },
  );

  it.each(positions)(
    'at word %s, with a sentence settled in the middle of speech: words join by where they lie',
    async (dies) => {
      let kill = (): void => undefined;
      const first = killable(createScriptedStt({ provider: 'first' }), (end) => (kill = end));
      const opened = on.open(sttChain([first, good()]));
      for (const [index, word] of said.split(' ').entries()) {
        if (index === dies) kill();
        await on.speak(opened, speechSound(`${word} `, format));
        if (index === 3) opened.stream.flush();
      }
      on.isSpeech = false;
      await on.speak(opened, silence(2_000, format));
      opened.stream.end();
      await on.clock.run();
      expect(textOf(opened.events)).toBe(said);
    },
  );

  it('makes words of a long sentence late by what is not settled, and not by the whole of it', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${'abcdefghij'[index % 10] ?? ''}${index}`);
    let kill = (): void => undefined;
    const first = killable(createScriptedStt({ provider: 'first', segmentWords: 4 }), (end) => (kill = end));
    const opened = on.open(sttChain([first, good({ segmentWords: 4, capabilities: { maxReplayRate: 1 } })]));
    for (const [index, word] of words.entries()) {
      if (index === 50) kill();
      await on.speak(opened, speechSound(`${word} `, format));
    }
    const heard = opened.events.flatMap((event) => (event.type === 'final' ? [event.settledMs] : []));
    // A second that is settled, four words that are not, and the four that make the next final.
    expect(on.clock.now() - (heard.at(-1) ?? 0)).toBeLessThan(1_000 + 8 * 500);
    on.isSpeech = false;
    await on.speak(opened, silence(8_000, format));
    opened.stream.end();
    await on.clock.run();
    expect(textOf(opened.events)).toBe(words.join(' '));
  });

  it('is followed by one that cuts sentences elsewhere: of its words only those are told that are new', async () => {
    let kill = (): void => undefined;
    const first = killable(createScriptedStt({ provider: 'first' }), (end) => (kill = end));
    const opened = on.open(sttChain([first, good({ capabilities: { flush: false } })]));
    await on.speak(opened, speechSound('one two three ', format));
    opened.stream.flush();
    await on.speak(opened, speechSound('four five ', format));
    kill();
    await on.speak(opened, speechSound('six', format));
    on.isSpeech = false;
    await on.speak(opened, silence(2_000, format));
    opened.stream.end();
    await on.clock.run();
    const finals = opened.events.flatMap((event) =>
      event.type === 'final' && event.text ? [event.text] : [],
    );
    expect(finals).toEqual(['one two three', 'four five six']);
  });

  it('leaves out the pauses of what was missed where audio is taken no faster than it is spoken', async () => {
    const second = good({ capabilities: { maxReplayRate: 1 } });
    const opened = on.open(sttChain([failing({ type: 'hang' }), second]));
    await on.speak(opened, speechSound('one two', format));
    on.isSpeech = false;
    await on.speak(opened, silence(2_000, format));
    on.isSpeech = true;
    const threeAtMs = 420 + 2_000;
    await on.speak(opened, speechSound('three four five six seven', format));
    on.isSpeech = false;
    await on.speak(opened, silence(3_000, format));
    opened.stream.end();
    await on.clock.run();
    expect(textOf(opened.events)).toBe('one two three four five six seven');
    const words = opened.events.flatMap((event) => (event.type === 'final' ? event.words : []));
    const three = words.find(({ text }) => text === 'three');
    expect(Math.abs((three?.startMs ?? 0) - threeAtMs)).toBeLessThanOrEqual(20);
    const spokenMs = 420 + 2_000 + 25 * 60 + 3_000;
    expect(second.streams[0]?.audioMs).toBeLessThan(spokenMs - 1_400);
  });

  it('comes back to the first in a pause, keeps the second until the first has proved itself', async () => {
    let isDead = true;
    const first = createScriptedStt({
      provider: 'first',
      faults: () => (isDead ? { type: 'fail' } : undefined),
    });
    const second = good();
    const opened = on.open(sttChain([first, second]));
    await converse(opened, (index) => {
      if (index === 3) isDead = false;
    });
    expect(textOf(opened.events)).toBe(said);
    expect(on.reports.map((report) => [report.type, report.provider])).toEqual([
      ['used', 'first'],
      ['failed', 'first'],
      ['used', 'second'],
      ['used', 'first'],
    ]);
    expect(second.streams).toHaveLength(1);
    expect(second.streams[0]?.hasEnded).toBe(false);
  });

  it('is listened to for as long as somebody speaks, though the first is ready again', async () => {
    const first = createScriptedStt({
      provider: 'first',
      delays: { readyMs: 1_000 },
      faults: (index) => (index === 0 ? { type: 'refuse' } : undefined),
    });
    const opened = on.open(sttChain([first, good()]));
    const uses = (): string[] =>
      on.reports.flatMap(({ type, provider }) => (type === 'used' ? [provider] : []));
    await on.speak(opened, speechSound('one two', format));
    on.isSpeech = false;
    await on.speak(opened, silence(2_000, format));
    on.isSpeech = true;
    await on.speak(opened, speechSound('three four five six seven eight nine ten', format));
    expect(first.streams).toHaveLength(2);
    expect(uses()).toEqual(['second']);
    on.isSpeech = false;
    await on.speak(opened, silence(1_000, format));
    expect(uses()).toEqual(['second', 'first']);
    expect(textOf(opened.events)).toBe('one two three four five six seven eight nine ten');
  });

  it('goes on with the second when the first fails again, and no word is missing', async () => {
    let count = 0;
    const first = createScriptedStt({
      provider: 'first',
      faults: () => (count++ === 0 ? { type: 'fail' } : { type: 'fail', afterMs: 900 }),
    });
    const second = good();
    const opened = on.open(sttChain([first, second]));
    await converse(opened);
    expect(textOf(opened.events)).toBe(said);
    // The same connection all along: it was warm.
    expect(second.streams).toHaveLength(1);
    expect(first.streams.length).toBeGreaterThan(1);
  });

  it('is not left by a first that hangs when it is returned to: no event comes late for it', async () => {
    const first = createScriptedStt({
      provider: 'first',
      faults: (index) => (index === 0 ? { type: 'fail' } : { type: 'hang' }),
    });
    const second = good();
    const opened = on.open(sttChain([first, second]));
    const sentence = async (text: string): Promise<number> => {
      on.isSpeech = true;
      await on.speak(opened, speechSound(text, format));
      on.isSpeech = false;
      const before = on.clock.now();
      const count = textOf(opened.events).length;
      await on.speak(opened, silence(400, format));
      expect(textOf(opened.events).length).toBeGreaterThan(count);
      await on.speak(opened, silence(2_600, format));
      return before;
    };
    for (const text of ['one two', 'three four', 'five six', 'seven eight']) await sentence(text);
    expect(textOf(opened.events)).toBe('one two three four five six seven eight');
    expect(second.streams).toHaveLength(1);
    expect(first.streams.length).toBeGreaterThan(1);
    expect(on.reports.every((report) => report.type !== 'failed' || report.isHandled)).toBe(true);
  });

  it('is followed by the next when it is mute for less speech than makes a stall, and a flush goes unanswered', async () => {
    const first = createScriptedStt({
      provider: 'first',
      faults: (index) => (index === 0 ? { type: 'stall', afterMs: 100 } : undefined),
    });
    const opened = on.open(sttChain([first, good()]));
    on.isSpeech = true;
    await on.speak(opened, speechSound('yes please', format));
    on.isSpeech = false;
    await on.speak(opened, silence(300, format));
    opened.stream.flush();
    await on.speak(opened, silence(2_000, format));
    expect(textOf(opened.events)).toBe('yes please');
    expect(on.reports[1]).toMatchObject({ type: 'failed', isHandled: true, error: { class: 'stalled' } });
  });

  it('catches up in later pauses where audio is taken no faster than it is spoken', async () => {
    const second = good({ capabilities: { maxReplayRate: 1 } });
    const first = createScriptedStt({
      provider: 'first',
      faults: (index) => (index === 0 ? { type: 'stall', afterMs: 100 } : { type: 'refuse' }),
    });
    const opened = on.open(sttChain([first, second]));
    on.isSpeech = true;
    await on.speak(opened, speechSound('one two three four five six seven eight', format));
    on.isSpeech = false;
    await on.speak(opened, silence(3_000, format));
    on.isSpeech = true;
    await on.speak(opened, speechSound('nine ten', format));
    on.isSpeech = false;
    await on.speak(opened, silence(600, format));
    expect(textOf(opened.events)).toBe('one two three four five six seven eight nine ten');
  });

  it('survives everybody being down for a moment', async () => {
    const isDown = (): boolean => on.clock.now() > 1_500 && on.clock.now() < 2_100;
    const kills: (() => void)[] = [];
    const flaky = (provider: string): SttAdapter =>
      killable(
        createScriptedStt({ provider, faults: () => (isDown() ? { type: 'refuse' } : undefined) }),
        (end) => kills.push(end),
      );
    const opened = on.open(sttChain([flaky('first'), flaky('second')]));
    on.clock.setTimeout(() => {
      for (const kill of kills.splice(0)) kill();
    }, 1_510);
    await converse(opened);
    expect(await opened.ended).toBeUndefined();
    expect(textOf(opened.events)).toBe(said);
    expect(on.reports.every((report) => report.type !== 'failed' || report.isHandled)).toBe(true);
  });

  it('opens the next session in a pause, before the provider ends this one', async () => {
    const first = createScriptedStt({ capabilities: { sessionLimitMs: 4_500 } });
    const opened = on.open(sttChain([first]));
    await converse(opened);
    expect(textOf(opened.events)).toBe(said);
    expect(first.streams.length).toBeGreaterThan(1);
    expect(on.reports.filter(({ type }) => type === 'failed')).toEqual([]);
  });

  it('takes an end that nobody asked for as a failure', async () => {
    const first = createScriptedStt({ provider: 'first' });
    const polite: SttAdapter = {
      ...first,
      open: (request) => ({
        ...first.open(request),
        async *[Symbol.asyncIterator]() {
          yield { type: 'ready' as const };
        },
      }),
    };
    const opened = on.open(fallbackStt([polite, good()]));
    await converse(opened);
    expect(textOf(opened.events)).toBe(said);
    expect(on.reports[1]).toMatchObject({ type: 'failed', error: { code: 'provider.ended_early' } });
  });
});

describe('health', () => {
  it('of a provider that calls found dead is known to the next call', async () => {
    const health = createHealth({ clock: on.clock, random: () => 0.5 });
    const first = failing({ type: 'refuse' });
    for (let call = 0; call < 5; call += 1) {
      const opened = on.open(sttChain([first, good()], { health }));
      await on.speak(opened, speechSound('hello', format));
      opened.stream.end();
      await on.clock.advance(100);
      expect(textOf(opened.events)).toBe('hello');
    }
    expect(first.streams).toHaveLength(3);
    expect(health.of(first)).toMatchObject({ state: 'open', inFlight: 0 });
  });

  it('counts every settled utterance, and no mere connection', async () => {
    const health = createHealth({ clock: on.clock });
    const first = good();
    const opened = on.open(sttChain([first], { health }));
    on.isSpeech = false;
    await on.speak(opened, silence(500, format));
    expect(health.of(first).recent.done).toBe(0);
    for (let count = 0; count < 2; count += 1) {
      on.isSpeech = true;
      await on.speak(opened, speechSound('hello', format));
      on.isSpeech = false;
      await on.speak(opened, silence(500, format));
    }
    expect(health.of(first)).toMatchObject({ inFlight: 1, recent: { done: 2, failed: 0 } });
    on.controller.abort(new Error('hung up'));
    await on.clock.advance(0);
    expect(health.of(first)).toMatchObject({ inFlight: 0, recent: { failed: 0 } });
  });

  it('of everybody refused for their keys leaves nobody to ask', async () => {
    const health = createHealth({ clock: on.clock });
    const chain = sttChain([failing({ type: 'refuse', class: 'auth' })], { health });
    for (const code of ['provider.auth', 'provider.none_available']) {
      const opened = on.open(chain);
      await on.clock.run();
      expect(await opened.ended).toMatchObject({ code });
    }
  });
});
