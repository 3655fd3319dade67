// Chaos, case by case: for the command, and for the part of it that is in `npm test`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runConnect, runCrowd, runWord } from './chaos-case.mjs';
import { listCases } from './chaos-faults.mjs';
import { listStories } from './chaos-stories.mjs';
import { summarise } from './chaos-verdict.mjs';
import { callerWords } from './chaos-words.mjs';

/** Where a word fault strikes: after each of them. */
export const allWords = callerWords.map((_, index) => index + 1);

/** Every case there is. */
export function listAll() {
  return [...listCases(), ...listStories()];
}

/** Runs one, at these words where it is about words; returns its row of the table. */
export async function runCase(kase, words = allWords) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const done = await (kase.play === undefined ? runsOf(kase, words) : kase.play(kase.id));
  delay.disable();
  // How late the process itself was: times of a run that had too little of the machine mean nothing.
  const lateMs = Math.round(delay.percentile(99) / 1e6);
  return { ...(kase.play === undefined ? summarise(kase, done, lateMs) : done), lateMs };
}

function runsOf(kase, words) {
  if (kase.calls > 1) return runCrowd(kase, kase.calls);
  if (kase.at === 'connect') return runConnect(kase);
  return Promise.all(words.map((word) => runWord(kase, word)));
}
