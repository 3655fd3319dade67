// Text a far end recognised or typed itself, as a recogniser tells it: final at once, and with it the turn is over.
import type { SttEvent } from '@voicewire/core/adapter';

export function typedTurn(text: string, atMs: number): readonly SttEvent[] {
  return [
    { type: 'final', text, startMs: atMs, endMs: atMs, settledMs: atMs, words: [] },
    { type: 'turn-end', atMs, eager: false },
  ];
}
