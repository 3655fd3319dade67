// Text a far end recognised or typed itself, as a recogniser's final.
import type { SttFinal } from '@voicewire/core/adapter';

export function toFinal(text: string, atMs: number): SttFinal {
  return { type: 'final', text, startMs: atMs, endMs: atMs, settledMs: atMs, words: [] };
}
