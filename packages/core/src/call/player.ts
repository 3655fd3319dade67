// Audio out: how far ahead of the caller's ear it may run, what has been played, and taking it back.
import { bytesFor, durationMs } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { MediaConnection, TelephonyCapabilities } from '../spec/telephony.js';

export interface PlayerOptions {
  readonly media: Pick<MediaConnection, 'send' | 'mark' | 'clear' | 'buffered'>;
  readonly capabilities: Pick<TelephonyCapabilities, 'pacing' | 'marks' | 'clear'>;
  readonly format: AudioFormat;
  readonly clock: Clock;
  /** Audio was produced or handed to the carrier. */
  readonly onProgress: (turnId: number, producedMs: number, sentMs: number) => void;
  readonly onPlayed: (turnId: number, playedMs: number) => void;
  /** Audio left for the carrier, which should begin to play it at `startsAt` of the clock. */
  readonly onSent?: ((audio: Uint8Array, startsAt: number) => void) | undefined;
  /** The socket's queue has been full for five seconds: the carrier does not read. */
  readonly onStuck: () => void;
}

/** Plays one reply at a time. Times count from the reply's first sample. */
export interface Player {
  begin(turnId: number): void;
  /** The bytes are kept until they were played; they must not change. */
  play(audio: Uint8Array): void;
  /** No more audio: `onDrained` once all of it was played. */
  finish(onDrained: () => void): void;
  /** Takes back what was not played and returns how much was. */
  pause(): number;
  resume(fromMs: number): void;
  /** As `pause`, and the rest is forgotten. */
  stop(): number;
  bufferedMs(): number;
  /** A mark came back. Those of an older generation say nothing about what was heard. */
  marked(id: string, generation: number): void;
  positioned(playedMs: number, generation: number): void;
  close(): void;
}

/** Ahead of play-out: a cushion against our own stalls where the carrier can give it back, else what pacing needs. */
const cushionMs = { carrier: 30_000, ours: 200 } as const;
const markEveryMs = 250;
const sliceMs = 500;
const maxSocketBytes = 512 * 1024;
const stuckLimitMs = 5_000;
/** Less room than this is waited for: no carrier likes crumbs. */
const minSliceMs = 20;
/** How late a mark may be, by our own estimate of play-out, before it counts as lost. */
const lostMarkMs = 2_000;
/** Played audio kept for a resumption, which begins at the start of a word. */
const rewindMs = 3_000;

/** Positions in bytes from the reply's first sample. */
interface Reply {
  readonly turnId: number;
  readonly chunks: { readonly audio: Uint8Array; readonly start: number; readonly end: number }[];
  produced: number;
  sent: number;
  marked: number;
  playedMs: number;
  paused: boolean;
  drained: (() => void) | undefined;
  /** Position in the reply minus position in the carrier's current generation. */
  offsetMs: number;
}

interface State {
  readonly options: PlayerOptions;
  readonly aheadMs: number;
  readonly marks: Map<string, number>;
  reply: Reply | undefined;
  generation: number;
  generationSentMs: number;
  lastMark: number;
  /** When the carrier will have played everything it was sent, by our clock. */
  playEndsAt: number;
  timer: TimerHandle | undefined;
  stuckSince: number | undefined;
}

export function createPlayer(options: PlayerOptions): Player {
  const { pacing, clear } = options.capabilities;
  const state: State = {
    options,
    aheadMs: pacing === 'carrier' && clear ? cushionMs.carrier : cushionMs.ours,
    marks: new Map(),
    reply: undefined,
    generation: 0,
    generationSentMs: 0,
    lastMark: 0,
    playEndsAt: 0,
    timer: undefined,
    stuckSince: undefined,
  };
  return {
    begin: (turnId) => {
      state.reply = newReply(turnId, -state.generationSentMs);
    },
    play: (audio) => {
      play(state, audio);
    },
    finish: (onDrained) => {
      finish(state, onDrained);
    },
    pause: () => takeBack(state),
    resume: (fromMs) => {
      resume(state, fromMs);
    },
    stop: () => {
      const playedMs = takeBack(state);
      state.reply = undefined;
      return playedMs;
    },
    bufferedMs: () =>
      bufferedMs(state) + toMs(state, (state.reply?.produced ?? 0) - (state.reply?.sent ?? 0)),
    marked: (id, generation) => {
      const positionMs = state.marks.get(id);
      if (positionMs !== undefined && generation === state.generation) reached(state, positionMs);
    },
    positioned: (playedMs, generation) => {
      if (state.reply !== undefined && generation === state.generation)
        reached(state, playedMs + state.reply.offsetMs);
    },
    close: () => {
      setTimer(state, undefined);
      state.reply = undefined;
      state.marks.clear();
    },
  };
}

