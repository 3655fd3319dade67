import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { stripWavHeader } from './strip-wav-header.js';
import { audioOf, concat, noise, pieces } from './test-signals.js';
import { wavHeader, writeWav } from './wav.js';

const pcm: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 24_000, channels: 1 };
const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const audio = audioOf(noise(-20, 200), pcm);

function stripped(
  stream: Uint8Array,
  sizes: readonly number[],
): { audio: Uint8Array; format: AudioFormat | undefined } {
  const stripper = stripWavHeader('acme');
  const parts = pieces(stream, sizes).map((piece) => stripper.push(piece));
  const { format } = stripper;
  return { audio: concat([...parts, stripper.flush()]), format };
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

it('takes the header off however the stream is cut, and says what it named', () => {
  const streams = fc.constantFrom(
    { stream: writeWav(audio, pcm), format: pcm },
    { stream: concat([wavHeader(pcm), audio]), format: pcm },
    { stream: concat([wavHeader(telephone, 0), audio]), format: telephone },
    { stream: concat([writeWav(audio, telephone), Buffer.from('LIST\x02\0\0\0zz')]), format: telephone },
  );
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      ({ stream, format }, sizes) => {
        expect(stripped(stream, sizes)).toEqual({ audio, format });
      },
    ),
  );
});

it('passes a stream without a header unchanged, also one that begins alike', () => {
  const streams = ['plain', 'RIF', 'RIFF', 'RIFF\0\0\0\0WAX! and so on', 'RIFFRIFFRIFF', ''];
  for (const stream of streams.map((text) => new Uint8Array(Buffer.from(text)))) {
    expect(stripped(stream, [1])).toEqual({ audio: stream, format: undefined });
    expect(stripped(stream, [100])).toEqual({ audio: stream, format: undefined });
  }
  const stripper = stripWavHeader('acme');
  stripper.push(Uint8Array.of(0));
  const piece = writeWav(audio, pcm);
  expect(stripper.push(piece)).toBe(piece);
});

it('begins anew after flush', () => {
  const stripper = stripWavHeader('acme');
  stripper.push(writeWav(audio, pcm));
  stripper.flush();
  expect(stripper.format).toBeUndefined();
  expect(concat([stripper.push(writeWav(audio, telephone))])).toEqual(audio);
  expect(stripper.format).toEqual(telephone);
});

describe('a header that can not be used is a failure of the provider', () => {
  const endless = concat([
    writeWav(audio, pcm).subarray(0, 36),
    Buffer.from('junk\0\0\0\x7f'),
    new Uint8Array(70_000),
  ]);
  const floats = writeWav(audio, pcm);
  new DataView(floats.buffer).setUint16(20, 3, true);
  new DataView(floats.buffer).setUint32(32, 0x0020_0004, true);
  const cases: readonly [string, Uint8Array, string][] = [
    ['no end in sight', endless, '"junk"'],
    ['six channels', writeWav(audio, pcm).fill(6, 22, 23), 'found 6'],
    ['floats', floats, 'float_32le'],
  ];

  function expectFailure(error: unknown, words: string): void {
    expect(ProviderError.is(error) && error).toMatchObject({
      class: 'protocol',
      provider: 'acme',
      stage: 'tts',
    });
    expect(String(error)).toContain(words);
  }

  it.each(cases)('at once: %s', (_name, stream, words) => {
    const stripper = stripWavHeader('acme');
    const parts = pieces(stream, [1_000]);
    expectFailure(
      errorOf(() => parts.map((piece) => stripper.push(piece))),
      words,
    );
  });

  it('at the end: cut short', () => {
    const stripper = stripWavHeader('acme');
    expect(stripper.push(writeWav(audio, pcm).subarray(0, 40))).toHaveLength(0);
    expectFailure(
      errorOf(() => stripper.flush()),
      '40 bytes',
    );
  });
});
