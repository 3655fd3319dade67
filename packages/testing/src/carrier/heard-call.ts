// What a caller heard of a call, as audio and as words.
import type { AudioFormat } from '@voicewire/core/adapter';
import type { ScriptedWord } from '../script-recogniser.js';
import { readWords } from '../oracle/word-reader.js';
import type { PlayedAudio, PlayOut } from './play-out.js';

/** For word-coded voices the words are exact; for others only the audio is. */
export interface HeardCall {
  /** Audio as the caller heard it: stretches without a gap. `atMs` is call time. */
  played(): readonly PlayedAudio[];
  /** The agent's words as the caller heard them, cut ones as far as they went; call times. */
  heardWords(): readonly ScriptedWord[];
  /** The same as text: lower case, no punctuation. */
  heardText(): string;
  /** Bytes the carrier dropped: by clears, and because its buffer was full. */
  readonly clearedBytes: number;
  readonly overflowBytes: number;
}

/** A line that may not be open yet. */
export type HeardLine = () => { readonly playOut: PlayOut; readonly openedMs: number } | undefined;

export function heardPlayed(line: HeardLine): readonly PlayedAudio[] {
  const open = line();
  return open === undefined
    ? []
    : open.playOut.played().map(({ atMs, audio }) => ({ atMs: atMs - open.openedMs, audio }));
}

export function heardWords(line: HeardLine, format: AudioFormat): readonly ScriptedWord[] {
  const open = line();
  return open === undefined ? [] : readWords(open.playOut.recording(open.openedMs), format);
}

export function toText(words: readonly ScriptedWord[]): string {
  return words.map(({ text }) => text).join(' ');
}