function newReply(turnId: number, offsetMs: number): Reply {
  return {
    turnId,
    chunks: [],
    produced: 0,
    sent: 0,
    marked: 0,
    playedMs: 0,
    paused: false,
    drained: undefined,
    offsetMs,
  };
}

function bufferedMs(state: State): number {
  return Math.max(0, state.playEndsAt - state.options.clock.now());
}

function toMs(state: State, bytes: number): number {
  return durationMs(bytes, state.options.format);
}

function setTimer(state: State, callback: (() => void) | undefined, delayMs = 0): void {
  const { clock } = state.options;
  clock.clearTimeout(state.timer);
  state.timer = callback === undefined ? undefined : clock.setTimeout(callback, delayMs);
}

function play(state: State, audio: Uint8Array): void {
  const { reply } = state;
  if (reply === undefined || audio.byteLength === 0) return;
  const start = reply.produced;
  reply.produced += audio.byteLength;
  reply.chunks.push({ audio, start, end: reply.produced });
  pump(state);
}

function finish(state: State, onDrained: () => void): void {
  const { reply } = state;
  if (reply === undefined || reply.produced === 0) {
    onDrained();
    return;
  }
  reply.drained = onDrained;
  pump(state);
}

/** Sends as much as may be sent now, and comes back for the rest. */
function pump(state: State): void {
  const { reply, options } = state;
  if (reply === undefined || reply.paused) return;
  setTimer(state, undefined);
  let index = reply.chunks.findLastIndex((chunk) => chunk.end <= reply.sent) + 1;
  while (index < reply.chunks.length) {
    const roomMs = state.aheadMs - bufferedMs(state);
    if (roomMs < minSliceMs) {
      wait(state, Math.min(state.aheadMs / 2, 1_000) - roomMs);
      return;
    }
    if (options.media.buffered > maxSocketBytes) {
      socketFull(state);
      return;
    }
    state.stuckSince = undefined;
    if (sendSlice(state, reply, index, Math.min(sliceMs, roomMs))) index += 1;
  }
  waitForDrain(state, reply);
}

function wait(state: State, delayMs: number): void {
  setTimer(
    state,
    () => {
      pump(state);
    },
    Math.max(5, delayMs),
  );
}

function socketFull(state: State): void {
  const now = state.options.clock.now();
  state.stuckSince ??= now;
  if (now - state.stuckSince >= stuckLimitMs) state.options.onStuck();
  else wait(state, 100);
}

/** Sends at most `maxMs` of one chunk; true when the chunk is done. */
function sendSlice(state: State, reply: Reply, index: number, maxMs: number): boolean {
  const chunk = reply.chunks[index];
  if (chunk === undefined) return true;
  const { media, format, clock, onProgress } = state.options;
  const from = reply.sent - chunk.start;
  const take = Math.min(chunk.end - reply.sent, bytesFor(maxMs, format));
  const isWhole = from === 0 && take === chunk.audio.byteLength;
  const audio = isWhole ? chunk.audio : chunk.audio.subarray(from, from + take);
  const startsAt = Math.max(clock.now(), state.playEndsAt);
  const takeMs = toMs(state, take);
  media.send(audio);
  state.options.onSent?.(audio, startsAt);
  state.playEndsAt = startsAt + takeMs;
  state.generationSentMs += takeMs;
  reply.sent += take;
  if (toMs(state, reply.sent - reply.marked) >= markEveryMs) putMark(state, reply);
  onProgress(reply.turnId, toMs(state, reply.produced), toMs(state, reply.sent));
  return reply.sent >= chunk.end;
}

