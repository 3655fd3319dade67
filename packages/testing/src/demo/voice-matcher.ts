// Ears of a demo: not a recogniser. It knows some recordings by their sound and gives their words; other speech gives none.
import { durationMs, type AudioFormat } from '@voicewire/core/adapter';
import type { SoundReader } from '../scripted/scripted-stt.js';
import type { ScriptedWord } from '../script-recogniser.js';
import { createFingerprinter, distance, fingerprintBits, hopMs } from './fingerprint.js';

/** A recording it knows; word times count from the recording's first sample. */
export interface KnownRecording {
  readonly audio: Uint8Array;
  readonly format: AudioFormat;
  readonly words: readonly ScriptedWord[];
}

interface Template {
  readonly prints: readonly number[];
  readonly words: readonly ScriptedWord[];
  readonly endMs: number;
}

/** Where a recording plays in the stream: stream time is recording time plus `offsetMs`. */
interface Match {
  readonly template: Template;
  readonly offsetMs: number;
  next: number;
}

/** So much sound is compared before a recording counts as known. */
const windowPrints = 50;
/** A fingerprint looks at this much sound. */
const windowMs = 64;
/** Half the bits of unrelated sound agree; of the same sound behind a telephone and noise, two thirds and more. */
const maxBitErrorRate = 0.36;
/** Looking everywhere is done this often. */
const searchEveryPrints = 4;

/** Prepares the recordings once; the function it returns makes the ears of one stream, as `createScriptedStt` wants them. */
export function createVoiceMatcher(
  recordings: readonly KnownRecording[],
): (request: { readonly format: AudioFormat }) => SoundReader {
  const templates = recordings.map(({ audio, format, words }): Template => ({
    prints: createFingerprinter(format).push(audio),
    words,
    endMs: durationMs(audio.byteLength, format),
  }));
  return ({ format }) => listen(templates, format);
}

interface Listening {
  readonly templates: readonly Template[];
  /** The latest prints, one window of them. */
  readonly recent: number[];
  heardPrints: number;
  heardMs: number;
  /** Before this nothing more can be said: it was decided, or a flush asked for it. */
  decidedMs: number;
  match: Match | undefined;
}

function listen(templates: readonly Template[], format: AudioFormat): SoundReader {
  const fingerprinter = createFingerprinter(format);
  const state: Listening = {
    templates,
    recent: [],
    heardPrints: 0,
    heardMs: 0,
    decidedMs: 0,
    match: undefined,
  };
  return {
    get decidedMs() {
      return state.decidedMs;
    },
    read(audio) {
      state.heardMs += durationMs(audio.byteLength, format);
      for (const print of fingerprinter.push(audio)) hear(state, print);
      const words = takeWords(state);
      // Sound that is not known yet may still turn out to be words.
      const openMs = state.match === undefined ? (windowPrints + searchEveryPrints) * hopMs + windowMs : 0;
      state.decidedMs = Math.max(state.decidedMs, state.heardMs - openMs);
      return words;
    },
    cut() {
      state.decidedMs = state.heardMs;
      return [];
    },
  };
}

function hear(state: Listening, print: number): void {
  state.recent.push(print);
  state.heardPrints += 1;
  if (state.recent.length > windowPrints) state.recent.shift();
  if (
    state.match === undefined &&
    state.recent.length === windowPrints &&
    state.heardPrints % searchEveryPrints === 0
  ) {
    state.match = search(state);
  }
}

/** The best place of the latest window in any recording, if it is good enough. */
function search({ templates, recent, heardPrints }: Listening): Match | undefined {
  const maxErrors = Math.floor(maxBitErrorRate * windowPrints * fingerprintBits);
  let best: { template: Template; start: number; errors: number } | undefined;
  for (const template of templates) {
    for (let start = 0; start + windowPrints <= template.prints.length; start += 1) {
      const errors = countErrors(recent, template.prints, start, best?.errors ?? maxErrors);
      if (errors < (best?.errors ?? maxErrors)) best = { template, start, errors };
    }
  }
  if (best === undefined) return undefined;
  const offsetMs = (heardPrints - windowPrints - best.start) * hopMs;
  // Words that ended before the sound began were cut off: nobody said them here.
  const next = best.template.words.findIndex(({ endMs }) => endMs + offsetMs > 0);
  return { template: best.template, offsetMs, next: next < 0 ? best.template.words.length : next };
}

function countErrors(
  recent: readonly number[],
  prints: readonly number[],
  start: number,
  limit: number,
): number {
  let errors = 0;
  for (let index = 0; index < windowPrints && errors < limit; index += 1) {
    const heard = recent[index] ?? 0;
    const known = prints[start + index] ?? 0;
    // Silence is like silence everywhere: it proves nothing.
    errors += heard === 0 && known === 0 ? fingerprintBits / 2 : distance(heard, known);
  }
  return errors;
}

/** Words of the recording that have been heard to their end. */
function takeWords(state: Listening): readonly ScriptedWord[] {
  const { match } = state;
  if (match === undefined) return [];
  const words: ScriptedWord[] = [];
  const { template, offsetMs } = match;
  for (let word = template.words[match.next]; word !== undefined; word = template.words[match.next]) {
    if (word.endMs + offsetMs > state.heardMs) break;
    // What was decided meanwhile stays decided: the word is said late rather than never.
    const startMs = Math.max(state.decidedMs, word.startMs + offsetMs);
    words.push({ ...word, startMs, endMs: Math.max(startMs, word.endMs + offsetMs) });
    match.next += 1;
  }
  if (state.heardMs > template.endMs + offsetMs) {
    state.match = undefined;
    state.recent.length = 0;
  }
  return words;
}
