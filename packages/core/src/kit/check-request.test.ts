// What was declared may be asked for; everything else is told at once.
import { expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { SttCapabilities } from '../spec/stt.js';
import { checkSttRequest, checkTtsRequest } from './check-request.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const capabilities: SttCapabilities = {
  formats: [telephone],
  timing: 'word',
  partials: true,
  flush: true,
  speechEvents: false,
  turnEvents: false,
  diarization: false,
  keyterms: false,
  languages: ['en', 'pt-BR'],
  maxReplayRate: 1,
};

function problemsOf(check: () => void): readonly (string | undefined)[] {
  try {
    check();
  } catch (error) {
    if (ConfigError.is(error)) return error.problems.map((problem) => problem.path);
    throw error;
  }
  return [];
}

it.each([
  [{ format: telephone }, []],
  [{ format: telephone, keyterms: [], diarize: false, language: 'EN-gb' }, []],
  [{ format: telephone, language: 'pt-BR' }, []],
  [{ format: telephone, language: 'pt' }, ['language']],
  [{ format: telephone, language: 'enx' }, ['language']],
  [{ format: { ...telephone, sampleRate: 16_000 } }, ['format']],
  [{ format: { ...telephone, channels: 2 as const } }, ['format']],
  [
    {
      format: { ...telephone, encoding: 'alaw' as const },
      language: 'de',
      keyterms: ['Acme'],
      diarize: true,
    },
    ['format', 'language', 'keyterms', 'diarize'],
  ],
])('of %j, refuses %j', (request, expected) => {
  expect(problemsOf(() => checkSttRequest('acme', capabilities, request))).toEqual(expected);
});

it('takes any language where none are listed', () => {
  const request = { format: telephone, language: 'tlh' };
  expect(
    problemsOf(() => checkSttRequest('acme', { ...capabilities, languages: undefined }, request)),
  ).toEqual([]);
});

it('holds a voice to its formats', () => {
  const voice = { formats: [telephone], wordTimings: false, textStreaming: false, concurrentUtterances: 1 };
  expect(problemsOf(() => checkTtsRequest('acme', voice, { format: telephone }))).toEqual([]);
  const wide = { ...telephone, sampleRate: 16_000 };
  expect(problemsOf(() => checkTtsRequest('acme', voice, { format: wide }))).toEqual(['format']);
});
