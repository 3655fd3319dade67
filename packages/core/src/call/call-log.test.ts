// The log: ordered, bounded by what was said, and no reader can slow it.
import { describe, expect, it } from 'vitest';
import { createCallLog, type ReadEvent } from './call-log.js';

const key = { type: 'dtmf', digit: '1', masked: false } as const;

async function readAll(events: AsyncIterable<ReadEvent>): Promise<readonly ReadEvent[]> {
  const all: ReadEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('a log', () => {
  it('numbers without gaps and keeps no detail that later events made obsolete', () => {
    const log = createCallLog();
    for (let turnId = 1; turnId <= 20; turnId += 1) {
      log.append({ type: 'reply-started', turnId, trigger: 'say', utterance: 0 }, turnId);
      for (let ms = 0; ms < 1_000; ms += 1) {
        log.append({ type: 'agent-audio', turnId, producedMs: ms, sentMs: ms }, turnId);
        log.append({ type: 'agent-played', turnId, playedMs: ms }, turnId);
        log.append({ type: 'transcript-partial', track: 'caller', text: 'x', startMs: 0, endMs: ms }, turnId);
      }
      log.append({ type: 'agent-heard', turnId, text: 'x', outcome: 'heard', playedMs: 1 }, turnId);
    }
    expect(log.snapshot().length).toBeLessThanOrEqual(20 * 2 + 1);
    expect(log.append(key, 21).seq).toBe(20 * 3_002 + 1);
  });

  it('goes on behind what it is given', () => {
    const first = createCallLog();
    first.append(key, 1);
    expect(createCallLog(first.snapshot()).append(key, 2).seq).toBe(2);
  });
});

describe('a call of hours', () => {
  it('keeps its latest events, and what a resumption can not do without', () => {
    const log = createCallLog();
    log.append({ type: 'slot-filled', name: 'name', value: 'Ada', masked: false }, 0);
    for (let index = 0; index < 30_000; index += 1) log.append(key, index);
    const kept = log.snapshot();
    expect(kept.length).toBeLessThanOrEqual(10_000);
    expect(kept.length).toBeGreaterThanOrEqual(9_000);
    expect(kept[0]).toMatchObject({ type: 'slot-filled', seq: 1 });
    expect(kept.at(-1)).toMatchObject({ seq: 30_001 });
    const [, second, third] = kept;
    expect((third?.seq ?? 0) - (second?.seq ?? 0)).toBe(1);
  });
});

describe('a reader', () => {
  it('that is slow loses some and is told how many, in their place', async () => {
    const log = createCallLog();
    const events = log.read();
    for (let index = 0; index < 1_500; index += 1) log.append(key, index);
    log.close();
    const all = await readAll(events);
    expect(all).toHaveLength(1_001);
    expect(all.at(-1)).toEqual({ type: 'events-lost', count: 500 });
  });

  it('gets a long log again from any place, without loss, and what comes after', async () => {
    const log = createCallLog();
    for (let index = 0; index < 5_000; index += 1) log.append(key, index);
    const events = log.read({ fromSeq: 11 });
    log.append(key, 5_000);
    log.close();
    const seqs = (await readAll(events)).map((event) => ('seq' in event ? event.seq : 0));
    expect(seqs).toEqual(Array.from({ length: 4_991 }, (_, index) => index + 11));
  });

  it('that leaves, or is stopped, costs nothing more', async () => {
    const log = createCallLog();
    log.append(key, 0);
    for await (const event of log.read({ fromSeq: 1 })) {
      expect(event).toMatchObject({ seq: 1 });
      break;
    }
    const controller = new AbortController();
    const stopped = readAll(log.read({ signal: controller.signal }));
    controller.abort(new RangeError('enough'));
    await expect(stopped).rejects.toThrow('enough');
  });
});
