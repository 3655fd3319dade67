// The player against a carrier's play-out buffer in virtual time: how far ahead, what was heard, and nothing twice.
import {
  createVirtualClock,
  readWords,
  speechSound,
  wordsAsHeard,
  type VirtualClock,
} from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { durationMs, silence } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';
import { createPlayer, type PlayerOptions } from './player.js';

const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const words = 'one two three four five six seven eight nine ten eleven twelve';

/** A carrier: plays at once what it has, returns marks when their audio was played, remembers what was heard. */
function createCarrier(clock: VirtualClock) {
  let queue: { readonly audio: Uint8Array; readonly from: number; to: number }[] = [];
  const marks: { readonly id: string; readonly generation: number; readonly at: number }[] = [];
  let endsAt = 0;
  return {
    marks,
    clears: 0,
    buffered: 0,
    send(audio: Uint8Array) {
      const from = Math.max(clock.now(), endsAt);
      endsAt = from + durationMs(audio.byteLength, format);
      queue.push({ audio, from, to: endsAt });
    },
    mark(id: string, generation: number) {
      marks.push({ id, generation, at: endsAt });
    },
    clear() {
      this.clears += 1;
      const now = clock.now();
      queue = queue.filter(({ from }) => from < now);
      for (const piece of queue) piece.to = Math.min(piece.to, now);
      endsAt = now;
    },
    get aheadMs() {
      return Math.max(0, endsAt - clock.now());
    },
    heardWords() {
      const line = silence(Math.max(0, ...queue.map(({ to }) => to)), format);
      for (const { audio, from, to } of queue)
        line.set(audio.subarray(0, Math.round((to - from) * 8)), Math.round(from * 8));
      return readWords(line, format).map(({ text }) => text);
    },
  };
}

function createTable(capabilities: Partial<PlayerOptions['capabilities']> = {}) {
  const clock = createVirtualClock();
  const carrier = createCarrier(clock);
  const played: number[] = [];
  const log = { stuck: 0, drained: 0, sent: 0 };
  const player = createPlayer({
    media: carrier,
    capabilities: { pacing: 'carrier', marks: 'played', clear: true, ...capabilities },
    format,
    clock,
    onProgress: (_, __, sentMs) => {
      log.sent = sentMs;
    },
    onPlayed: (_, playedMs) => {
      played.push(playedMs);
    },
    onStuck: () => {
      log.stuck += 1;
    },
  });
  let returned = 0;
  return {
    clock,
    carrier,
    player,
    played,
    log,
    drained: () => {
      log.drained += 1;
    },
    say(text = words) {
      player.begin(1);
      player.play(speechSound(text, format));
    },
    /** Lets time pass; marks come back when they are due, but for those that are lost. */
    async pass(ms: number, isLost: (index: number) => boolean = () => false) {
      const end = clock.now() + ms;
      while (clock.now() < end) {
        await clock.advance(Math.min(10, end - clock.now()));
        for (; returned < carrier.marks.length; returned += 1) {
          const mark = carrier.marks[returned];
          if (mark === undefined || mark.at > clock.now()) break;
          if (!isLost(returned)) player.marked(mark.id, mark.generation);
        }
      }
    },
  };
}

const wholeMs = words.length * 60;

describe('how far ahead', () => {
  it('is half a minute where the carrier gives it back', () => {
    const table = createTable();
    table.player.begin(1);
    for (let piece = 0; piece < 100; piece += 1) table.player.play(silence(1_000, format));
    expect(table.carrier.aheadMs).toBeGreaterThan(29_000);
    expect(table.carrier.aheadMs).toBeLessThanOrEqual(30_000);
  });

  it.each([
    ['pacing is ours', { pacing: 'ours' as const }],
    ['the carrier can not clear', { clear: false }],
  ])('is never more than 200 ms where %s, and never nothing', async (_, capabilities) => {
    const table = createTable(capabilities);
    table.say();
    let least = Infinity;
    let most = 0;
    for (let ms = 0; ms < wholeMs - 400; ms += 10) {
      most = Math.max(most, table.carrier.aheadMs);
      least = Math.min(least, table.carrier.aheadMs);
      await table.pass(10);
    }
    expect(most).toBeLessThanOrEqual(200);
    expect(least).toBeGreaterThan(0);
    await table.pass(1_000);
    expect(table.carrier.heardWords()).toEqual(wordsAsHeard(words));
  });
});

