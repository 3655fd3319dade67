import { describe, expect, it } from 'vitest';
import { readPageMessage } from './browser-wire.js';

const read = (message: unknown) => readPageMessage(JSON.stringify(message));

describe('messages of a page', () => {
  it('reads each kind', () => {
    expect(
      read({ type: 'start', token: 't', sampleRate: 16000, parameters: { speak: 'type' } }),
    ).toMatchObject({
      token: 't',
      sampleRate: 16_000,
      parameters: { speak: 'type' },
    });
    expect(read({ type: 'dtmf', digit: '#' })).toEqual({ type: 'dtmf', digit: '#' });
    expect(read({ type: 'mark', id: 'm', generation: 2 })).toEqual({ type: 'mark', id: 'm', generation: 2 });
    expect(read({ type: 'played', playedMs: 12.5, clears: 0 })).toMatchObject({ playedMs: 12.5 });
    const final = { type: 'final', text: 'hello', startMs: 1, endMs: 2 };
    expect(read({ type: 'transcript', event: { ...final, confidence: 7 } })).toMatchObject({ event: final });
    const end = { type: 'turn-end', atMs: 3 };
    expect(read({ type: 'transcript', event: end })).toEqual({
      type: 'transcript',
      track: undefined,
      event: end,
    });
    expect(read({ type: 'stop', extra: 1 })).toEqual({ type: 'stop' });
  });

  it.each([
    ['no JSON', 'hello'],
    ['an array', '[]'],
    ['null', 'null'],
    ['unknown type', '{"type":"media"}'],
    ['a type of the prototype', '{"type":"constructor"}'],
    ['other sample rate', '{"type":"start","sampleRate":44100}'],
    ['long token', JSON.stringify({ type: 'start', sampleRate: 8000, token: 'x'.repeat(3_000) })],
    ['parameters that are no strings', '{"type":"start","sampleRate":8000,"parameters":{"a":1}}'],
    ['the same track twice', '{"type":"start","sampleRate":8000,"tracks":["a","a"]}'],
    ['two digits', '{"type":"dtmf","digit":"12"}'],
    ['a negative generation', '{"type":"mark","id":"a","generation":-1}'],
    ['a time of no number', '{"type":"played","playedMs":"1","clears":0}'],
    ['infinite time', '{"type":"played","playedMs":1e999,"clears":0}'],
    [
      'an end before its start',
      '{"type":"transcript","event":{"type":"final","text":"a","startMs":2,"endMs":1}}',
    ],
    ['too much', JSON.stringify({ type: 'stop', padding: 'x'.repeat(20_000) })],
    ['too deep', '['.repeat(16_000)],
  ])('refuses %s', (_, text) => {
    expect(readPageMessage(text)).toBeUndefined();
  });
});
