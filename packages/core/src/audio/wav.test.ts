import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { sampleBytes } from './format.js';
import { samplesOf } from './pcm.js';
import { audioOf, concat, noise } from './test-signals.js';
import { readWav, wavHeader, writeStereoWav, writeWav } from './wav.js';

const pcm: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
const formats: readonly AudioFormat[] = [
  pcm,
  { ...pcm, channels: 2 },
  { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8_000, channels: 2 },
];
const audio = audioOf(noise(-20, 101), pcm);

function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A chunk that may lie about its size. */
function chunk(id: string, body: Uint8Array, size = body.length): Uint8Array {
  return concat([ascii(id), u32(size), body]);
}

interface Layout {
  readonly tag?: number;
  readonly channels?: number;
  readonly sampleRate?: number;
  readonly bits?: number;
  readonly blockBytes?: number;
}

function fmt(layout: Layout = {}, size?: number): Uint8Array {
  const {
    tag = 1,
    channels = 1,
    sampleRate = 16_000,
    bits = 16,
    blockBytes = (channels * bits) / 8,
  } = layout;
  const body = new DataView(new ArrayBuffer(16));
  body.setUint16(0, tag, true);
  body.setUint16(2, channels, true);
  body.setUint32(4, sampleRate, true);
  body.setUint16(12, blockBytes, true);
  body.setUint16(14, bits, true);
  return chunk('fmt ', new Uint8Array(body.buffer), size);
}

function riff(...chunks: readonly Uint8Array[]): Uint8Array {
  const body = concat([ascii('WAVE'), ...chunks]);
  return chunk('RIFF', body);
}

function problemOf(file: Uint8Array, maxBytes?: number): ConfigProblem | undefined {
  try {
    readWav(file, { maxBytes });
    return undefined;
  } catch (error) {
    if (!ConfigError.is(error)) throw error;
    return error.problems[0];
  }
}

describe('a file of our own', () => {
  it.each(formats)('comes back as it was: $encoding $channels', (format) => {
    const original = audioOf(noise(-20, 101), format);
    const file = writeWav(original, format);
    expect(file.length % 2).toBe(0);
    expect(readWav(file)).toEqual({ format, audio: original, missingBytes: 0 });
    expect(new DataView(file.buffer).getUint32(4, true)).toBe(file.length - 8);
  });

  it('is a view of the file, not a copy', () => {
    const file = writeWav(audio, pcm);
    expect(readWav(file).audio.buffer).toBe(file.buffer);
  });

  it('leaves out a last half sample', () => {
    expect(writeWav(audio.subarray(0, 7), pcm)).toEqual(writeWav(audio.subarray(0, 6), pcm));
  });

  it('holds two tracks, the shorter one filled up with silence', () => {
    const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };
    const { format, audio: both } = readWav(writeStereoWav(Uint8Array.of(1, 2), Uint8Array.of(3), telephone));
    expect(format).toEqual({ ...telephone, channels: 2 });
    expect([...both]).toEqual([1, 3, 2, 0xff]);
  });
});

