// Chains of recognisers in virtual time: before its first result a member is followed by one that hears everything.
import { createScriptedStt, speechSound, timedWords, type ScriptedFault } from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createListening, failing, format, good, textOf, type Listening } from '../../test/listening.js';
import { silence } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SttEvent } from '../spec/stt.js';
import { fallbackStt } from './fallback-stt.js';
import { sttChain } from './provider-chains.js';

let on: Listening;
beforeEach(() => {
  on = createListening();
});

describe('a member that fails before its first result', () => {
  it.each<[string, ScriptedFault]>([
    ['refuses', { type: 'refuse', class: 'rate_limit' }],
    ['hangs', { type: 'hang' }],
    ['fails', { type: 'fail', afterMs: 200 }],
    ['is mute', { type: 'stall' }],
  ])('%s: the next one hears everything', async (_, fault) => {
    const second = good();
    const opened = on.open(sttChain([failing(fault), second]));
    await on.speak(opened, speechSound('where is my order please it is late', format));
    on.isSpeech = false;
    await on.speak(opened, silence(6_000, format));
    opened.stream.end();
    await on.clock.run();
    expect(await opened.ended).toBeUndefined();
    expect(textOf(opened.events)).toBe('where is my order please it is late');
    expect(opened.events.filter(({ type }) => type === 'ready')).toHaveLength(1);
    expect(opened.events.filter(({ type }) => type === 'speech-start')).toHaveLength(1);
    // It is returned to in the pause that follows, fails again, and nobody notices.
    for (const report of on.reports.filter(({ type }) => type === 'failed')) {
      expect(report).toMatchObject({ provider: 'first', isHandled: true });
    }
    expect(on.reports.find(({ type }) => type === 'used')).toBeDefined();
    on.expectNothingLeft();
  });

  it('times are those of the whole stream, even when the beginning was let go', async () => {
    const second = good();
    const opened = on.open(sttChain([failing({ type: 'fail', afterMs: 40_050 }), second]));
    on.isSpeech = false;
    await on.speak(opened, silence(40_000, format));
    const saidAtMs = 40_000;
    await on.speak(opened, speechSound('hello', format));
    await on.speak(opened, silence(12_000, format));
    opened.stream.end();
    await on.clock.run();
    // All but the last half minute before the failure is gone; where things are is not.
    expect(second.streams[0]?.audioMs).toBeLessThan(43_000);
    const final = opened.events.find((event) => event.type === 'final' && event.text !== '');
    expect(final).toMatchObject({ text: 'hello' });
    const { startMs, settledMs, words } = final as Extract<SttEvent, { type: 'final' }>;
    expect(startMs).toBeGreaterThanOrEqual(saidAtMs);
    expect(startMs).toBeLessThan(saidAtMs + 200);
    expect(words[0]?.startMs).toBe(startMs);
    expect(settledMs).toBeGreaterThan(startMs);
  });

  it('the next one is given its backlog no faster than it takes', async () => {
    const quiet = { maxReplayRate: 2, partials: false, speechEvents: false };
    const second = good({ script: [], capabilities: quiet });
    const opened = on.open(
      sttChain([failing({ type: 'fail', afterMs: 4_000 }, { capabilities: quiet }), second]),
    );
    await on.speak(opened, silence(4_000, format));
    await on.clock.advance(0);
    for (const [afterMs, atMost] of [
      [0, 100],
      [1_000, 2_100],
      [1_000, 4_100],
    ] as const) {
      await on.clock.advance(afterMs);
      expect(second.streams[0]?.audioMs).toBeLessThanOrEqual(atMost);
    }
    await on.clock.advance(200);
    expect(second.streams[0]?.audioMs).toBe(4_000);
    opened.stream.write(silence(20, format));
    expect(second.streams[0]?.audioMs).toBe(4_020);
  });

  it('what it told before is not told twice', async () => {
    const opened = on.open(sttChain([failing({ type: 'fail', afterEvents: 1 }), good()]));
    await on.speak(opened, speechSound('hello there', format));
    opened.stream.end();
    await on.clock.run();
    expect(textOf(opened.events)).toBe('hello there');
    expect(opened.events.slice(0, 3).map(({ type }) => type)).toEqual(['ready', 'speech-start', 'partial']);
    expect(opened.events.filter(({ type }) => type === 'speech-start')).toHaveLength(1);
  });

  it('flush and end reach the next one in their place', async () => {
    const second = good();
    const opened = on.open(sttChain([failing({ type: 'fail' }), second]));
    opened.stream.write(speechSound('hello there', format));
    opened.stream.flush();
    opened.stream.write(speechSound('goodbye', format));
    opened.stream.end();
    opened.stream.write(speechSound('too late', format));
    await on.clock.run();
    expect(textOf(opened.events)).toBe('hello there goodbye');
    expect(second.streams[0]).toMatchObject({ flushes: 1, hasEnded: true, droppedBytes: 0 });
  });

  it('each hears its own format', async () => {
    const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
    const second = good({ capabilities: { formats: [wide] } });
    const chain = sttChain([failing({ type: 'refuse' }), second]);
    expect(chain.capabilities.formats).toContainEqual(format);
    const opened = on.open(chain);
    opened.stream.write(speechSound('hello there', format));
    opened.stream.end();
    await on.clock.run();
    expect(second.streams[0]?.request.format).toEqual(wide);
    expect(second.streams[0]?.audioMs).toBeCloseTo(
      (speechSound('hello there', format).length / 8000) * 1000,
      0,
    );
    expect(textOf(opened.events)).toBe('hello there');
  });

  it('nobody is left: every cause is told', async () => {
    const opened = on.open(
      sttChain([
        failing({ type: 'refuse', class: 'auth' }),
        failing({ type: 'hang' }, { provider: 'second' }),
      ]),
    );
    await on.clock.run();
    // Who may not is not asked again; who might is, once, after a while.
    expect(await opened.ended).toMatchObject({
      code: 'provider.all_failed',
      causes: [{ class: 'auth' }, { class: 'timeout' }, { class: 'timeout' }],
    });
    expect(on.reports).toMatchObject([
      { isHandled: true },
      { provider: 'second', isHandled: true },
      { provider: 'second', isHandled: false },
    ]);
    on.expectNothingLeft();
  });
});

