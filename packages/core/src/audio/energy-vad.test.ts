import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { createEnergyVad, type EnergyVadOptions, type VadChange } from './energy-vad.js';
import { bytesFor } from './format.js';
import { audioOf, concat, joined, mixed, noise, peakAt, pieces, rms, sine, speech } from './test-signals.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
const formats: readonly AudioFormat[] = [
  telephone,
  { encoding: 'alaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 22_050, channels: 1 },
  { encoding: 'pcm_s16le', sampleRate: 48_000, channels: 2 },
];
/** Samples of so many milliseconds on a telephone. */
const ms = (value: number): number => value * 8;
const nothing = (milliseconds: number): Int16Array => new Int16Array(ms(milliseconds));

function changes(samples: Int16Array, options: Partial<EnergyVadOptions> = {}): VadChange[] {
  const { format = telephone } = options;
  const vad = createEnergyVad({ ...options, format });
  const frames = pieces(audioOf(samples, format), [bytesFor(20, format)]);
  return frames.flatMap((frame) => vad.push(frame) ?? []);
}

/** Speech from 1 s to 2 s in 3 s of the background. */
function spoken(background: Int16Array, levelDbfs: number): Int16Array {
  return mixed(background, joined(nothing(1_000), speech(levelDbfs, 8_000, ms(1_000)), nothing(1_000)));
}

/** Noise mostly below 200 Hz, as in a car. */
function rumble(levelDbfs: number, count: number): Int16Array {
  let once = 0;
  let twice = 0;
  const shape = noise(-20, count).map((sample) => {
    once += (sample - once) * 0.15;
    twice += (once - twice) * 0.15;
    return twice;
  });
  const factor = peakAt(levelDbfs) / rms(shape);
  return shape.map((sample) => sample * factor);
}

function expectOneUtterance(
  found: readonly VadChange[],
  startMs: number,
  endMs: number,
  toleranceMs = 60,
): void {
  expect(found.map((change) => change.type)).toEqual(['speech-start', 'speech-end']);
  expect(Math.abs((found[0]?.atMs ?? 0) - startMs)).toBeLessThanOrEqual(toleranceMs);
  expect(Math.abs((found[1]?.atMs ?? 0) - endMs)).toBeLessThanOrEqual(toleranceMs);
}

describe('speech', () => {
  it.each(formats)('is found where it began and ended: $encoding $sampleRate/$channels', (format) => {
    const second = format.sampleRate;
    const samples = joined(new Int16Array(second), speech(-20, second, second), new Int16Array(second));
    expectOneUtterance(changes(samples, { format }), 1_000, 2_000, 30);
  });

  it.each([
    ['in digital silence', nothing(3_000), -40],
    ['in noise 10 dB softer', noise(-32, ms(3_000)), -22],
    ['soft, in soft noise', noise(-55, ms(3_000)), -38],
    ['on a line with a constant offset', nothing(3_000).fill(3_000), -25],
    ['over a rumble louder than itself', rumble(-28, ms(3_000)), -30],
    [
      'over mains hum',
      nothing(3_000).map((_, index) => 1_000 * Math.sin((2 * Math.PI * 50 * index) / 8_000)),
      -25,
    ],
  ])('is found %s', (_name, background, levelDbfs) => {
    expectOneUtterance(changes(spoken(background, levelDbfs)), 1_000, 2_000);
  });

  it('is found when the call begins with it', () => {
    expectOneUtterance(changes(joined(speech(-20, 8_000, ms(1_000)), nothing(1_000))), 0, 1_000);
  });

  it('is found in either band: a hiss softer than the hum under it', () => {
    const hiss = noise(-40, ms(300)).map((sample, index, all) => sample - (all[index - 1] ?? 0));
    const samples = mixed(
      sine(300, 8_000, ms(3_000), peakAt(-32)),
      joined(nothing(1_000), hiss, nothing(1_700)),
    );
    expectOneUtterance(changes(samples), 1_000, 1_300, 20);
  });

  it('is found from the very first sample, however steady', () => {
    expectOneUtterance(changes(joined(noise(-20, ms(200)), nothing(1_000))), 0, 200, 10);
  });

  it('may begin with a gap shorter than a click', () => {
    const samples = joined(nothing(500), noise(-20, ms(50)), nothing(10), noise(-20, ms(40)), nothing(500));
    expectOneUtterance(changes(samples), 500, 600, 10);
  });

  it('is known before it ends: the change comes with the frame in which it lasted long enough', () => {
    const vad = createEnergyVad({ format: telephone });
    const frames = pieces(
      audioOf(joined(nothing(1_000), speech(-15, 8_000, ms(1_000)), nothing(600)), telephone),
      [160],
    );
    const at = frames.findIndex((frame) => vad.push(frame)?.type === 'speech-start');
    expect(at * 20).toBeGreaterThanOrEqual(1_000);
    expect(at * 20).toBeLessThan(1_120);
    expect(vad.isSpeech).toBe(true);
  });

  it('goes on for ten seconds without being taken for noise', () => {
    const found = changes(joined(nothing(1_000), speech(-20, 8_000, ms(10_000)), nothing(1_000)));
    expectOneUtterance(found, 1_000, 11_000);
  });
});

describe('what is not speech', () => {
  it.each([
    ['digital silence', nothing(5_000)],
    ['steady noise from the start', noise(-32, ms(10_000))],
    ['soft noise', noise(-60, ms(10_000))],
    ['breath on a silent line', joined(nothing(1_000), noise(-68, ms(500)), nothing(1_000))],
    ['a constant offset', nothing(5_000).fill(8_000)],
    ['clicks', nothing(5_000).map((_, index) => (index % ms(300) > ms(290) ? 20_000 * (index % 2) : 0))],
    [
      'lost frames in noise',
      noise(-35, ms(10_000)).map((sample, index) => (index % ms(1_000) < ms(100) ? 0 : sample)),
    ],
  ])('is not found: %s', (_name, samples) => {
    expect(changes(samples)).toEqual([]);
  });

  it('is noise that begins suddenly, after some seconds, and speech above it is found again', () => {
    const loud = noise(-35, ms(8_000));
    const found = changes(
      joined(noise(-60, ms(3_000)), mixed(loud, joined(nothing(6_000), speech(-18, 8_000, ms(1_000))))),
    );
    expect(found.map((change) => change.type)).toEqual([
      'speech-start',
      'speech-end',
      'speech-start',
      'speech-end',
    ]);
    expect(found[1]?.atMs).toBeLessThan(3_000 + 3_500);
    expect(Math.abs((found[2]?.atMs ?? 0) - 9_000)).toBeLessThanOrEqual(60);
  });

  it('is forgotten at once when noise ends: soft speech is found', () => {
    const found = changes(joined(noise(-30, ms(4_000)), spoken(noise(-60, ms(3_000)), -38)));
    expectOneUtterance(found, 5_000, 6_000);
  });
});

describe('options', () => {
  const beep = (milliseconds: number): Int16Array => noise(-20, ms(milliseconds));

  it('minSpeechMs: shorter sounds are clicks', () => {
    const samples = joined(nothing(500), beep(100), nothing(500));
    expectOneUtterance(changes(samples), 500, 600, 10);
    expect(changes(samples, { minSpeechMs: 150 })).toEqual([]);
  });

  it('minSilenceMs: shorter gaps belong to the speech around them', () => {
    const samples = joined(nothing(500), beep(300), nothing(300), beep(300), nothing(1_000));
    expect(changes(samples)).toHaveLength(4);
    expectOneUtterance(changes(samples, { minSilenceMs: 400 }), 500, 1_400, 10);
  });

  it('thresholdDb: how far above the noise speech is', () => {
    const samples = mixed(
      noise(-40, ms(4_000)),
      joined(nothing(2_000), noise(-30, ms(500), 7), nothing(1_500)),
    );
    expectOneUtterance(changes(samples), 2_000, 2_500, 20);
    expect(changes(samples, { thresholdDb: 14 })).toEqual([]);
  });

  it('refuses a format core does not know', () => {
    try {
      createEnergyVad({ format: { ...telephone, sampleRate: 1 } });
      expect.unreachable();
    } catch (error) {
      expect(ConfigError.is(error) && error.code).toBe('config.audio_format');
    }
  });
});

it('finds the same however the audio is cut, also in the middle of a sample', () => {
  const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 8_000, channels: 1 };
  const samples = joined(spoken(noise(-50, ms(3_000)), -20), spoken(noise(-45, ms(3_000)), -20));
  const whole = changes(samples, { format });
  expect(whole).toHaveLength(4);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }), (sizes) => {
      const vad = createEnergyVad({ format });
      expect(pieces(audioOf(samples, format), sizes).flatMap((piece) => vad.push(piece) ?? [])).toEqual(
        whole,
      );
    }),
    { numRuns: 30 },
  );
});

it('hears the louder of two channels', () => {
  const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 8_000, channels: 2 };
  const mono = spoken(noise(-50, ms(3_000)), -18);
  const right = audioOf(mono, { encoding: 'pcm_s16le', channels: 2 }).map((byte, index) =>
    index % 4 < 2 ? 0 : byte,
  );
  const vad = createEnergyVad({ format });
  expectOneUtterance(
    pieces(concat([right]), [640]).flatMap((piece) => vad.push(piece) ?? []),
    1_000,
    2_000,
  );
});

it('reaches full scale without running over', () => {
  const square = Int16Array.from({ length: ms(1_000) }, (_, index) => (index % 40 < 20 ? 32_767 : -32_768));
  expectOneUtterance(changes(joined(nothing(500), square, nothing(500))), 500, 1_500, 10);
});
