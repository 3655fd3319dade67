// Text as sound that can be read back letter by letter, so that what was spoken, sent, played or heard can be counted in words.
import { type AudioFormat, bytesFor, encodeSamples, sampleBytes, silence } from '@voicewire/core/adapter';
import { symbolOf, tonesOf } from './oracle/word-code.js';

const amplitude = 6000;
const rampMs = 2;

/** How long one character sounds unless told otherwise: about the pace of people. */
export const defaultMsPerChar = 60;

function renderTones(symbol: number, sampleRate: number, sampleCount: number): Int16Array {
  const { lowHz, highHz } = tonesOf(symbol);
  const low = (lowHz * 2 * Math.PI) / sampleRate;
  const high = (highHz * 2 * Math.PI) / sampleRate;
  const rampSamples = (rampMs * sampleRate) / 1000;
  return Int16Array.from({ length: sampleCount }, (_, index) => {
    const edge = Math.min(index + 1, sampleCount - index) / rampSamples;
    return amplitude * Math.min(1, edge) * (Math.sin(low * index) + Math.sin(high * index));
  });
}

/** Few letters, few formats: rendered once. */
const rendered = new Map<string, Uint8Array>();

/**
 * One character of a text as sound, `ms` long, in any format. `position` is its place in the text. The same bytes for the
 * same arguments; do not write to them.
 */
export function characterSound(
  character: string,
  position: number,
  ms: number,
  format: AudioFormat,
): Uint8Array {
  const symbol = symbolOf(character, position);
  if (symbol === undefined) return silence(ms, format);
  const key = `${symbol} ${ms} ${format.encoding} ${format.sampleRate} ${format.channels}`;
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const sampleCount = bytesFor(ms, format) / sampleBytes(format);
  const mono = renderTones(symbol, format.sampleRate, sampleCount);
  const samples =
    format.channels === 1
      ? mono
      : Int16Array.from({ length: sampleCount * 2 }, (_, index) => mono[index >> 1] ?? 0);
  const bytes = encodeSamples(samples, format.encoding);
  rendered.set(key, bytes);
  return bytes;
}

/** A whole text as sound: every character `msPerChar` long, also the silent ones. Read it back with `createWordReader`. */
export function speechSound(text: string, format: AudioFormat, msPerChar = defaultMsPerChar): Uint8Array {
  // By UTF-16 units, as text offsets are counted.
  return Buffer.concat(
    Array.from({ length: text.length }, (_, index) =>
      characterSound(text.charAt(index), index, msPerChar, format),
    ),
  );
}
