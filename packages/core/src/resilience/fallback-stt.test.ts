// Chains of recognisers in virtual time: nothing is lost and nothing is doubled before the first result.
import { getEventListeners } from 'node:events';
import {
  createScriptedStt,
  createVirtualClock,
  speechSound,
  timedWords,
  type ScriptedFault,
  type ScriptedStt,
  type VirtualClock,
} from '@voicewire/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { silence } from '../audio/format.js';
import type { AttemptReport } from '../spec/attempt.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SttAdapter, SttEvent, SttStream } from '../spec/stt.js';
import { ProviderError } from '../errors/provider-error.js';
import { fallbackStt } from './fallback-stt.js';
import { sttChain } from './provider-chains.js';

const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

let clock: VirtualClock;
let controller: AbortController;
let reports: AttemptReport[];
let isSpeech: boolean;

beforeEach(() => {
  clock = createVirtualClock();
  controller = new AbortController();
  reports = [];
  isSpeech = true;
});

interface Opened {
  readonly stream: SttStream;
  readonly events: SttEvent[];
  readonly ended: Promise<unknown>;
}

function open(adapter: SttAdapter): Opened {
  const stream = adapter.open({
    format,
    clock,
    signal: controller.signal,
    isSpeech: () => isSpeech,
    onAttempt: (report) => reports.push(report),
  });
  const events: SttEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of stream) events.push(event);
      return undefined;
    } catch (error) {
      return error;
    }
  })();
  return { stream, events, ended };
}

/** Says audio in frames of 20 ms, in real time. */
async function speak({ stream }: Opened, audio: Uint8Array): Promise<void> {
  for (let at = 0; at < audio.length; at += 160) {
    stream.write(audio.subarray(at, at + 160));
    await clock.advance(20);
  }
}

const textOf = (events: readonly SttEvent[]): string =>
  events.flatMap((event) => (event.type === 'final' && event.text !== '' ? [event.text] : [])).join(' ');

function expectNothingLeft(): void {
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
}

const failing = (fault: ScriptedFault, options = {}): ScriptedStt =>
  createScriptedStt({ provider: 'first', faults: () => fault, ...options });
const good = (options = {}): ScriptedStt => createScriptedStt({ provider: 'second', ...options });

describe('a member that fails before its first result', () => {
  it.each<[string, ScriptedFault]>([
    ['refuses', { type: 'refuse', class: 'rate_limit' }],
    ['hangs', { type: 'hang' }],
    ['fails', { type: 'fail', afterMs: 200 }],
    ['is mute', { type: 'stall' }],
  ])('%s: the next one hears everything', async (_, fault) => {
    const second = good();
    const opened = open(sttChain([failing(fault), second]));
    await speak(opened, speechSound('where is my order please it is late', format));
    isSpeech = false;
    await speak(opened, silence(6_000, format));
    opened.stream.end();
    await clock.run();
    expect(await opened.ended).toBeUndefined();
    expect(textOf(opened.events)).toBe('where is my order please it is late');
    expect(opened.events.filter(({ type }) => type === 'ready')).toHaveLength(1);
    expect(opened.events.filter(({ type }) => type === 'speech-start')).toHaveLength(1);
    expect(reports.filter(({ type }) => type === 'failed')).toMatchObject([
      { provider: 'first', isHandled: true },
    ]);
    expect(reports.at(-1)).toEqual({ type: 'used', provider: 'second' });
    expectNothingLeft();
  });

  it('times are those of the whole stream, even when the beginning was let go', async () => {
    const second = good();
    const opened = open(sttChain([failing({ type: 'fail', afterMs: 40_050 }), second]));
    isSpeech = false;
    await speak(opened, silence(40_000, format));
    const saidAtMs = 40_000;
    await speak(opened, speechSound('hello', format));
    await speak(opened, silence(12_000, format));
    opened.stream.end();
    await clock.run();
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
    isSpeech = false;
    const second = good({ script: [], capabilities: { maxReplayRate: 2 } });
    const opened = open(sttChain([failing({ type: 'fail', afterMs: 4_000 }), second]));
    await speak(opened, silence(4_000, format));
    await clock.advance(0);
    for (const [afterMs, atMost] of [
      [0, 100],
      [1_000, 2_100],
      [1_000, 4_100],
    ] as const) {
      await clock.advance(afterMs);
      expect(second.streams[0]?.audioMs).toBeLessThanOrEqual(atMost);
    }
    await clock.advance(200);
    expect(second.streams[0]?.audioMs).toBe(4_000);
    opened.stream.write(silence(20, format));
    expect(second.streams[0]?.audioMs).toBe(4_020);
  });

  it('what it told before is not told twice', async () => {
    const opened = open(sttChain([failing({ type: 'fail', afterEvents: 1 }), good()]));
    await speak(opened, speechSound('hello there', format));
    opened.stream.end();
    await clock.run();
    expect(textOf(opened.events)).toBe('hello there');
    expect(opened.events.slice(0, 3).map(({ type }) => type)).toEqual(['ready', 'speech-start', 'partial']);
    expect(opened.events.filter(({ type }) => type === 'speech-start')).toHaveLength(1);
  });

  it('flush and end reach the next one in their place', async () => {
    const second = good();
    const opened = open(sttChain([failing({ type: 'fail' }), second]));
    opened.stream.write(speechSound('hello there', format));
    opened.stream.flush();
    opened.stream.write(speechSound('goodbye', format));
    opened.stream.end();
    opened.stream.write(speechSound('too late', format));
    await clock.run();
    expect(textOf(opened.events)).toBe('hello there goodbye');
    expect(second.streams[0]).toMatchObject({ flushes: 1, hasEnded: true, droppedBytes: 0 });
  });

  it('each hears its own format', async () => {
    const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
    const second = good({ capabilities: { formats: [wide] } });
    const chain = sttChain([failing({ type: 'refuse' }), second]);
    expect(chain.capabilities.formats).toContainEqual(format);
    const opened = open(chain);
    opened.stream.write(speechSound('hello there', format));
    opened.stream.end();
    await clock.run();
    expect(second.streams[0]?.request.format).toEqual(wide);
    expect(second.streams[0]?.audioMs).toBeCloseTo(
      (speechSound('hello there', format).length / 8000) * 1000,
      0,
    );
    expect(textOf(opened.events)).toBe('hello there');
  });

  it('nobody is left: every cause is told', async () => {
    const opened = open(
      sttChain([
        failing({ type: 'refuse', class: 'auth' }),
        failing({ type: 'hang' }, { provider: 'second' }),
      ]),
    );
    await clock.run();
    expect(await opened.ended).toMatchObject({
      code: 'provider.all_failed',
      causes: [{ class: 'auth' }, { class: 'timeout' }],
    });
    expect(reports).toMatchObject([{ isHandled: true }, { provider: 'second', isHandled: false }]);
    expectNothingLeft();
  });
});

