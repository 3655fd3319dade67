// The end of what a voice has delivered: kept back until the word it belongs to is whole, so that another voice can go on.
import { bytesFor, durationMs } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';
import type { TtsEvent, TtsWord } from '../spec/tts.js';

export interface TtsTail {
  /** What may go out now: whole words with their audio. */
  push(event: TtsEvent): readonly TtsEvent[];
  /** Everything that is left: the voice proved that it said all. */
  rest(): readonly TtsEvent[];
  /** The end of the last word that went out, in the text the voice was given. Undefined where its words are not known. */
  saidTo(): number | undefined;
  /** How much audio came. */
  audioMs(): number;
}

/** `isHeld`: somebody could go on. Where nobody can, everything goes out as it comes. */
export function createTtsTail(format: AudioFormat, isHeld: boolean): TtsTail {
  let words: TtsWord[] = [];
  let audio: Uint8Array[] = [];
  let audioMs = 0;
  let releasedBytes = 0;
  let said: TtsWord | undefined;

  /** The words that are whole by now, oldest first. */
  function wholeWords(): TtsWord[] {
    const count = words.findIndex(({ endMs }) => endMs > audioMs);
    const whole = words.splice(0, count < 0 ? words.length : count);
    said = whole.at(-1) ?? said;
    return whole;
  }

  function audioUntil(endMs: number): Uint8Array {
    const held = audio.length === 1 && audio[0] !== undefined ? audio[0] : Buffer.concat(audio);
    const count = Math.min(held.length, Math.max(0, bytesFor(endMs, format) - releasedBytes));
    audio = count < held.length ? [held.subarray(count)] : [];
    releasedBytes += count;
    return held.subarray(0, count);
  }

  return {
    push(event) {
      if (event.type === 'words') words.push(...event.words);
      else {
        if (isHeld) audio.push(event.audio);
        audioMs += durationMs(event.audio.byteLength, format);
      }
      const whole = wholeWords();
      if (!isHeld) return [event];
      const last = whole.at(-1);
      if (last === undefined) return [];
      return [
        { type: 'words', words: whole },
        { type: 'audio', audio: audioUntil(last.endMs) },
      ];
    },
    rest() {
      const events: TtsEvent[] = [];
      if (isHeld && words.length > 0) events.push({ type: 'words', words });
      if (audio.length > 0) events.push({ type: 'audio', audio: audioUntil(Infinity) });
      words = [];
      return events;
    },
    saidTo: () => said?.textEnd,
    audioMs: () => audioMs,
  };
}
