import { describe, expect, it } from 'vitest';
import { parseJson } from './http-json.js';

const target = { provider: 'acme', stage: 'llm' } as const;
const tooMany = { class: 'protocol', message: expect.stringContaining('20000 values') as string };

describe('parseJson', () => {
  it.each([
    ['numbers', `[${'0,'.repeat(20_000)}0]`],
    ['objects', `{"a":[${'{},'.repeat(10_001)}{}]}`],
    // Reading these takes the parser a hundred times as long as the same length of text.
    ['brackets', '['.repeat(1_000_000)],
  ])('refuses to read a message of very many %s', (_, text) => {
    expect(() => parseJson(text, target)).toThrow(expect.objectContaining(tooMany));
  });

  it('reads long texts, and answers of many values where they are asked for', () => {
    expect(parseJson(JSON.stringify('x'.repeat(2_000_000)), target)).toHaveLength(2_000_000);
    expect(parseJson(`[${'0,'.repeat(30_000)}0]`, { ...target, maxValues: 40_000 })).toHaveLength(30_001);
  });
});
