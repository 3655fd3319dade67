// Times of a stream that began late and left out what others were given.
import { expect, it } from 'vitest';
import { createTimeMap } from './time-map.js';

it('counts from where the stream began, and from where it went on', () => {
  const map = createTimeMap(500);
  expect(map.toOuter(0)).toBe(500);
  map.add(300, 2_000);
  expect([100, 300, 301, 400].map(map.toOuter)).toEqual([600, 800, 2_001, 2_100]);
});

it('forgets where it would have begun when its first audio lies elsewhere', () => {
  // Opened for the present, then given what was missed: its first sample is the older one.
  const map = createTimeMap(500);
  map.add(0, 100);
  expect(map.toOuter(0)).toBe(100);
  expect(map.toOuter(10)).toBe(110);
  map.add(200, 900);
  map.add(200, 1_000);
  expect([200, 210].map(map.toOuter)).toEqual([300, 1_010]);
});
