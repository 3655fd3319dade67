// The demo's ears: the recorded callers are known through a telephone, in noise, and with their start cut off; nobody else is.
import { readFileSync } from 'node:fs';
import { createConverter, readWav, type AudioFormat } from '@voicewire/core/adapter';
import { createVoiceMatcher, type KnownRecording } from '@voicewire/testing';
import { createFliteTts } from '@voicewire/tts-flite';
import { describe, expect, it } from 'vitest';
import { listCallers } from '../src/callers.js';

const wide: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };

const utterances = listCallers().flatMap((caller) => caller.utterances);
const recordings: readonly KnownRecording[] = utterances.map(({ file, words }) => ({
  ...readWav(readFileSync(file)),
  words,
}));
const matcher = createVoiceMatcher(recordings);

function convert(audio: Uint8Array, from: AudioFormat, to: AudioFormat): Uint8Array {
  const converter = createConverter(from, to);
  return Buffer.concat([converter.push(audio), converter.flush()]);
}

/** Speech with noise 10 dB below its own power; the same noise every time. */
function noisy(audio: Uint8Array, snrDb: number): Uint8Array {
  const samples = new Int16Array(audio.slice().buffer);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const amplitude = Math.sqrt((3 * power) / 10 ** (snrDb / 10));
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  return new Uint8Array(
    samples.map((sample) => Math.max(-32_768, Math.min(32_767, sample + amplitude * random()))).buffer,
  );
}

/** What the ears make of it, with silence before and after, in frames of 20 ms. */
function hear(audio: Uint8Array, format: AudioFormat): string {
  const bytesPerFrame = (format.sampleRate / 50) * (format.encoding === 'pcm_s16le' ? 2 : 1);
  const silence = new Uint8Array(bytesPerFrame * 35).fill(format.encoding === 'mulaw' ? 0xff : 0);
  const line = Buffer.concat([silence, audio, silence]);
  const reader = matcher({ format });
  const words: string[] = [];
  for (let start = 0; start < line.length; start += bytesPerFrame) {
    words.push(...reader.read(line.subarray(start, start + bytesPerFrame)).map(({ text }) => text));
  }
  return words.join(' ');
}

describe.each(utterances.map(({ text }, index) => [text, index] as const))('“%s”', (text, index) => {
  const { audio, format } = recordings[index] ?? { audio: new Uint8Array(0), format: wide };

  it('is known as it is', () => {
    expect(hear(audio, format)).toBe(text);
  });

  it('is known through a telephone', () => {
    expect(hear(convert(audio, format, telephone), telephone)).toBe(text);
  });

  it('is known in noise, through a telephone', () => {
    expect(hear(convert(noisy(audio, 10), format, telephone), telephone)).toBe(text);
  });

  it('is known when its start is cut off, from there on', () => {
    const cut = audio.subarray(bytes(300, format));
    const heard = hear(cut, format);
    expect(heard).not.toBe('');
    expect(text.endsWith(heard)).toBe(true);
  });
});

function bytes(ms: number, format: AudioFormat): number {
  return (ms * format.sampleRate * 2) / 1000;
}

it.each(['rms', 'slt', 'kal16'] as const)(
  'other words give no text, also in the voice %s of a known caller',
  async (voice) => {
    const session = createFliteTts({ voice }).connect({ format: wide, signal: new AbortController().signal });
    const utterance = session.speak({ bufferedMs: () => 0, signal: new AbortController().signal });
    utterance.write('The quick brown fox jumps over the lazy dog, and then it sleeps for a very long time.');
    utterance.end();
    const pieces: Uint8Array[] = [];
    for await (const event of utterance) if (event.type === 'audio') pieces.push(event.audio);
    session.close();
    expect(hear(Buffer.concat(pieces), wide)).toBe('');
  },
);
