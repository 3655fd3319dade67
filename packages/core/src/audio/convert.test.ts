import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { canConvert, createConverter, decodeSamples } from './convert.js';
import { durationMs } from './format.js';
import { pickChannel } from './pcm.js';
import { audioOf, concat, joined, noise, peakAt, pieces, ratioDb, rms, sine } from './test-signals.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const voice: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 24_000, channels: 1 };
const studio: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 44_100, channels: 2 };
const formats: readonly AudioFormat[] = [
  telephone,
  voice,
  studio,
  { encoding: 'alaw', sampleRate: 8_000, channels: 2 },
  { encoding: 'pcm_s16le', sampleRate: 8_000, channels: 1 },
];
const pairs = formats.flatMap((from) => formats.map((to) => ({ from, to })));

function converted(audio: Uint8Array, from: AudioFormat, to: AudioFormat): Uint8Array {
  const converter = createConverter(from, to);
  return concat([converter.push(audio), converter.flush()]);
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the same format', () => {
  it('is passed through: the very bytes, not a copy', () => {
    for (const format of formats) {
      const audio = new Uint8Array(320);
      const converter = createConverter(format, { ...format });
      expect(converter.push(audio)).toBe(audio);
      expect(converter.flush()).toHaveLength(0);
      expect(converter.delayMs).toBe(0);
    }
  });

  it('still completes a sample that was cut in two', () => {
    const converter = createConverter(voice, voice);
    expect([...converter.push(Uint8Array.of(1, 2, 3))]).toEqual([1, 2]);
    expect([...converter.push(Uint8Array.of(4, 5, 6))]).toEqual([3, 4, 5, 6]);
  });
});

describe.each(pairs)(
  '$from.encoding $from.sampleRate/$from.channels to $to.encoding $to.sampleRate/$to.channels',
  ({ from, to }) => {
    it('keeps a tone what it was, as long and as loud, on every channel', () => {
      const audio = audioOf(sine(600, from.sampleRate, from.sampleRate / 10), from);
      const output = converted(audio, from, to);
      expect(durationMs(output.length, to)).toBeCloseTo(100, 0);
      const samples = decodeSamples(output, to.encoding);
      const channels = to.channels === 1 ? [samples] : [pickChannel(samples, 0), pickChannel(samples, 1)];
      const expected = sine(600, to.sampleRate, to.sampleRate / 10);
      for (const channel of channels) {
        const error = channel.map((sample, index) => sample - (expected[index] ?? 0));
        const margin = to.sampleRate / 50;
        // G.711 leaves noise about 35 dB below the tone.
        expect(ratioDb(rms(error.subarray(margin, -margin)), rms(expected))).toBeLessThan(-33);
      }
    });
  },
);

it('gives the same bytes however the input is cut, also in the middle of a sample', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      ({ from, to }, sizes) => {
        const audio = audioOf(noise(-12, 1_500), from);
        const converter = createConverter(from, to);
        const output = pieces(audio, sizes).map((piece) => converter.push(piece));
        expect(concat([...output, converter.flush()])).toEqual(converted(audio, from, to));
      },
    ),
    { numRuns: 60 },
  );
});

it('reads pieces that are Buffers sharing memory, at odd addresses', () => {
  const audio = audioOf(noise(-12, 480), voice);
  const shared = Buffer.concat([Buffer.alloc(1), audio, Buffer.alloc(3)]).subarray(1, 1 + audio.length);
  expect(converted(shared, voice, telephone)).toEqual(converted(audio, voice, telephone));
});

it('never changes the bytes it was given', () => {
  for (const { from, to } of pairs) {
    const audio = audioOf(noise(-12, 480), from);
    const before = audio.slice();
    converted(audio, from, to);
    expect(audio).toEqual(before);
  }
});

it('keeps two channels apart and mixes them without clipping', () => {
  const left = sine(400, 44_100, 4_410, peakAt(-1));
  const right = new Int16Array(4_410);
  const stereo = joined(...Array.from(left, (sample, index) => Int16Array.of(sample, right[index] ?? 0)));
  const both = decodeSamples(
    converted(audioOf(stereo, voice), studio, { ...studio, sampleRate: 8_000 }),
    'pcm_s16le',
  );
  expect(ratioDb(rms(pickChannel(both, 0)), rms(left))).toBeCloseTo(0, 0);
  expect(rms(pickChannel(both, 1))).toBe(0);
  const mix = decodeSamples(
    converted(audioOf(stereo, voice), studio, { ...studio, channels: 1 }),
    'pcm_s16le',
  );
  expect(ratioDb(rms(mix), rms(left))).toBeCloseTo(-6, 1);
});

it('drops a last half sample and begins anew after flush', () => {
  const converter = createConverter(voice, telephone);
  converter.push(concat([audioOf(noise(-12, 100), voice), Uint8Array.of(1)]));
  converter.flush();
  const audio = audioOf(noise(-12, 480), voice);
  expect(concat([converter.push(audio), converter.flush()])).toEqual(converted(audio, voice, telephone));
});

it('refuses what it can not convert, and says what is allowed', () => {
  const wrong = [
    { from: telephone, to: { ...voice, sampleRate: 240_000 } },
    { from: { ...voice, encoding: 'opus' as 'mulaw' }, to: voice },
    { from: { ...voice, sampleRate: 47_999 }, to: { ...voice, sampleRate: 48_000 } },
    { from: { ...voice, sampleRate: 0 }, to: { ...voice, sampleRate: 0 } },
  ];
  for (const { from, to } of wrong) {
    expect(canConvert(from, to)).toBe(false);
    const error = errorOf(() => createConverter(from, to));
    expect(ConfigError.is(error) && error.problems).toEqual([
      expect.objectContaining({
        code: 'config.audio_format',
        found: expect.stringContaining('Hz') as string,
        allowed: expect.stringContaining('Hz') as string,
      }),
    ]);
  }
  expect(pairs.every(({ from, to }) => canConvert(from, to))).toBe(true);
});
