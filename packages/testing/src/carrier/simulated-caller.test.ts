// The simulated caller and carrier: frames, play-out at 1×, marks, clear, the waits of a script.
import type { MediaConnection, MediaEvent } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.js';
import { createWordReader } from '../oracle/word-reader.js';
import { speechSound } from '../word-sound.js';
import {
  createSimulatedCaller,
  type SimulatedCaller,
  type SimulatedCallerOptions,
} from './simulated-caller.js';

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

interface Line {
  readonly clock: VirtualClock;
  readonly caller: SimulatedCaller;
  readonly connection: MediaConnection;
  readonly frames: { track: string; bytes: Uint8Array; atMs: number; at: number }[];
  readonly events: (MediaEvent & { at: number })[];
  readonly ended: { how?: unknown };
}

function openLine(options: Omit<SimulatedCallerOptions, 'clock'>): Line {
  const clock = createVirtualClock({ startMs: 5000 });
  const caller = createSimulatedCaller({ clock, ...options });
  const frames: Line['frames'] = [];
  const events: Line['events'] = [];
  const ended: Line['ended'] = {};
  const connection = caller.open((track, bytes, atMs) =>
    frames.push({ track, bytes, atMs, at: clock.now() - 5000 }),
  );
  void (async () => {
    try {
      for await (const event of connection) events.push({ ...event, at: clock.now() - 5000 });
      ended.how = 'returned';
    } catch (error) {
      ended.how = error;
    }
  })();
  return { clock, caller, connection, frames, events, ended };
}

const over = (line: Line) => (): boolean => line.ended.how !== undefined;
const types = (line: Line): string[] => line.events.map(({ type, at }) => `${type} ${at}`);

describe('the caller', () => {
  it('sends a frame every 20 ms, silence and speech, then hangs up at the end of the script', async () => {
    const line = openLine({
      script: async (caller) => {
        await caller.wait(100);
        await caller.say('good day');
        await caller.press('4#');
      },
    });
    await line.clock.run({ until: over(line) });
    expect(line.frames.slice(0, 3).map(({ atMs, at }) => [atMs, at])).toEqual([
      [0, 20],
      [20, 40],
      [40, 60],
    ]);
    const reader = createWordReader(telephone);
    const words = line.frames.flatMap(({ bytes }) => reader.read(bytes));
    expect([...words, ...reader.cut()]).toEqual([
      { text: 'good', startMs: 100, endMs: 340 },
      { text: 'day', startMs: 400, endMs: 580 },
    ]);
    expect(types(line)).toEqual(['start 0', 'dtmf 580', 'dtmf 780', 'stop 780']);
    expect(line.ended.how).toBe('returned');
    await line.caller.done;
    expect(line.clock.pendingTimers).toBe(0);
  });

  it('speaks on labelled tracks side by side', async () => {
    const line = openLine({
      tracks: ['customer', 'agent'],
      script: async (caller) => {
        await Promise.all([caller.say('yes'), caller.say('no', { track: 'agent' })]);
      },
    });
    await line.clock.run({ until: over(line) });
    const heard = ['customer', 'agent'].map((label) => {
      const reader = createWordReader(telephone);
      const words = line.frames
        .filter(({ track }) => track === label)
        .flatMap(({ bytes }) => reader.read(bytes));
      return [...words, ...reader.cut()].map(({ text }) => text);
    });
    expect(heard).toEqual([['yes'], ['no']]);
  });

  it('waits for the agent, barges in, and waits for the end', async () => {
    const times: number[] = [];
    const line = openLine({
      script: async (caller) => {
        await caller.agentFinishes(200);
        times.push(caller.now());
        await caller.agentSpeaks(300);
        times.push(caller.now());
        await caller.agentFinishes(200);
        times.push(caller.now());
      },
    });
    line.clock.setTimeout(() => line.connection.send(new Uint8Array(8 * 500)), 100);
    line.clock.setTimeout(() => line.connection.send(new Uint8Array(8 * 1000)), 1000);
    await line.clock.run({ until: over(line) });
    // Played 100 to 600 and 1000 to 2000; asked at every frame.
    expect(times).toEqual([800, 1300, 2200]);
  });

  it('loses the line without a word', async () => {
    const line = openLine({ script: async (caller) => caller.lose() });
    await line.clock.run({ until: over(line) });
    expect(line.ended.how).toMatchObject({ class: 'unavailable', stage: 'telephony' });
    await line.caller.done;
  });

  it('ends with the call wherever its script is, and passes on what a script throws', async () => {
    const patient = openLine({ script: async (caller) => caller.agentSpeaks() });
    await patient.clock.advance(100);
    await patient.caller.control.hangup?.('any', new AbortController().signal);
    await patient.clock.run({ until: over(patient) });
    await patient.caller.done;
    expect(types(patient)).toEqual(['start 0', 'stop 100']);
    expect(patient.clock.pendingTimers).toBe(0);

    const failing = openLine({
      script: async () => {
        throw new RangeError('from the script');
      },
    });
    await failing.clock.run({ until: over(failing) });
    await expect(failing.caller.done).rejects.toThrow(RangeError);

    const endless = openLine({ script: async (caller) => caller.agentSpeaks(), maxCallMs: 3000 });
    await endless.clock.run({ until: over(endless) });
    await expect(endless.caller.done).rejects.toMatchObject({ code: 'testing.call_too_long' });
  });

  it('types whole turns, where the line declares transcripts', async () => {
    const line = openLine({
      capabilities: { transcripts: true },
      script: async (caller) => caller.type('hello'),
    });
    await line.clock.run({ until: over(line) });
    const typed = { type: 'transcript', track: 'caller' };
    expect(line.events.slice(1, 3)).toMatchObject([
      { ...typed, event: { type: 'final', text: 'hello' } },
      { ...typed, event: { type: 'turn-end', eager: false } },
    ]);
  });
});

