// Text as sound that can be read back letter by letter, so that what was spoken, sent, played or heard can be counted in words.
import { type AudioFormat, bytesFor, encodeSamples, sampleBytes, silence } from '@voicewire/core/adapter';

// A letter is a pair of tones, one of nine low and one of nine high. All are multiples of 50 Hz, so that 20 ms hold whole
// periods, and lie inside the telephone band: the code survives G.711, resampling, gain and being cut anywhere.
export const toneGridHz = 50;
const toneStepHz = 150;
const tonesPerGroup = 9;
export const lowTonesHz: readonly number[] = Array.from(
  { length: tonesPerGroup },
  (_, index) => 300 + index * toneStepHz,
);
export const highTonesHz: readonly number[] = lowTonesHz.map((hz) => hz + tonesPerGroup * toneStepHz);

/** `?` stands for every other letter. Each has two tone pairs, used in turn, so that a doubled letter is heard twice. */
const alphabet = `abcdefghijklmnopqrstuvwxyz0123456789'-?`;
const amplitude = 6000;
const rampMs = 2;

/** How long one character sounds unless told otherwise: about the pace of people. */
export const defaultMsPerChar = 60;

/** The letter of the alphabet a character is heard as; undefined where it is silent, as spaces and full stops are. */
function heardLetter(character: string): string | undefined {
  const base = character.normalize('NFD').charAt(0).toLowerCase();
  if (base !== '?' && alphabet.includes(base)) return base;
  return /[\p{L}\p{N}]/u.test(base) ? '?' : undefined;
}

/** The words of a text as a listener of its sound spells them: lower case, without punctuation. */
export function wordsAsHeard(text: string): readonly string[] {
  const letters = [...text].map((character) =>
    /\s/.test(character) ? ' ' : (heardLetter(character) ?? ' '),
  );
  return letters
    .join('')
    .split(' ')
    .filter((word) => word !== '');
}

/** The letter of tone pair (`low`, `high`); undefined where no letter has it. */
export function letterOfTones(low: number, high: number): string | undefined {
  return alphabet[(high * tonesPerGroup + low) >> 1];
}

function renderTones(symbol: number, sampleRate: number, sampleCount: number): Int16Array {
  const low = ((lowTonesHz[symbol % tonesPerGroup] ?? 0) * 2 * Math.PI) / sampleRate;
  const high = ((highTonesHz[Math.floor(symbol / tonesPerGroup)] ?? 0) * 2 * Math.PI) / sampleRate;
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
  const letter = heardLetter(character);
  if (letter === undefined) return silence(ms, format);
  const symbol = alphabet.indexOf(letter) * 2 + (position % 2);
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
