// A carrier's play-out buffer: plays what it is sent at 1×, returns marks when their audio was played, remembers what was.
import {
  type AudioFormat,
  bytesFor,
  bytesPerMs,
  type Clock,
  sampleBytes,
  silence,
  type TimerHandle,
} from '@voicewire/core/adapter';

export interface PlayOutOptions {
  readonly format: AudioFormat;
  readonly clock: Clock;
  /** `none`: marks are never returned. */
  readonly marks: 'played' | 'dequeued' | 'none';
  /** Marks outstanding at a clear come back at once. */
  readonly clearReturnsMarks: boolean;
  /** Audio that may wait; what comes beyond it is dropped and counted. Default: any amount. */
  readonly maxBufferMs?: number | undefined;
  onMark(name: string): void;
  /** False: what was played is counted and not kept. Default true. */
  readonly record?: boolean | undefined;
}

/** Audio that was played without a gap, `atMs` on the clock. */
export interface PlayedAudio {
  readonly atMs: number;
  readonly audio: Uint8Array;
}

export interface PlayOut {
  send(audio: Uint8Array): void;
  mark(name: string): void;
  /** Drops what was not played. */
  clear(): void;
  /** Audio waiting to be played, in ms. */
  readonly bufferedMs: number;
  /** All audio played so far, in ms. */
  readonly playedMs: number;
  /** Of the audio sent since the last clear. */
  readonly playedSinceClearMs: number;
  /** When the buffer last became empty; undefined while it plays. Before the first audio: when it was made. */
  readonly silentSinceMs: number | undefined;
  /** When the audio now playing began, without a gap; undefined while silent. */
  readonly playingSinceMs: number | undefined;
  /** Bytes dropped by clears, and beyond `maxBufferMs`. */
  readonly clearedBytes: number;
  readonly overflowBytes: number;
  readonly clears: number;
  played(): readonly PlayedAudio[];
  /** The line from `fromMs` of the clock until now, silence where nothing was played. */
  recording(fromMs: number): Uint8Array;
  close(): void;
}

interface Mark {
  readonly name: string;
  /** Returned when this many bytes were played. */
  readonly atByte: number;
}

interface State {
  readonly options: PlayOutOptions;
  readonly bytesPerMs: number;
  readonly unit: number;
  /** Chunks not wholly played; the first one from `headByte` on. */
  queue: Uint8Array[];
  headByte: number;
  /** Bytes played before the present stretch began, and when it did. */
  stretchFromByte: number;
  stretchAtMs: number;
  playedBytes: number;
  /** `playedBytes` at the last clear. */
  clearedAtByte: number;
  queuedBytes: number;
  marks: Mark[];
  timer: TimerHandle | undefined;
  segments: { atMs: number; chunks: Uint8Array[] }[];
  clearedBytes: number;
  overflowBytes: number;
  clears: number;
  silentSinceMs: number;
}

export function createPlayOut(options: PlayOutOptions): PlayOut {
  const state: State = {
    options,
    bytesPerMs: bytesPerMs(options.format),
    unit: sampleBytes(options.format),
    queue: [],
    headByte: 0,
    stretchFromByte: 0,
    stretchAtMs: 0,
    playedBytes: 0,
    clearedAtByte: 0,
    queuedBytes: 0,
    marks: [],
    timer: undefined,
    segments: [],
    clearedBytes: 0,
    overflowBytes: 0,
    clears: 0,
    silentSinceMs: options.clock.now(),
  };

  return {
    send: (audio) => send(state, audio),
    mark: (name) => mark(state, name),
    clear: () => clear(state),
    get bufferedMs() {
      playUntilNow(state);
      return state.queuedBytes / state.bytesPerMs;
    },
    get playedMs() {
      playUntilNow(state);
      return state.playedBytes / state.bytesPerMs;
    },
    get playedSinceClearMs() {
      playUntilNow(state);
      return (state.playedBytes - state.clearedAtByte) / state.bytesPerMs;
    },
    get silentSinceMs() {
      playUntilNow(state);
      return state.queuedBytes > 0 ? undefined : state.silentSinceMs;
    },
    get playingSinceMs() {
      playUntilNow(state);
      return state.queuedBytes > 0 ? state.stretchAtMs : undefined;
    },
    get clearedBytes() {
      return state.clearedBytes;
    },
    get overflowBytes() {
      return state.overflowBytes;
    },
    get clears() {
      return state.clears;
    },
    played() {
      playUntilNow(state);
      return state.segments.map(({ atMs, chunks }) => ({ atMs, audio: Buffer.concat(chunks) }));
    },
    recording: (fromMs) => recording(state, fromMs),
    close: () => options.clock.clearTimeout(state.timer),
  };
}

