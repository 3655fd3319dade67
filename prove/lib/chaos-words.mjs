// What is said in every call, so that each word can be counted: none comes twice, and no word is part of another.
import { speechSound } from '@voicewire/testing';

/** What the carrier speaks, so that nothing on the way converts it. */
export const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
/** How long a letter sounds: brisk, so that a whole run is short. */
export const msPerChar = 40;

/** The caller's turn. */
export const callerWords = 'alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima'.split(
  ' ',
);
/** The agent's answer. */
export const answerWords =
  'march april lemon cherry orange banana silver copper garden river winter summer'.split(' ');

/** µ-law has the softest sound there is just beside silence. */
const silent = 0xff;
const hiss = [0xfe, 0x7e];

/** The caller's turn as sound. Pauses hiss, as every line does: in digital silence a detector learns nothing of the noise. */
export function callerSound() {
  const sound = speechSound(callerWords.join('  '), telephone, msPerChar);
  return sound.map((code, index) => (code === silent ? hiss[index % 2] : code));
}
