// What is said and heard on both sides, and the caller's line in real time.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { speechSound } from '@voicewire/testing';
import { callerWords } from '../lib/chaos-words.mjs';

const pcm = (sampleRate) => ({ encoding: 'pcm_s16le', sampleRate, channels: 1 });

/** What the peer's plugins ask for unless told otherwise. */
export const earFormat = pcm(16_000);
export const voiceFormat = pcm(22_050);

const frameMs = 20;
const frameBytes = (earFormat.sampleRate * 2 * frameMs) / 1000;
const leadMs = 400;
const between = '  ';

/** The caller's turn as frames, and what a line carries when nobody speaks. */
const speech = framesOf(hissing(speechSound(callerWords.join(between), earFormat)));
const [pause] = framesOf(hissing(Buffer.alloc(frameBytes)));
const leadFrames = leadMs / frameMs;

/** Every line hisses: in digital silence a detector learns nothing of the noise. */
function hissing(bytes) {
  const sound = Buffer.from(bytes);
  for (let at = 0; at < sound.length; at += 2) {
    if (sound.readInt16LE(at) === 0) sound.writeInt16LE(at % 4 === 0 ? 8 : -8, at);
  }
  return sound;
}

function framesOf(sound) {
  const count = Math.ceil(sound.length / frameBytes);
  return Array.from({ length: count }, (_, index) => {
    const frame = Buffer.alloc(frameBytes);
    sound.copy(frame, 0, index * frameBytes, (index + 1) * frameBytes);
    return frame;
  });
}

/** When each of the caller's words is over, in ms from the first frame. */
export const wordEndsMs = callerWords.map((_, index) => {
  const chars = callerWords.slice(0, index + 1).join(between).length;
  return leadMs + (chars / callerWords.join(between).length) * (speech.length * frameMs);
});

/** A caller's line. `isSpeech` is what a perfect detector would say; `beganMs` is on the clock of `performance.now()`. */
export function createCallLine() {
  const line = {
    beganMs: 0,
    isSpeech: false,
    /** Speaks the turn, a frame every 20 ms by the clock, then hisses until `isOver(msSinceSpoken)`. */
    async speak(write, isOver) {
      line.beganMs = performance.now();
      const spoken = leadFrames + speech.length;
      for (let index = 0; index < spoken || !isOver((index - spoken) * frameMs); index += 1) {
        const waitMs = line.beganMs + index * frameMs - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        const frame = speech[index - leadFrames];
        line.isSpeech = frame !== undefined;
        write(frame ?? pause);
      }
    },
  };
  return line;
}

/** Every player holds some sound back, so that a late packet is not heard. */
const cushionMs = 300;

/** Plays what a voice gives in real time, as a caller hears it: where it comes too late there is silence. */
export function createPlayOut() {
  const parts = [];
  const bytesPerMs = (voiceFormat.sampleRate * 2) / 1000;
  let endsMs;
  return {
    bufferedMs: () => Math.max(0, (endsMs ?? 0) - performance.now()),
    /** When everything given so far has been heard. */
    endsMs: () => endsMs,
    push(audio) {
      const nowMs = performance.now();
      endsMs ??= nowMs + cushionMs;
      if (endsMs < nowMs) {
        parts.push(Buffer.alloc(2 * Math.round(((nowMs - endsMs) * bytesPerMs) / 2)));
        endsMs = nowMs;
      }
      parts.push(Buffer.from(audio));
      endsMs += audio.byteLength / bytesPerMs;
    },
    heard: () => Buffer.concat(parts),
  };
}
