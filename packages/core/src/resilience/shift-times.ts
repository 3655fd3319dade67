// Results of a recogniser that was given only part of a stream, on that stream's own times.
import type { SttEvent } from '../spec/stt.js';

/** The same event with every time moved by `toOuter`. */
export function shiftTimes(event: SttEvent, toOuter: (innerMs: number) => number): SttEvent {
  switch (event.type) {
    case 'ready':
      return event;
    case 'speech-start':
    case 'speech-end':
    case 'turn-end':
    case 'turn-resumed':
      return { ...event, atMs: toOuter(event.atMs) };
    case 'flushed':
      return { ...event, settledMs: toOuter(event.settledMs) };
    case 'partial':
      return { ...event, startMs: toOuter(event.startMs), endMs: toOuter(event.endMs) };
    case 'final':
      return {
        ...event,
        startMs: toOuter(event.startMs),
        endMs: toOuter(event.endMs),
        settledMs: toOuter(event.settledMs),
        words: event.words.map((word) => ({
          ...word,
          startMs: toOuter(word.startMs),
          endMs: toOuter(word.endMs),
        })),
      };
  }
}
