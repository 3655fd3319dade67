// What a recogniser says about audio that another has settled already: told once, decided by where it lies.
import type { SttEvent, SttFinal, Word } from '../spec/stt.js';

/** Results may be early by so much and still be about what comes after. */
const toleranceMs = 60;

/** The event without what lies before `joinMs`; undefined where nothing of it is new. Words are never compared by text. */
export function joined(event: SttEvent, joinMs: number): SttEvent | undefined {
  switch (event.type) {
    case 'final':
      return event.settledMs <= joinMs ? undefined : joinedFinal(event, joinMs);
    case 'partial':
      return event.startMs < joinMs - toleranceMs ? undefined : event;
    case 'flushed':
      return event.settledMs <= joinMs ? undefined : event;
    case 'turn-end':
    case 'turn-resumed':
    case 'speech-end':
      return event.atMs <= joinMs ? undefined : event;
    case 'ready':
    case 'speech-start':
      return event;
  }
}

function joinedFinal(final: SttFinal, joinMs: number): SttFinal {
  const words = final.words.filter(({ startMs, endMs }) => (startMs + endMs) / 2 >= joinMs);
  const [first] = words;
  if (words.length === final.words.length) {
    // Without word times a piece of text can't be cut: it is about the one side or about the other.
    const isBefore = final.words.length === 0 && (final.startMs + final.endMs) / 2 < joinMs;
    return isBefore ? { ...final, text: '', startMs: joinMs } : final;
  }
  if (first === undefined) return { ...final, text: '', words, startMs: joinMs };
  return { ...final, text: textFrom(final, first), words, startMs: first.startMs };
}

/** The text from a word on, as it was written: with its punctuation, and in scripts without blanks too. */
function textFrom({ text, words }: SttFinal, first: Word): string {
  let at = 0;
  for (const word of words) {
    const found = text.toLowerCase().indexOf(word.text.toLowerCase(), at);
    if (found < 0) break;
    if (word === first) return text.slice(found);
    at = found + word.text.length;
  }
  return words
    .slice(words.indexOf(first))
    .map((word) => word.text)
    .join(' ');
}
