import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeG711, encodeG711, g711Levels } from './g711.js';
import { bytesOf } from './pcm.js';

const allSamples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
const allCodes = Uint8Array.from({ length: 256 }, (_, code) => code);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// What the ITU's reference software (G.191, module g711) makes of every possible input.
const reference = {
  mulaw: {
    encoded: '90c29de505fb68e766118303bd552a16005dcf810873698bee1d8f3b247ce28c',
    decoded: '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
  },
  alaw: {
    encoded: '38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b',
    decoded: 'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
  },
};

describe.each(['mulaw', 'alaw'] as const)('%s', (encoding) => {
  it('encodes all 65,536 samples as the reference software does', () => {
    expect(sha256(encodeG711(allSamples, encoding))).toBe(reference[encoding].encoded);
  });

  it('decodes all 256 codes as the reference software does', () => {
    expect(sha256(bytesOf(decodeG711(allCodes, encoding)))).toBe(reference[encoding].decoded);
    expect(g711Levels(encoding)).toEqual(decodeG711(allCodes, encoding));
  });
});

describe('the test tone of G.711: 1 kHz at 0 dBm0, tables 5 and 6', () => {
  const tone = (overloadDbm0: number): Int16Array =>
    Int16Array.from(
      { length: 8 },
      (_, index) => 32_768 * 10 ** (-overloadDbm0 / 20) * Math.sin(((index + 0.5) * Math.PI) / 4),
    );

  it('is the published sequence in µ-law', () => {
    expect([...encodeG711(tone(3.17), 'mulaw')]).toEqual([0x9e, 0x8b, 0x8b, 0x9e, 0x1e, 0x0b, 0x0b, 0x1e]);
  });

  it('is the published sequence in A-law', () => {
    expect([...encodeG711(tone(3.14), 'alaw')]).toEqual([0xb4, 0xa1, 0xa1, 0xb4, 0x34, 0x21, 0x21, 0x34]);
  });
});

it('knows the codes of silence and of the limits', () => {
  const samples = Int16Array.of(0, -1, 32_767, -32_768);
  expect([...encodeG711(samples, 'mulaw')]).toEqual([0xff, 0x7f, 0x80, 0x00]);
  expect([...encodeG711(samples, 'alaw')]).toEqual([0xd5, 0x55, 0xaa, 0x2a]);
});
