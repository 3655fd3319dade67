// Results of a recogniser that began later than the stream it speaks for, on that stream's own times.
import type { SttEvent } from '../spec/stt.js';

export function shiftTimes(event: SttEvent, byMs: number): SttEvent {
  if (byMs === 0) return event;
  switch (event.type) {
    case 'ready':
      return event;
    case 'speech-start':
    case 'speech-end':
    case 'turn-end':
    case 'turn-resumed':
      return { ...event, atMs: event.atMs + byMs };
    case 'flushed':
      return { ...event, settledMs: event.settledMs + byMs };
    case 'partial':
      return { ...event, startMs: event.startMs + byMs, endMs: event.endMs + byMs };
    case 'final':
      return {
        ...event,
        startMs: event.startMs + byMs,
        endMs: event.endMs + byMs,
        settledMs: event.settledMs + byMs,
        words: event.words.map((word) => ({
          ...word,
          startMs: word.startMs + byMs,
          endMs: word.endMs + byMs,
        })),
      };
  }
}