function putMark(state: State, reply: Reply): void {
  if (state.options.capabilities.marks === 'none' || reply.marked >= reply.sent) return;
  state.lastMark += 1;
  const id = `${reply.turnId}-${state.lastMark}`;
  reply.marked = reply.sent;
  state.marks.set(id, toMs(state, reply.sent));
  state.options.media.mark(id, state.generation);
}

function waitForDrain(state: State, reply: Reply): void {
  if (reply.drained === undefined || reply.sent < reply.produced) return;
  putMark(state, reply);
  awaitEnd(state, reply);
}

/** Marks move the expected end; when it is long past, the last of them is lost (fault C-09). */
function awaitEnd(state: State, reply: Reply): void {
  const graceMs = state.options.capabilities.marks === 'none' ? 0 : lostMarkMs;
  const leftMs = state.playEndsAt + graceMs - state.options.clock.now();
  if (leftMs <= 0) reached(state, toMs(state, reply.produced));
  else
    setTimer(
      state,
      () => {
        awaitEnd(state, reply);
      },
      leftMs,
    );
}

/** The carrier has played this much of the reply. */
function reached(state: State, positionMs: number): void {
  const { reply, options } = state;
  if (reply === undefined || reply.paused) return;
  const playedMs = Math.min(positionMs, toMs(state, reply.sent));
  for (const [id, markMs] of state.marks) if (markMs <= playedMs) state.marks.delete(id);
  if (playedMs > reply.playedMs) {
    reply.playedMs = playedMs;
    state.playEndsAt = options.clock.now() + toMs(state, reply.sent) - playedMs;
    const kept = reply.chunks.findIndex((chunk) => toMs(state, chunk.end) > playedMs - rewindMs);
    if (kept > 0) reply.chunks.splice(0, kept);
    options.onPlayed(reply.turnId, playedMs);
  }
  // Positions may be told in whole milliseconds.
  if (reply.drained === undefined || reply.playedMs <= toMs(state, reply.produced) - 1) return;
  const { drained } = reply;
  reply.drained = undefined;
  setTimer(state, undefined);
  drained();
}

/** What was played: at least what marks prove, at most what the clock allows or the next mark would, unless that is lost. */
function estimateMs(state: State, reply: Reply): number {
  const byClock = toMs(state, reply.sent) - bufferedMs(state);
  let nextMarkMs = Infinity;
  for (const markMs of state.marks.values()) {
    if (markMs > byClock - lostMarkMs) nextMarkMs = Math.min(nextMarkMs, markMs);
  }
  return Math.max(reply.playedMs, Math.min(byClock, nextMarkMs));
}

function takeBack(state: State): number {
  const { reply, options } = state;
  if (reply === undefined) return 0;
  setTimer(state, undefined);
  if (reply.paused) return reply.playedMs;
  reply.paused = true;
  state.marks.clear();
  if (reply.sent === 0) return 0;
  if (!options.capabilities.clear) {
    // What the carrier has it plays: little, as so little was sent ahead.
    reply.playedMs = toMs(state, reply.sent);
    return reply.playedMs;
  }
  reply.playedMs = estimateMs(state, reply);
  options.media.clear();
  state.generation += 1;
  state.generationSentMs = 0;
  state.playEndsAt = options.clock.now();
  return reply.playedMs;
}

function resume(state: State, fromMs: number): void {
  const { reply } = state;
  if (reply === undefined) return;
  reply.paused = false;
  reply.sent = Math.max(bytesFor(fromMs, state.options.format), reply.chunks[0]?.start ?? 0);
  reply.marked = reply.sent;
  reply.playedMs = Math.min(reply.playedMs, toMs(state, reply.sent));
  reply.offsetMs = toMs(state, reply.sent) - state.generationSentMs;
  pump(state);
}