describe('after the first result', () => {
  it('a failure is the stream’s own, whoever was tried before', async () => {
    const second = good({ faults: () => ({ type: 'fail', class: 'unavailable', afterEvents: 3 }) });
    const opened = open(sttChain([failing({ type: 'refuse' }), second, good({ provider: 'third' })]));
    await speak(opened, speechSound('where is my order please', format));
    expect(await opened.ended).toMatchObject({ code: 'provider.unavailable', provider: 'second' });
    expect(reports.at(-1)).toMatchObject({ type: 'failed', isHandled: false });
    expectNothingLeft();
  });

  it('nothing is kept any more', async () => {
    const first = createScriptedStt({ script: timedWords('hello') });
    const chain = fallbackStt([first, good()]);
    const opened = open(chain);
    await speak(opened, silence(1_000, format));
    expect(opened.events.some(({ type }) => type === 'partial')).toBe(true);
    controller.abort(new Error('hung up'));
    await clock.advance(0);
    expectNothingLeft();
  });
});

describe('an idle close', () => {
  it('is nobody’s failure: no next member, no report', async () => {
    const second = good();
    const opened = open(sttChain([failing({ type: 'fail', class: 'idle', afterMs: 100 }), second]));
    isSpeech = false;
    await speak(opened, silence(200, format));
    expect(await opened.ended).toMatchObject({ class: 'idle' });
    expect(second.streams).toHaveLength(0);
    expect(reports.filter(({ type }) => type === 'failed')).toEqual([]);
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
      sessionLimitMs: 60_000,
    });
  });

  it('ends with the reason of its signal, and makes nothing of it', async () => {
    const second = good();
    const opened = open(sttChain([failing({ type: 'hang' }), second]));
    const reason = new ProviderError({ class: 'aborted', provider: 'x', stage: 'stt', message: 'over' });
    await clock.advance(100);
    controller.abort(reason);
    expect(await opened.ended).toBe(reason);
    expect(second.streams).toHaveLength(0);
    expect(reports).toEqual([]);
    expectNothingLeft();
  });

  it('of nobody is refused', () => {
    expect(() => sttChain([])).toThrow(/at least one/);
  });

  it('does not hide what the primary refuses, and leaves nothing behind', () => {
    const wrong: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 12_345, channels: 1 };
    const request = { format: wrong, clock, signal: controller.signal, isSpeech: () => false };
    expect(() => sttChain([good(), good()]).open(request)).toThrow(/format/);
    expectNothingLeft();
  });
});