describe('samples we do not keep become 16-bit PCM', () => {
  const bytesOfFloats = (...values: readonly number[]): Uint8Array =>
    new Uint8Array(Float32Array.from(values).buffer);
  const cases: readonly [string, Layout, Uint8Array, readonly number[]][] = [
    ['8 bits', { bits: 8 }, Uint8Array.of(0, 128, 255), [-32_768, 0, 127 << 8]],
    ['24 bits', { bits: 24 }, Uint8Array.of(9, 1, 0, 0, 0, 0x80), [1, -32_768]],
    ['20 bits in 24', { bits: 20, blockBytes: 3 }, Uint8Array.of(0, 2, 0), [2]],
    ['32 bits', { bits: 32 }, Uint8Array.of(9, 9, 1, 0, 0, 0, 0xff, 0xff), [1, -1]],
    ['floats', { tag: 3, bits: 32 }, bytesOfFloats(0.5, -1, 2, Number.NaN), [16_384, -32_768, 32_767, 0]],
    ['long floats', { tag: 3, bits: 64 }, new Uint8Array(Float64Array.of(-0.25).buffer), [-8_192]],
  ];

  it.each(cases)('%s', (_name, layout, data, expected) => {
    const { format, audio: converted } = readWav(riff(fmt(layout), chunk('data', data)));
    expect(format).toEqual(pcm);
    expect([...samplesOf(converted)]).toEqual(expected);
  });

  it('also under the extensible format, by its GUID', () => {
    const guid = Buffer.from('0300000000001000800000aa00389b71', 'hex');
    const extension = concat([Uint8Array.of(22, 0, 32, 0), u32(4), guid]);
    const body = concat([fmt({ tag: 0xfffe, bits: 32 }).subarray(8), extension]);
    const data = chunk('data', bytesOfFloats(0.5));
    expect([...samplesOf(readWav(riff(chunk('fmt ', body), data)).audio)]).toEqual([16_384]);
    const other = body.slice();
    other[39] = 0;
    expect(problemOf(riff(chunk('fmt ', other), data))?.found).toContain('0xfffe');
    expect(problemOf(riff(fmt({ tag: 0xfffe, bits: 32 }), data))?.found).toContain('0xfffe');
  });
});

describe('a header that lies but does no harm', () => {
  it.each([0xffff_ffff, 0x7fff_ffff, 0])('a length nobody knew when it was written: %d', (size) => {
    const file = concat([wavHeader(pcm), audio]);
    new DataView(file.buffer).setUint32(40, size, true);
    expect(readWav(file)).toEqual({ format: pcm, audio, missingBytes: 0 });
  });

  it('gives what there is of a file cut short, in whole samples, and says what is missing', () => {
    const file = writeWav(audio, pcm);
    expect(readWav(file.subarray(0, 44 + 101))).toEqual({
      format: pcm,
      audio: audio.slice(0, 100),
      missingBytes: 101,
    });
  });

  it('skips other chunks, with the padding of odd ones and without it', () => {
    const data = chunk('data', audio);
    const odd = chunk('LIST', ascii('abc'));
    expect(readWav(riff(odd, ascii('\0'), fmt(), odd, ascii('\0'), data)).audio).toEqual(audio);
    expect(readWav(riff(odd, fmt(), odd, data)).audio).toEqual(audio);
  });

  it('leaves out what follows the audio', () => {
    expect(readWav(riff(fmt(), chunk('data', audio), chunk('LIST', ascii('tail')))).audio).toEqual(audio);
  });

  it('reads memory that begins at an odd address', () => {
    const shared = concat([Uint8Array.of(0), writeWav(audio, pcm)]).subarray(1);
    expect(readWav(shared).audio).toEqual(audio);
    const floats = riff(
      fmt({ tag: 3, bits: 32 }),
      chunk('data', new Uint8Array(Float32Array.of(0.5).buffer)),
    );
    const { audio: converted } = readWav(concat([Uint8Array.of(0), floats]).subarray(1));
    expect([...samplesOf(converted)]).toEqual([16_384]);
  });
});

