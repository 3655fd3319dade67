// The scripted recogniser: sound or script in, declared events out, on time, failing where it is told to.
import type { SttEvent, SttRequest } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { timedWords } from '../script-recogniser.js';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.js';
import { speechSound } from '../word-sound.js';
import { createScriptedStt, type ScriptedSttOptions } from './scripted-stt.js';

const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

interface Heard {
  readonly clock: VirtualClock;
  readonly events: (SttEvent & { atMs: number; clockMs: number })[];
  readonly ended: { how?: unknown };
  readonly controller: AbortController;
  readonly stream: ReturnType<ReturnType<typeof createScriptedStt>['open']>;
}

function open(options: ScriptedSttOptions = {}, request: Partial<SttRequest> = {}): Heard {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const stream = createScriptedStt(options).open({
    format,
    clock,
    signal: controller.signal,
    isSpeech: () => true,
    ...request,
  });
  const events: Heard['events'] = [];
  const ended: Heard['ended'] = {};
  void (async () => {
    try {
      for await (const event of stream) events.push({ atMs: 0, ...event, clockMs: clock.now() });
      ended.how = 'returned';
    } catch (error) {
      ended.how = error;
    }
  })();
  return { clock, events, ended, controller, stream };
}

const types = ({ events }: Heard): string[] => events.map(({ type }) => type);
const finals = ({ events }: Heard): string =>
  events.flatMap((event) => (event.type === 'final' ? [event.text] : [])).join(' ');

describe('createScriptedStt', () => {
  it('hears word-coded sound, flushes and ends', async () => {
    const heard = open();
    heard.stream.write(speechSound('where is', format));
    heard.stream.flush();
    heard.stream.write(speechSound(' my order', format));
    heard.stream.end();
    await heard.clock.advance(0);
    expect(finals(heard)).toBe('where is my order');
    expect(types(heard).filter((type) => type === 'flushed')).toHaveLength(1);
    expect(heard.ended.how).toBe('returned');
  });

  it('reads a script by audio time, and a recogniser of the test’s own', async () => {
    const scripted = open({ script: timedWords('one two') });
    scripted.stream.write(new Uint8Array(8 * 2000));
    const own = open({ script: () => ({ decidedMs: 2000, read: () => timedWords('mine'), cut: () => [] }) });
    own.stream.write(new Uint8Array(8));
    await scripted.clock.advance(0);
    await own.clock.advance(0);
    expect([finals(scripted), finals(own)]).toEqual(['one two', 'mine']);
  });

  it('gives what it declares and nothing else', async () => {
    const capabilities = {
      partials: false,
      speechEvents: false,
      turnEvents: false,
      flush: false,
      timing: 'none',
    } as const;
    const heard = open({ script: timedWords('one two'), capabilities });
    heard.stream.write(new Uint8Array(8 * 2000));
    heard.stream.flush();
    heard.stream.end();
    await heard.clock.advance(0);
    expect(types(heard)).toEqual(['ready', 'final', 'final']);
    expect(heard.events[1]).toMatchObject({ text: 'one two', words: [] });
    expect(() => open({ capabilities: { keyterms: false } }, { keyterms: ['a'] })).toThrow(/keyterms/);
  });

  it('takes its time on the clock', async () => {
    const heard = open({ script: timedWords('one'), delays: { readyMs: 100, eventMs: 50 } });
    heard.stream.write(new Uint8Array(8 * 2000));
    await heard.clock.advance(1000);
    expect(heard.events.map(({ type, clockMs }) => `${type} ${clockMs}`).slice(0, 3)).toEqual([
      'ready 100',
      'speech-start 100',
      'partial 100',
    ]);
    heard.stream.write(new Uint8Array(8));
    heard.stream.flush();
    await heard.clock.advance(1000);
    expect(heard.events.at(-1)).toMatchObject({ type: 'flushed', clockMs: 1050 });
  });

  it.each([
    [{ type: 'refuse', class: 'auth' }, [], { class: 'auth' }],
    [{ type: 'hang' }, [], undefined],
    [{ type: 'fail', afterEvents: 2 }, ['ready', 'speech-start', 'partial'], { class: 'unavailable' }],
    [{ type: 'fail', class: 'quota' }, ['ready'], { class: 'quota' }],
    [{ type: 'stall', afterEvents: 1 }, ['ready', 'speech-start'], undefined],
    [
      { type: 'fail', afterMs: 300 },
      ['ready', 'speech-start', 'partial', 'final', 'speech-end', 'turn-end'],
      { class: 'unavailable' },
    ],
  ] as const)('goes wrong as %o', async (fault, said, failure) => {
    const heard = open({ script: timedWords('one'), faults: [fault] });
    heard.stream.write(new Uint8Array(8 * 2000));
    await heard.clock.advance(1000);
    expect(types(heard)).toEqual(said);
    if (failure === undefined) expect(heard.ended.how).toBeUndefined();
    else expect(heard.ended.how).toMatchObject({ ...failure, stage: 'stt', provider: 'scripted' });
    heard.controller.abort(new Error('enough'));
    await heard.clock.advance(0);
    expect(heard.clock.pendingTimers).toBe(0);
  });

  it('records what it was given', () => {
    const stt = createScriptedStt();
    const stream = stt.open({ format, signal: new AbortController().signal, isSpeech: () => true });
    stream.write(new Uint8Array(800));
    stream.flush();
    stream.end();
    stream.write(new Uint8Array(5));
    expect(stt.streams[0]).toMatchObject({ audioMs: 100, flushes: 1, hasEnded: true, droppedBytes: 5 });
  });
});
