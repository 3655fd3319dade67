// The oracle counts exactly, and shares no code with what it judges.
import { readdirSync, readFileSync } from 'node:fs';
import { decodeSamples as decodeOfCore, type AudioFormat } from '@voicewire/core/adapter';
import { expect, it } from 'vitest';
import { speechSound } from '../word-sound.js';
import { countWords, isExact, longestGapMs } from './count-words.js';
import { decodeSamples } from './samples.js';
import { readWords } from './word-reader.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const split = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

it.each([
  { said: 'a b c', came: 'a b c', lost: '', repeated: '', disordered: '', foreign: '' },
  { said: 'a b c', came: 'a c', lost: 'b', repeated: '', disordered: '', foreign: '' },
  { said: 'a b c', came: 'a b b c', lost: '', repeated: 'b', disordered: '', foreign: '' },
  { said: 'a b c', came: 'a b a b c', lost: '', repeated: 'a b', disordered: '', foreign: '' },
  { said: 'a b c', came: 'b a c', lost: '', repeated: '', disordered: 'b', foreign: '' },
  { said: 'a b c', came: 'a be c', lost: 'b', repeated: '', disordered: '', foreign: 'be' },
  { said: 'a b a', came: 'a b', lost: 'a', repeated: '', disordered: '', foreign: '' },
  { said: 'a b c d', came: 'a d c', lost: 'b', repeated: '', disordered: 'd', foreign: '' },
  { said: '', came: '', lost: '', repeated: '', disordered: '', foreign: '' },
])('"$said" that came as "$came"', ({ said, came, ...expected }) => {
  const count = countWords(split(said), split(came));
  const { lost, repeated, disordered, foreign } = count;
  const found = Object.entries({ lost, repeated, disordered, foreign }).map(([name, words]) => [
    name,
    words.join(' '),
  ]);
  expect(Object.fromEntries(found)).toEqual(expected);
  expect(isExact(count)).toBe(said === came);
});

it('counts in sound: a word cut in its middle is lost, and what was heard of it is nobody’s word', () => {
  const sound = speechSound('alpha bravo charlie', telephone, 50);
  const cut = Buffer.concat([sound.subarray(0, 8 * 50 * 8), sound.subarray(12 * 50 * 8)]);
  const heard = readWords(cut, telephone);
  const came = heard.map(({ text }) => text);
  expect(countWords(['alpha', 'bravo', 'charlie'], came)).toEqual({
    lost: ['bravo', 'charlie'],
    repeated: [],
    disordered: [],
    foreign: ['brcharlie'],
  });
});

it('measures the longest silence between words', () => {
  const pause = Buffer.alloc(8 * 700, 0xff);
  const sound = Buffer.concat([
    speechSound('alpha ', telephone, 50),
    pause,
    speechSound('bravo charlie', telephone, 50),
  ]);
  expect(longestGapMs(readWords(sound, telephone))).toBe(750);
});

it.each(['mulaw', 'alaw'] as const)('reads %s as core does, by itself', (encoding) => {
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
  expect(decodeSamples(codes, { encoding, sampleRate: 8000, channels: 1 })).toEqual(
    decodeOfCore(codes, encoding),
  );
});

it('imports nothing but itself', () => {
  const folder = new URL('.', import.meta.url);
  const sources = readdirSync(folder).filter((name) => !name.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(3);
  const imports = sources.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from),
  );
  expect(imports.filter((from) => !/^\.\/[a-z-]+\.js$/.test(from ?? ''))).toEqual([]);
});