describe('a reader that leaves', () => {
  it('leaves nothing behind', async () => {
    const first = createScriptedStt({ script: timedWords('hello') });
    const opened = on.open(fallbackStt([first, good()]));
    await on.speak(opened, silence(1_000, format));
    expect(opened.events.some(({ type }) => type === 'partial')).toBe(true);
    on.controller.abort(new Error('hung up'));
    await on.clock.advance(0);
    on.expectNothingLeft();
  });
});

describe('an idle close', () => {
  it('is nobody’s failure: no next member, no report', async () => {
    const second = good();
    const opened = on.open(sttChain([failing({ type: 'fail', class: 'idle', afterMs: 100 }), second]));
    on.isSpeech = false;
    await on.speak(opened, silence(200, format));
    expect(await opened.ended).toMatchObject({ class: 'idle' });
    expect(second.streams).toHaveLength(0);
    expect(on.reports.filter(({ type }) => type === 'failed')).toEqual([]);
  });
});

describe('a chain', () => {
  it('declares what every member has', () => {
    const { capabilities } = fallbackStt([
      createScriptedStt({ capabilities: { idleLimitMs: 9_000 } }),
      createScriptedStt({
        capabilities: { timing: 'segment', flush: false, maxReplayRate: 2, sessionLimitMs: 60_000 },
      }),
    ]);
    expect(capabilities).toMatchObject({
      timing: 'segment',
      flush: false,
      partials: true,
      maxReplayRate: 2,
      idleLimitMs: 9_000,
    });
    expect(capabilities.sessionLimitMs).toBeUndefined();
  });

  it('ends with the reason of its signal, and makes nothing of it', async () => {
    const second = good();
    const opened = on.open(sttChain([failing({ type: 'hang' }), second]));
    const reason = new ProviderError({ class: 'aborted', provider: 'x', stage: 'stt', message: 'over' });
    await on.clock.advance(100);
    on.controller.abort(reason);
    expect(await opened.ended).toBe(reason);
    expect(second.streams).toHaveLength(0);
    expect(on.reports).toEqual([]);
    on.expectNothingLeft();
  });

  it('of nobody is refused', () => {
    expect(() => sttChain([])).toThrow(/at least one/);
  });

  it('does not hide what the primary refuses, and leaves nothing behind', () => {
    const wrong: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 12_345, channels: 1 };
    const request = { format: wrong, clock: on.clock, signal: on.controller.signal, isSpeech: () => false };
    expect(() => sttChain([good(), good()]).open(request)).toThrow(/format/);
    on.expectNothingLeft();
  });
});
