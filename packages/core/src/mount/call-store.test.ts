// The records of calls, in memory: newest first, bounded, live ones never lost.
import { expect, it } from 'vitest';
import { createMemoryCallStore, wallTime, type CallRecord, type CallStanding } from './call-store.js';

const record = (callId: string, standing: CallStanding): CallRecord => ({
  callId,
  provider: 'carrier',
  direction: 'inbound',
  from: 'a',
  to: 'b',
  context: {},
  standing,
  events: [],
  startedAt: wallTime(),
});

it('what is over goes first, then callers who never came; live calls stay', () => {
  const store = createMemoryCallStore(3);
  store.put(record('live', 'live'));
  store.put(record('expected', 'expected'));
  store.put(record('over', 'over'));
  store.put(record('new', 'expected'));
  expect(store.list().map(({ callId }) => callId)).toEqual(['new', 'expected', 'live']);
  store.put(record('newer', 'expected'));
  expect(store.list().map(({ callId }) => callId)).toEqual(['newer', 'new', 'live']);
  for (const callId of ['a', 'b', 'c']) store.put(record(callId, 'live'));
  expect(store.list().map(({ callId }) => callId)).toEqual(['c', 'b', 'a', 'live']);
});

it('a record that changes is the newest', () => {
  const store = createMemoryCallStore();
  store.put(record('one', 'live'));
  store.put(record('two', 'live'));
  store.put(record('one', 'over'));
  expect(store.list()).toMatchObject([{ callId: 'one', standing: 'over' }, { callId: 'two' }]);
  expect(store.get('nobody')).toBeUndefined();
});

it('times are those of the wall', () => {
  expect(Math.abs(Date.parse(wallTime()) - Date.now())).toBeLessThan(60_000);
});
