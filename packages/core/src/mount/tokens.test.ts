// Tokens in virtual time: once, for a minute, and no more of them than there is room for.
import { createVirtualClock } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { createTokenStore } from './tokens.js';

it('a token is taken once', () => {
  const tokens = createTokenStore<string>(createVirtualClock());
  const token = tokens.issue('a call');
  expect(token).toMatch(/^[\w-]{22}$/);
  expect(tokens.take('guessed')).toBeUndefined();
  expect(tokens.take(undefined)).toBeUndefined();
  expect(tokens.take(token)).toBe('a call');
  expect(tokens.take(token)).toBeUndefined();
});

it('a token lasts a minute', async () => {
  const clock = createVirtualClock();
  const tokens = createTokenStore<string>(clock);
  const [early, late] = [tokens.issue('early'), tokens.issue('late')];
  await clock.advance(59_999);
  expect(tokens.take(early)).toBe('early');
  tokens.issue('next');
  await clock.advance(1);
  expect(tokens.take(late)).toBeUndefined();
  expect(tokens.values()).toEqual(['next']);
});

it('those of a call that is over are forgotten', () => {
  const tokens = createTokenStore<string>(createVirtualClock());
  const [one, other] = [tokens.issue('one'), tokens.issue('other')];
  tokens.revoke((value) => value === 'one');
  expect(tokens.take(one)).toBeUndefined();
  expect(tokens.take(other)).toBe('other');
});

it('a flood of them takes no more room than there is: the oldest go', () => {
  const tokens = createTokenStore<number>(createVirtualClock());
  const issued = Array.from({ length: 10_005 }, (_, index) => tokens.issue(index));
  expect(tokens.values()).toHaveLength(10_000);
  expect(tokens.take(issued[4])).toBeUndefined();
  expect(tokens.take(issued[5])).toBe(5);
});