describe('the carrier', () => {
  const stay = { script: (caller) => caller.wait(10_000) } satisfies Pick<SimulatedCallerOptions, 'script'>;

  it('returns marks when the audio before them was played, also across gaps', async () => {
    const line = openLine(stay);
    line.connection.mark('at once', 0);
    line.connection.send(new Uint8Array(8 * 250));
    line.connection.mark('a', 0);
    line.connection.send(new Uint8Array(8 * 100));
    line.connection.mark('b', 0);
    await line.clock.advance(1000);
    line.connection.send(new Uint8Array(8 * 50));
    line.connection.mark('c', 1);
    await line.clock.advance(1000);
    expect(line.events.slice(1)).toEqual([
      { type: 'mark', id: 'at once', generation: 0, at: 0 },
      { type: 'mark', id: 'a', generation: 0, at: 250 },
      { type: 'mark', id: 'b', generation: 0, at: 350 },
      { type: 'mark', id: 'c', generation: 1, at: 1050 },
    ]);
    expect(line.caller.played().map(({ atMs, audio }) => [atMs, audio.length])).toEqual([
      [0, 8 * 350],
      [1000, 8 * 50],
    ]);
  });

  it('with five seconds buffered, a clear leaves only what was played', async () => {
    const line = openLine(stay);
    const sound = speechSound(
      'one two three four five six seven eight nine ten and so on and so on and so on',
      telephone,
    );
    line.connection.send(sound);
    line.connection.mark('end', 0);
    await line.clock.advance(700);
    line.connection.clear();
    await line.clock.advance(0);
    expect(line.events.at(-1)).toEqual({ type: 'mark', id: 'end', generation: 0, at: 700 });
    await line.clock.advance(1000);
    line.connection.send(speechSound('stop', telephone));
    await line.clock.advance(1000);
    expect(line.caller.heardText()).toBe('one two thre stop');
    expect(line.caller.clearedBytes).toBe(sound.length - 8 * 700);
    expect(line.caller.heardWords().at(-1)).toEqual({ text: 'stop', startMs: 1700, endMs: 1940 });
  });

  it('forgets marks at a clear, or never returns any, where it says so', async () => {
    const forgetful = openLine({ ...stay, capabilities: { clearReturnsMarks: false } });
    const markless = openLine({ ...stay, capabilities: { marks: 'none' } });
    for (const line of [forgetful, markless]) {
      line.connection.send(new Uint8Array(800));
      line.connection.mark('x', 0);
    }
    forgetful.connection.clear();
    await forgetful.clock.advance(1000);
    await markless.clock.advance(1000);
    expect(types(forgetful)).toEqual(['start 0']);
    expect(types(markless)).toEqual(['start 0']);
  });

  it('holds half a second where the pace is ours, and counts what does not fit', async () => {
    const line = openLine({ ...stay, capabilities: { pacing: 'ours' } });
    line.connection.send(new Uint8Array(8 * 400));
    await line.clock.advance(200);
    line.connection.send(new Uint8Array(8 * 400));
    expect(line.caller.overflowBytes).toBe(8 * 100);
  });

  it('keeps its own copy of what it was sent', async () => {
    const line = openLine(stay);
    const audio = new Uint8Array(speechSound('word', telephone));
    line.connection.send(audio);
    audio.fill(0xff);
    await line.clock.advance(1000);
    expect(line.caller.heardText()).toBe('word');
  });

  it('reports positions like a browser, on request', async () => {
    const line = openLine({ ...stay, reportPlayedEveryMs: 100 });
    line.connection.send(new Uint8Array(8 * 250));
    await line.clock.advance(500);
    expect(line.events.slice(1)).toEqual(
      [100, 200, 250].map((playedMs, index) => ({
        type: 'played',
        playedMs,
        generation: 0,
        at: 100 * (index + 1),
      })),
    );
  });

  it('reports positions from 0 after a clear, as core counts them', async () => {
    const line = openLine({ ...stay, reportPlayedEveryMs: 100 });
    line.connection.send(new Uint8Array(8 * 250));
    await line.clock.advance(150);
    line.connection.clear();
    line.connection.send(new Uint8Array(8 * 100));
    await line.clock.advance(350);
    expect(
      line.events.flatMap((event) => (event.type === 'played' ? [[event.playedMs, event.generation]] : [])),
    ).toEqual([
      [100, 0],
      [50, 1],
      [100, 1],
    ]);
  });

  it('logs what was asked of it, with call times', async () => {
    const line = openLine(stay);
    await line.clock.advance(40);
    line.connection.mark('m', 2);
    line.connection.clear();
    line.connection.sendDtmf?.('12');
    line.connection.close();
    line.connection.send(new Uint8Array(8));
    expect(line.caller.log).toEqual([
      { type: 'mark', id: 'm', generation: 2, atMs: 40 },
      { type: 'clear', atMs: 40 },
      { type: 'dtmf', digits: '12', atMs: 40 },
      { type: 'close', atMs: 40 },
    ]);
    await line.clock.run({ until: over(line) });
    expect(line.ended.how).toBe('returned');
  });
});
