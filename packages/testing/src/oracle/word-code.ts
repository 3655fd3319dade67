// The code that makes letters of sound: which tones stand for which letter, and which letters a text has.

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

/** The letter of the alphabet a character is heard as; undefined where it is silent, as spaces and full stops are. */
function heardLetter(character: string): string | undefined {
  const base = character.normalize('NFD').charAt(0).toLowerCase();
  if (base !== '?' && alphabet.includes(base)) return base;
  return /[\p{L}\p{N}]/u.test(base) ? '?' : undefined;
}

/** The number of the tone pair of a character; undefined where it is silent. `position` is its place in the text. */
export function symbolOf(character: string, position: number): number | undefined {
  const letter = heardLetter(character);
  return letter === undefined ? undefined : alphabet.indexOf(letter) * 2 + (position % 2);
}

/** The two tones of a pair. */
export function tonesOf(symbol: number): { readonly lowHz: number; readonly highHz: number } {
  return {
    lowHz: lowTonesHz[symbol % tonesPerGroup] ?? 0,
    highHz: highTonesHz[Math.floor(symbol / tonesPerGroup)] ?? 0,
  };
}

/** The letter of tone pair (`low`, `high`); undefined where no letter has it. */
export function letterOfTones(low: number, high: number): string | undefined {
  return alphabet[(high * tonesPerGroup + low) >> 1];
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
