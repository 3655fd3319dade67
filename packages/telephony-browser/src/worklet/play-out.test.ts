import { describe, expect, it } from 'vitest';
import { createPlayOut, type PlayOutReport } from './play-out.js';

const block = 160; // 10 ms at 16 kHz

function phone(jitterMs = 60) {
  const reports: PlayOutReport[] = [];
  const heard: number[] = [];
  const playOut = createPlayOut({
    wireRate: 16_000,
    contextRate: 16_000,
    jitterMs,
    onReport: (report) => reports.push(report),
  });
  return {
    ...playOut,
    reports,
    heard,
    marks: () => reports.filter((report) => report.type === 'mark').map((report) => report.id),
    playedMs: () => reports.findLast((report) => report.type === 'played')?.playedMs ?? 0,
    /** Lets time pass, in steps of 10 ms. */
    run(ms: number) {
      const output = new Float32Array(block);
      for (let passed = 0; passed < ms; passed += 10) {
        playOut.fill(output);
        heard.push(...output);
      }
    },
  };
}

function tone(ms: number, level = 8_192): Int16Array {
  return new Int16Array(ms * 16).fill(level);
}

describe('play-out', () => {
  it('plays what comes, once, and says how much was heard', () => {
    const { enqueue, run, heard, playedMs } = phone();
    for (let part = 0; part < 10; part += 1) enqueue(tone(20));
    run(500);
    expect(heard.filter((sample) => sample !== 0).length).toBe(200 * 16);
    expect(playedMs()).toBe(200);
  });

  it('waits for 60 ms of audio, or as long where less is coming', () => {
    const { enqueue, run, heard } = phone();
    enqueue(tone(20));
    run(40);
    expect(heard.every((sample) => sample === 0)).toBe(true);
    enqueue(tone(40));
    run(10);
    expect(heard.at(-1)).toBe(0.25);
    const short = phone();
    short.enqueue(tone(20));
    short.run(60);
    expect(short.heard.every((sample) => sample === 0)).toBe(true);
    short.run(20);
    expect(short.heard.filter((sample) => sample !== 0).length).toBe(20 * 16);
  });

  it('answers a mark when what stands before it was heard, not before', () => {
    const { enqueue, mark, run, marks, reports } = phone(0);
    enqueue(tone(100));
    mark('half', 3);
    enqueue(tone(100));
    mark('end', 3);
    run(90);
    expect(marks()).toEqual([]);
    run(10);
    expect(marks()).toEqual(['half']);
    expect(reports).toContainEqual({ type: 'mark', id: 'half', generation: 3 });
    run(100);
    expect(marks()).toEqual(['half', 'end']);
  });

  it('tells the position before the marks that depend on it', () => {
    const { enqueue, mark, run, reports } = phone(0);
    enqueue(tone(30));
    mark('end', 0);
    run(30);
    const order = reports.filter((report) => report.type !== 'speaking');
    expect(order).toEqual([
      { type: 'played', playedMs: 30, clears: 0 },
      { type: 'mark', id: 'end', generation: 0 },
    ]);
  });

  it('counts the way from here to the ear', () => {
    const { enqueue, mark, setLatency, run, marks } = phone(0);
    setLatency(50);
    enqueue(tone(100));
    mark('end', 0);
    run(140);
    expect(marks()).toEqual([]);
    run(10);
    expect(marks()).toEqual(['end']);
  });

  it('clears what was not played, says so at once, and counts anew', () => {
    const { enqueue, mark, clear, run, marks, heard, reports, playedMs } = phone(0);
    enqueue(tone(1_000));
    mark('never', 0);
    run(250);
    clear(1);
    expect(reports.at(-1)).toEqual({ type: 'played', playedMs: 0, clears: 1 });
    run(500);
    expect(marks()).toEqual([]);
    expect(heard.filter((sample) => sample !== 0).length).toBe(250 * 16);
    enqueue(tone(100));
    mark('next', 1);
    run(100);
    expect(marks()).toEqual(['next']);
    expect(playedMs()).toBe(100);
    enqueue(tone(1_000));
    run(1_000);
    expect(marks()).toEqual(['next']);
  });

  it('still answers a mark whose audio the device already has when a clear comes', () => {
    const { enqueue, mark, setLatency, clear, run, marks } = phone(0);
    setLatency(50);
    enqueue(tone(100));
    mark('on its way', 0);
    enqueue(tone(100));
    run(120);
    clear(1);
    expect(marks()).toEqual([]);
    run(40);
    expect(marks()).toEqual(['on its way']);
  });

  it('says when the voice starts and stops', () => {
    const { enqueue, run, reports } = phone(0);
    enqueue(tone(100));
    run(50);
    run(100);
    expect(reports.filter((report) => report.type === 'speaking')).toEqual([
      { type: 'speaking', isSpeaking: true },
      { type: 'speaking', isSpeaking: false },
    ]);
  });

  it('takes no more than two minutes, and answers no mark for what it did not take', () => {
    const { enqueue, mark, run, marks, playedMs } = phone(0);
    enqueue(tone(100));
    enqueue(tone(120_000));
    mark('end', 0);
    run(200);
    expect(playedMs()).toBe(100);
    expect(marks()).toEqual(['end']);
  });
});
