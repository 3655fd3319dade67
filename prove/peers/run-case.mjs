// One case on one side, at one word: what became of the words, and how long things took.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  countWords,
  defaultMsPerChar,
  isExact,
  longestGapMs,
  readWords,
  wordsAsHeard,
} from '@voicewire/testing';
import { answerWords, callerWords } from '../lib/chaos-words.mjs';
import { openRig } from './rig.mjs';
import { createCallLine, createPlayOut, voiceFormat, wordEndsMs } from './sound.mjs';

/** After the last word, or the last sound, so long is waited for what is missing. */
const patienceMs = 15_000;
/** So long for what nobody wants. */
const afterMs = 1_000;
/** After the last word both sides are asked to settle, as a call does when its detector hears that somebody stopped. */
const flushAfterMs = 200;
/** Between two words of an answer there is a pause that belongs there. */
const pauseMs = defaultMsPerChar;

/** `word`: after which the fault strikes; 0 where it does from the start. */
export async function runCase(peer, kase, word) {
  const rig = await openRig(kase, word);
  try {
    const run = await (kase.stage === 'stt' ? hear : speak)(peer, rig);
    return { word, ...run, hasStruck: rig.hasStruck() };
  } finally {
    await rig.close();
  }
}

/** A caller's turn: words as the finals have them, and how late the latest of them was. */
async function hear(peer, { urls, reaction }) {
  const finals = [];
  /** When each word was first known, in a partial or in a final. */
  const knownMs = new Map();
  const count = () => countWords(callerWords, finals);
  const line = createCallLine();
  const ears = peer.listen({
    urls,
    isSpeech: () => line.isSpeech,
    onFailed: reaction.failed,
    onWords(text, isFinal) {
      const words = wordsAsHeard(text);
      for (const one of words) if (!knownMs.has(one)) knownMs.set(one, performance.now());
      if (isFinal) finals.push(...words);
    },
  });
  let exactMs;
  let isFlushed = false;
  await line.speak(ears.write, (msSinceSpoken) => {
    if (!isFlushed && msSinceSpoken >= flushAfterMs) {
      isFlushed = true;
      ears.flush();
    }
    if (isExact(count())) exactMs ??= msSinceSpoken;
    return msSinceSpoken > (exactMs === undefined ? patienceMs : exactMs + afterMs);
  });
  const noticedMs = reaction.delayMs();
  ears.end();
  const end = await within(ears.done, afterMs * 3);
  await within(ears.close(), afterMs);
  const late = callerWords.flatMap((word, index) => {
    const atMs = knownMs.get(word);
    return atMs === undefined ? [] : [atMs - line.beganMs - wordEndsMs[index]];
  });
  return { end, noticedMs, count: count(), lateMs: late.length === 0 ? undefined : Math.max(...late) };
}

/** An answer: words as the caller hears them, and the longest silence between two. */
async function speak(peer, { urls, reaction }) {
  const playOut = createPlayOut();
  const voice = peer.speak({
    urls,
    text: answerWords.join(' '),
    bufferedMs: playOut.bufferedMs,
    onAudio: playOut.push,
    onFailed: reaction.failed,
  });
  const beganMs = performance.now();
  let end = 'open';
  while (end === 'open' && performance.now() - (playOut.endsMs() ?? beganMs) < patienceMs)
    end = await within(voice.done, 100);
  const noticedMs = reaction.delayMs();
  await within(voice.close(), afterMs);
  const words = readWords(playOut.heard(), voiceFormat);
  const texts = words.map(({ text }) => text);
  return {
    end,
    noticedMs,
    count: countWords(answerWords, texts),
    lateMs: Math.max(0, longestGapMs(words) - pauseMs),
  };
}

/** `open` where it takes longer. */
async function within(work, ms) {
  const timer = new AbortController();
  const late = sleep(ms, 'open', { signal: timer.signal }).catch(() => 'open');
  const first = await Promise.race([work, late]);
  timer.abort();
  return first;
}
