// What a recogniser was asked that is not settled yet, for whoever has to take over: bounded, and knowing where it lies.
import { bytesFor, durationMs } from '../audio/format.js';
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
  /** Everything that was pushed, kept or not. */
  endMs(): number;
  /** Keeps a copy. */
  audio(audio: Uint8Array, isSpeech: boolean): void;
  mark(type: 'flush' | 'end'): void;
  /** All audio before is decided: what lies before the last pause at or before it, or a second before it, is let go. */
  settle(atMs: number): void;
  /** Whether somebody spoke after what is settled. */
  hasSpeech(): boolean;
  /** Where the speech that goes on now began; the present where nobody speaks. */
  openSpeechMs(): number;
  /** What is kept from there on; by default from the last pause before what is settled, or a second before it. */
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
/** Words that are settled are heard again as long as this: a recogniser that begins in mid-word gets that word wrong, not the next. */
const contextMs = 1_000;
/** Of silence that nobody has settled so much is kept: what the detector did not hear may still be a word. */
const quietMs = 1_000;
/** Steps are given out in pieces of at most this length. */
const pieceMs = 100;

/** Positions are bytes of the whole stream. */
interface Run {
  readonly type: 'audio' | 'flush' | 'end';
  readonly from: number;
  to: number;
  readonly isSpeech: boolean;
}

interface State {
  readonly format: AudioFormat;
  readonly maxBytes: number;
  /** Byte `n` of the stream lies at `n` modulo its length. One allocation for all frames: thousands of small ones a second cost collections. */
  bytes: Buffer;
  runs: Run[];
  from: number;
  to: number;
  settledTo: number;
  speechTo: number;
  openSpeechFrom: number;
}

export function createReplayRing({ format, maxMs }: ReplayRingOptions): ReplayRing {
  const state: State = {
    format,
    maxBytes: bytesFor(maxMs, format),
    bytes: Buffer.alloc(0),
    runs: [],
    from: 0,
    to: 0,
    settledTo: 0,
    speechTo: 0,
    openSpeechFrom: 0,
  };
  const toMs = (position: number): number => durationMs(position, format);
  const hasSpeech = (): boolean => state.speechTo > state.settledTo;
  const quietBytes = bytesFor(quietMs, format);
  const leadInBytes = bytesFor(leadInMs, format);
  const contextBytes = bytesFor(contextMs, format);
  return {
    endMs: () => toMs(state.to),
    audio(audio, isSpeech) {
      keep(state, audio);
      const last = state.runs.at(-1);
      if (last?.type === 'audio' && last.isSpeech === isSpeech) last.to = state.to;
      else state.runs.push({ type: 'audio', from: state.to - audio.byteLength, to: state.to, isSpeech });
      if (isSpeech) state.speechTo = state.to;
      else state.openSpeechFrom = state.to;
      dropBefore(state, state.to - (hasSpeech() ? state.maxBytes : quietBytes));
    },
    mark(type) {
      state.runs.push({ type, from: state.to, to: state.to, isSpeech: false });
    },
    settle(atMs) {
      state.settledTo = Math.max(state.settledTo, Math.min(bytesFor(atMs, format), state.to));
      const pause = state.runs.findLast(
        ({ type, from, isSpeech }) => type === 'audio' && !isSpeech && from < state.settledTo,
      );
      const pauseTo = pause === undefined ? 0 : Math.min(pause.to, state.settledTo) - leadInBytes;
      dropBefore(state, Math.max(pauseTo, state.settledTo - contextBytes));
    },
    hasSpeech,
    openSpeechMs: () => toMs(state.openSpeechFrom),
    stepsFrom: (atMs = 0) => steps(state, bytesFor(atMs, format)),
    clear() {
      state.runs = [];
      state.from = state.to;
      state.bytes = Buffer.alloc(0);
    },
  };
}

function keep(state: State, audio: Uint8Array): void {
  const kept = state.to - state.from + audio.byteLength;
  if (kept > state.bytes.length) grow(state, Math.max(kept, bytesFor(2 * quietMs, state.format)));
  const { bytes } = state;
  const at = state.to % bytes.length;
  const head = audio.subarray(0, bytes.length - at);
  bytes.set(head, at);
  if (head.length < audio.length) bytes.set(audio.subarray(head.length), 0);
  state.to += audio.byteLength;
}

/** Twice as large, for as much as has to be kept. */
function grow(state: State, neededBytes: number): void {
  const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(neededBytes)));
  for (let at = state.from; at < state.to;) {
    const piece = view(state, at, state.to);
    const target = at % larger.length;
    const count = Math.min(piece.length, larger.length - target);
    larger.set(piece.subarray(0, count), target);
    at += count;
  }
  state.bytes = larger;
}

/** What lies in one piece from `from` on, no further than `to`. */
function view({ bytes }: State, from: number, to: number): Buffer {
  const at = from % bytes.length;
  return bytes.subarray(at, Math.min(bytes.length, at + to - from));
}

function dropBefore(state: State, position: number): void {
  if (position <= state.from) return;
  state.from = position;
  while (state.runs[0] !== undefined && state.runs[0].to <= position) state.runs.shift();
}

function steps(state: State, from: number): SttStep[] {
  const { format, runs } = state;
  const pieceBytes = bytesFor(pieceMs, format);
  return runs.flatMap((run): SttStep[] => {
    if (run.type !== 'audio')
      return run.from >= from ? [{ type: run.type, atMs: durationMs(run.from, format) }] : [];
    const pieces: SttStep[] = [];
    for (let at = Math.max(run.from, state.from, from), to = at; at < run.to; at = to) {
      const piece = view(state, at, Math.min(run.to, at + pieceBytes));
      to = at + piece.length;
      // A copy: what is here will be written over.
      const audio = Buffer.from(piece);
      pieces.push({
        type: 'audio',
        atMs: durationMs(at, format),
        endMs: durationMs(to, format),
        audio,
        isSpeech: run.isSpeech,
      });
    }
    return pieces;
  });
}