describe('a file that can not be read is refused in words', () => {
  const data = chunk('data', audio);
  const cases: readonly [string, Uint8Array, Partial<ConfigProblem>][] = [
    ['nothing', new Uint8Array(0), { message: 'this is not a WAV file; save it as one' }],
    ['something else', ascii('OggS\0\0\0\0vorbis'), { found: '14 bytes beginning with "OggS"' }],
    ['big-endian', ascii('RIFX\0\0\0\0WAVEfmt '), { found: '16 bytes beginning with "RIFX"' }],
    ['no chunks', riff(), { found: '12 bytes' }],
    [
      'a giant fmt chunk',
      riff(fmt({}, 0x6666_6666), data),
      { found: '1717986918 bytes', allowed: '16 to 4096 bytes' },
    ],
    ['a tiny fmt chunk', riff(fmt({}, 4), data), { found: '4 bytes' }],
    [
      'a fmt chunk cut short',
      riff(fmt()).subarray(0, 30),
      { found: 'chunk "fmt " of 16 bytes, 10 bytes after it' },
    ],
    [
      'a giant unknown chunk',
      riff(fmt(), chunk('HURF', ascii('9999xxxx'), 0x3939_3939), data),
      { found: 'chunk "HURF" of 960051513 bytes, 218 bytes after it' },
    ],
    [
      'control characters',
      riff(chunk('\x1b[2J', ascii('x'), 99)),
      { found: 'chunk "?[2J" of 99 bytes, 1 bytes after it' },
    ],
    ['audio before its kind', riff(data, fmt()), { found: 'a data chunk before fmt' }],
    [
      'no audio chunk',
      riff(fmt()),
      { message: 'this WAV file ends before its audio; save or send it again' },
    ],
    [
      'an empty audio chunk',
      riff(fmt(), chunk('data', new Uint8Array(0))),
      { message: expect.stringContaining('no audio') as string },
    ],
    [
      'an empty audio chunk before others',
      riff(fmt(), chunk('data', new Uint8Array(0)), chunk('LIST', ascii('tail'))),
      { found: 'a data chunk of 0 bytes, 12 bytes after it' },
    ],
    [
      'half a sample',
      riff(fmt(), chunk('data', Uint8Array.of(1))),
      { message: expect.stringContaining('no audio') as string },
    ],
    ['an impossible rate', riff(fmt({ sampleRate: 1_092_676 }), data), { found: '1092676 Hz' }],
    ['no rate', riff(fmt({ sampleRate: 0 }), data), { found: '0 Hz' }],
    ['six channels', riff(fmt({ channels: 6 }), data), { found: '6', allowed: 'mono or stereo' }],
    ['no channel', riff(fmt({ channels: 0 }), data), { found: '0' }],
    [
      'a codec',
      riff(fmt({ tag: 0x55, bits: 0, blockBytes: 1 }), data),
      { found: 'format 0x55 with 0 bits, 1 bytes for 1 channels' },
    ],
    [
      'no bytes in a sample',
      riff(fmt({ blockBytes: 0 }), data),
      { found: 'format 0x1 with 16 bits, 0 bytes for 1 channels' },
    ],
    [
      'more bits than fit',
      riff(fmt({ bits: 24, blockBytes: 2 }), data),
      { found: 'format 0x1 with 24 bits, 2 bytes for 1 channels' },
    ],
    [
      'endless chunks',
      riff(fmt(), ...Array.from({ length: 200 }, () => chunk('junk', new Uint8Array(0))), data),
      { found: '100 without a data chunk' },
    ],
  ];

  it.each(cases)('%s', (_name, file, expected) => {
    expect(problemOf(file)).toMatchObject({ code: 'config.wav', ...expected });
  });

  it('one that is longer than allowed', () => {
    const file = writeWav(audio, pcm);
    expect(problemOf(file, 100)).toMatchObject({
      code: 'config.wav',
      found: `${file.length} bytes`,
      allowed: '100 bytes',
    });
    expect(problemOf(file, file.length)).toBeUndefined();
  });
});

it('gives whole samples or a typed error for any bytes at all', () => {
  const good = formats.map((format) => writeWav(audioOf(noise(-20, 40), format), format));
  const mutation = fc.tuple(fc.nat(200), fc.nat(255));
  const hostile = fc
    .tuple(fc.constantFrom(...good), fc.array(mutation, { maxLength: 8 }), fc.nat(200))
    .map(([file, mutations, length]) => {
      const bytes = file.slice();
      for (const [at, value] of mutations) bytes[at % Math.min(60, bytes.length)] = value;
      return bytes.subarray(0, Math.max(1, bytes.length - length));
    });
  fc.assert(
    fc.property(hostile, (file) => {
      if (problemOf(file)) return;
      const { format, audio: read, missingBytes } = readWav(file);
      expect(read.length % sampleBytes(format)).toBe(0);
      expect(read.length).toBeGreaterThan(0);
      expect(missingBytes).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 2_000 },
  );
});
