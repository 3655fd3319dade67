// What a scenario says a text should hold: words, wherever they stand and however they are written, or a regular expression.
const expression = /^\/(.+)\/([a-z]*)$/s;

/** Words of a text, compared without case and punctuation. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

/** Why this is no pattern; undefined where it is one. */
export function patternProblem(written: string): string | undefined {
  const [, source, flags] = expression.exec(written) ?? [];
  if (source === undefined)
    return wordsOf(written).length > 0 ? undefined : 'a text without words is in every text';
  try {
    new RegExp(source, flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'not a regular expression';
  }
}

/** Whether the text holds the words one after the other, or matches the expression. */
export function holds(text: string, written: string): boolean {
  const [, source, flags] = expression.exec(written) ?? [];
  if (source !== undefined) return new RegExp(source, flags).test(text);
  return ` ${wordsOf(text).join(' ')} `.includes(` ${wordsOf(written).join(' ')} `);
}