/** Moves what has been played since last time out of the queue. */
function playUntilNow(state: State): void {
  if (state.queuedBytes === 0) return;
  const now = state.options.clock.now();
  const samples = Math.floor(((now - state.stretchAtMs) * state.bytesPerMs) / state.unit + 1e-6);
  const target = state.stretchFromByte + samples * state.unit;
  const due = Math.min(target - state.playedBytes, state.queuedBytes);
  if (due <= 0) return;
  take(state, due);
  state.playedBytes += due;
  state.queuedBytes -= due;
  if (state.queuedBytes > 0) return;
  state.silentSinceMs = state.stretchAtMs + (state.playedBytes - state.stretchFromByte) / state.bytesPerMs;
}

function take(state: State, bytes: number): void {
  const segment = state.segments.at(-1);
  for (let missing = bytes; missing > 0;) {
    const [chunk] = state.queue;
    if (chunk === undefined) return;
    const piece = chunk.subarray(state.headByte, state.headByte + missing);
    if (state.options.record !== false) segment?.chunks.push(piece);
    missing -= piece.length;
    state.headByte += piece.length;
    if (state.headByte < chunk.length) return;
    state.queue.shift();
    state.headByte = 0;
  }
}

function send(state: State, audio: Uint8Array): void {
  playUntilNow(state);
  const { format, clock, maxBufferMs } = state.options;
  const room =
    maxBufferMs === undefined ? audio.length : Math.max(0, bytesFor(maxBufferMs, format) - state.queuedBytes);
  state.overflowBytes += Math.max(0, audio.length - room);
  // Senders may reuse their buffers once a real socket would have taken the bytes.
  const kept = new Uint8Array(audio.subarray(0, room));
  if (kept.length === 0) return;
  if (state.queuedBytes === 0) {
    const now = clock.now();
    state.stretchAtMs = now;
    state.stretchFromByte = state.playedBytes;
    if (state.options.record !== false) state.segments.push({ atMs: now, chunks: [] });
  }
  state.queue.push(kept);
  state.queuedBytes += kept.length;
}

function mark(state: State, name: string): void {
  playUntilNow(state);
  if (state.options.marks === 'none') return;
  state.marks.push({ name, atByte: state.playedBytes + state.queuedBytes });
  armMarks(state);
}

/** Waits for the first outstanding mark. */
function armMarks(state: State): void {
  const { clock } = state.options;
  clock.clearTimeout(state.timer);
  const [next] = state.marks;
  if (next === undefined) return;
  const missingMs = (next.atByte - state.playedBytes) / state.bytesPerMs;
  const sincePlayedMs = state.queuedBytes === 0 ? 0 : clock.now() - playedUntilMs(state);
  state.timer = clock.setTimeout(() => returnDue(state), Math.max(0, missingMs - sincePlayedMs));
}

/** The moment up to which `playedBytes` has come: now, but for the fraction of a sample. */
function playedUntilMs(state: State): number {
  return state.stretchAtMs + (state.playedBytes - state.stretchFromByte) / state.bytesPerMs;
}

function returnDue(state: State): void {
  playUntilNow(state);
  const due = state.marks.filter(({ atByte }) => atByte <= state.playedBytes);
  state.marks = state.marks.slice(due.length);
  armMarks(state);
  for (const { name } of due) state.options.onMark(name);
}

function clear(state: State): void {
  playUntilNow(state);
  const { clock, clearReturnsMarks } = state.options;
  state.clears += 1;
  state.clearedAtByte = state.playedBytes;
  state.clearedBytes += state.queuedBytes;
  if (state.queuedBytes > 0) state.silentSinceMs = clock.now();
  state.queue = [];
  state.headByte = 0;
  state.queuedBytes = 0;
  const returned = clearReturnsMarks ? state.marks : [];
  state.marks = [];
  clock.clearTimeout(state.timer);
  // By a timer, as over a wire: never inside the caller's own call.
  state.marks = returned.map(({ name }) => ({ name, atByte: 0 }));
  armMarks(state);
}

function recording(state: State, fromMs: number): Uint8Array {
  playUntilNow(state);
  const { format, clock } = state.options;
  const line = silence(clock.now() - fromMs, format);
  for (const { atMs, chunks } of state.segments) {
    let at = bytesFor(atMs - fromMs, format);
    for (const chunk of chunks) {
      line.set(chunk.subarray(0, Math.max(0, line.length - at)), at);
      at += chunk.length;
    }
  }
  return line;
}
