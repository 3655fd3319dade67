import { expect, it } from 'vitest';
import { holds, patternProblem } from './text-pattern.js';

it.each<[string, string, boolean]>([
  ['Your order, The Sea Atlas, is here.', 'the sea atlas is', true],
  ['Your order is here.', 'order here', false],
  ['Reordering is fine.', 'order', false],
  ['It’s 10:30 – come in!', 'it’s 10 30 come', true],
  ['On Saturday we are open.', '/^on (sat|sun)/i', true],
  ['On Saturday we are open.', '/^on (sat|sun)/', false],
  ['open and/or closed', 'and or', true],
])('%j holds %j: %s', (text, written, expected) => {
  expect(holds(text, written)).toBe(expected);
});

it('knows what is no pattern', () => {
  expect(patternProblem('/(/')).toMatch(/Unterminated group/);
  expect(patternProblem('...')).toMatch(/without words/);
  expect(patternProblem('/[0-9]{4}/')).toBeUndefined();
});
