// What a recogniser was asked that it has not settled yet, for whoever has to take over: bounded, and knowing where it lies.
import { durationMs } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';

/** `atMs`: where it begins, counted from the first byte of the stream. `isSpeech`: what the local detector heard then. */
export type SttStep =
  | {
      readonly type: 'audio';
      readonly atMs: number;
      readonly endMs: number;
      readonly audio: Uint8Array;
      readonly isSpeech: boolean;
    }
  | { readonly type: 'flush' | 'end'; readonly atMs: number };

export interface ReplayRing {
  /** Everything that was pushed, let go or not. */
  readonly endMs: () => number;
  /** Makes a step of audio of a copy: the giver's bytes may be a small part of a large buffer. */
  audio(audio: Uint8Array, isSpeech: boolean): SttStep;
  /** Makes and keeps a step that is no audio. */
  mark(type: 'flush' | 'end'): SttStep;
  /** All audio before is decided: what lies before the last pause at or before it is let go. */
  settle(atMs: number): void;
  /** Whether somebody spoke after what is settled. */
  hasSpeech(): boolean;
  /** Where the speech that goes on now began; the present where nobody speaks. */
  openSpeechMs(): number;
  /** What is kept from there on; from the last pause at or before what is settled by default. */
  stepsFrom(atMs?: number): readonly SttStep[];
  clear(): void;
}

export interface ReplayRingOptions {
  readonly format: AudioFormat;
  /** No more is ever kept; the oldest goes first. */
  readonly maxMs: number;
}

/** The detector hears the beginning of a word late: so much of the pause before it belongs to it. */
const leadInMs = 200;
/** Of silence that nobody has settled so much is kept: what the detector did not hear may still be a word. */
const quietMs = 3_000;

interface State {
  readonly format: AudioFormat;
  readonly maxMs: number;
  steps: SttStep[];
  endMs: number;
  settledMs: number;
  /** The end of the last audio with speech. */
  lastSpeechMs: number;
  openSpeechMs: number;
}

export function createReplayRing({ format, maxMs }: ReplayRingOptions): ReplayRing {
  const state: State = {
    format,
    maxMs,
    steps: [],
    endMs: 0,
    settledMs: 0,
    lastSpeechMs: 0,
    openSpeechMs: 0,
  };
  const hasSpeech = (): boolean => state.lastSpeechMs > state.settledMs;
  return {
    endMs: () => state.endMs,
    audio(audio, isSpeech) {
      const atMs = state.endMs;
      const endMs = atMs + durationMs(audio.byteLength, format);
      const step: SttStep = { type: 'audio', atMs, endMs, audio: Buffer.from(audio), isSpeech };
      state.steps.push(step);
      state.endMs = endMs;
      if (isSpeech) state.lastSpeechMs = endMs;
      else state.openSpeechMs = endMs;
      dropBefore(state, endMs - (hasSpeech() ? maxMs : quietMs));
      return step;
    },
    mark(type) {
      const step: SttStep = { type, atMs: state.endMs };
      state.steps.push(step);
      return step;
    },
    settle(atMs) {
      if (atMs <= state.settledMs) return;
      state.settledMs = Math.min(atMs, state.endMs);
      dropBefore(state, lastPauseMs(state) - leadInMs);
    },
    hasSpeech,
    openSpeechMs: () => state.openSpeechMs,
    stepsFrom: (atMs = 0) => state.steps.filter((step) => endOf(step) > atMs || step.type !== 'audio'),
    clear() {
      state.steps = [];
    },
  };
}

const endOf = (step: SttStep): number => (step.type === 'audio' ? step.endMs : step.atMs);

/** The end of the last silence that is wholly settled; where there is none, all that is kept may be needed. */
function lastPauseMs({ steps, settledMs }: State): number {
  const pause = steps.findLast((step) => step.type === 'audio' && !step.isSpeech && step.endMs <= settledMs);
  return pause === undefined ? -Infinity : endOf(pause);
}

function dropBefore(state: State, atMs: number): void {
  let count = 0;
  for (const step of state.steps) {
    if (endOf(step) > atMs) break;
    count += 1;
  }
  if (count > 0) state.steps.splice(0, count);
}