describe('what was played', () => {
  it('is told by marks, one for each quarter of a second at most', async () => {
    const table = createTable();
    table.player.begin(1);
    for (let piece = 0; piece < 100; piece += 1) table.player.play(silence(20, format));
    table.player.finish(table.drained);
    expect(table.carrier.marks.length).toBeLessThanOrEqual(2_000 / 250 + 1);
    await table.pass(2_050);
    expect(table.log.drained).toBe(1);
    expect(table.played).toEqual([...table.played].sort((a, b) => a - b));
    expect(table.played.at(-1)).toBe(2_000);
    expect(table.clock.pendingTimers).toBe(0);
  });

  it('is known by the clock when every mark is lost', async () => {
    const table = createTable();
    table.say();
    table.player.finish(table.drained);
    await table.pass(wholeMs + 1_900, () => true);
    expect(table.log.drained).toBe(0);
    await table.pass(200, () => true);
    expect(table.log.drained).toBe(1);
  });

  it('is not forgotten at a barge-in because marks were lost', async () => {
    const table = createTable();
    table.say();
    await table.pass(3_500, () => true);
    expect(table.player.pause()).toBeGreaterThanOrEqual(1_500);
  });

  it('waits for a carrier that plays later than we think', async () => {
    const table = createTable();
    table.say();
    table.player.finish(table.drained);
    const [mark] = table.carrier.marks;
    await table.clock.advance(2_500);
    // The first mark comes two seconds late, and so does everything behind it.
    table.player.marked(mark?.id ?? '', mark?.generation ?? 0);
    await table.clock.advance(wholeMs + 2_000 - 2_500);
    expect(table.log.drained).toBe(0);
    await table.clock.advance(10_000);
    expect(table.log.drained).toBe(1);
  });

  it('is not told by marks of an older generation', async () => {
    const table = createTable();
    table.say();
    const old = [...table.carrier.marks];
    await table.pass(500);
    table.player.stop();
    table.player.begin(2);
    table.player.play(silence(5_000, format));
    const before = table.played.length;
    for (const { id, generation } of old) table.player.marked(id, generation);
    expect(table.played.length).toBe(before);
  });

  it('is told by positions, also after a pause that took nothing back', async () => {
    const table = createTable({ marks: 'none' });
    table.player.begin(1);
    table.player.pause();
    table.player.resume(0);
    table.player.play(silence(2_000, format));
    table.player.finish(table.drained);
    await table.clock.advance(700);
    // Nothing was cleared: for the carrier this is still the first generation.
    expect(table.carrier.clears).toBe(0);
    table.player.positioned(650, 0);
    expect(table.played).toEqual([650]);
  });

  it('is told by positions that count from the last clear', async () => {
    const table = createTable({ marks: 'none' });
    table.say();
    await table.clock.advance(1_000);
    const pausedMs = table.player.pause();
    table.player.resume(900);
    table.player.positioned(100, 0);
    expect(table.played).toEqual([]);
    table.player.positioned(300, 1);
    expect(pausedMs).toBe(1_000);
    expect(table.played).toEqual([1_200]);
  });
});

describe('a pause', () => {
  it.each(Array.from({ length: 12 }, (_, index) => 130 + index * 330))(
    'after %i ms and going on where it stopped loses no word and says none twice',
    async (ms) => {
      const table = createTable();
      table.say();
      table.player.finish(table.drained);
      await table.pass(ms);
      const playedMs = table.player.pause();
      const heard = table.carrier.heardWords();
      await table.pass(500);
      expect(table.carrier.heardWords()).toEqual(heard);
      // The start of the word that was not heard whole.
      const spaceAt = words.lastIndexOf(' ', Math.floor(playedMs / 60));
      table.player.resume((spaceAt + 1) * 60);
      await table.pass(wholeMs + 1_000);
      const all = table.carrier.heardWords();
      const whole = wordsAsHeard(words);
      const before = Math.round(spaceAt + 1 === 0 ? 0 : words.slice(0, spaceAt).split(' ').length);
      expect(all.slice(0, before)).toEqual(whole.slice(0, before));
      expect(all.slice(-(whole.length - before))).toEqual(whole.slice(before));
      expect(all.length - whole.length).toBeLessThanOrEqual(1);
      expect(table.log.drained).toBe(1);
    },
  );

  it('where nothing can be taken back counts what the carrier will still play', async () => {
    const table = createTable({ clear: false });
    table.say();
    await table.pass(1_000);
    const playedMs = table.player.pause();
    await table.pass(1_000);
    expect(table.carrier.clears).toBe(0);
    table.player.resume(playedMs);
    await table.pass(wholeMs);
    expect(table.carrier.heardWords().join('')).toBe(wordsAsHeard(words).join(''));
  });

  it('then a stop forgets the rest', async () => {
    const table = createTable();
    table.say();
    await table.pass(600);
    const playedMs = table.player.pause();
    await table.pass(300);
    expect(table.player.stop()).toBe(playedMs);
    const heard = table.carrier.heardWords();
    table.player.resume(0);
    await table.pass(wholeMs);
    expect(table.carrier.heardWords()).toEqual(heard);
    expect(table.carrier.aheadMs).toBe(0);
    expect(table.clock.pendingTimers).toBe(0);
  });
});

describe("a carrier's socket", () => {
  it('that is full gets nothing more, and what waits when it has room', async () => {
    const table = createTable();
    table.carrier.buffered = 1e6;
    table.say();
    await table.pass(4_000);
    expect(table.log.sent).toBe(0);
    table.carrier.buffered = 0;
    await table.pass(wholeMs + 200);
    expect(table.carrier.heardWords()).toEqual(wordsAsHeard(words));
    expect(table.log.stuck).toBe(0);
  });

  it('that stays full is stuck after five seconds', async () => {
    const table = createTable();
    table.carrier.buffered = 1e6;
    table.say();
    await table.pass(4_900);
    expect(table.log.stuck).toBe(0);
    await table.pass(300);
    expect(table.log.stuck).toBe(1);
  });
});
