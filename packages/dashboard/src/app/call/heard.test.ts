import { describe, expect, it } from 'vitest';
import { splitHeard } from './heard.js';

const text = (value: string) => ({ kind: 'text', text: value }) as const;
const tool = { kind: 'tool', id: 't', name: 'x', input: {} } as const;

describe('what was heard of a reply', () => {
  it('is all of it until it was cut short', () => {
    expect(splitHeard({ parts: [text('one two')] })).toEqual([{ heard: 'one two', unheard: '' }]);
    const end = { isCut: false, heard: 'one' };
    expect(splitHeard({ parts: [text('one two')], end })).toEqual([{ heard: 'one two', unheard: '' }]);
  });

  it('is as many words as reached the ear, over all parts', () => {
    const end = { isCut: true, heard: 'one two,  three' };
    expect(splitHeard({ parts: [text('one two, '), tool, text('three four five')], end })).toEqual([
      { heard: 'one two,', unheard: '' },
      undefined,
      { heard: 'three', unheard: 'four five' },
    ]);
  });

  it('is nothing where nothing reached it', () => {
    expect(splitHeard({ parts: [text('one')], end: { isCut: true, heard: '' } })).toEqual([
      { heard: '', unheard: 'one' },
    ]);
  });
});
