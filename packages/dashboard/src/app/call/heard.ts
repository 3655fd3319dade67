// Which words of an interrupted reply reached the ear.
import type { AgentEntry } from './conversation.js';

/** One part's text, cut where the caller stopped hearing. */
export interface HeardPart {
  readonly heard: string;
  readonly unheard: string;
}

/** Cuts each text part of a reply; everything counts as heard until the reply was cut short. Parts that are no text give nothing. */
export function splitHeard({
  parts,
  end,
}: Pick<AgentEntry, 'parts' | 'end'>): readonly (HeardPart | undefined)[] {
  // Counted in words, since voices are given a text with other spaces than the model wrote.
  let left = end?.isCut ? wordsOf(end.heard).length : Infinity;
  return parts.map((part) => {
    if (part.kind !== 'text') return undefined;
    const words = wordsOf(part.text);
    const count = Math.min(left, words.length);
    left -= count;
    return { heard: words.slice(0, count).join(' '), unheard: words.slice(count).join(' ') };
  });
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
