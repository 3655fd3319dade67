// One recogniser at work in a chain: what it is given and when, and what it says on the chain's own times.
import { createConverter, type Converter } from '../audio/convert.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { SttAdapter, SttEvent, SttRequest } from '../spec/stt.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import type { SttStep } from './replay-ring.js';
import type { Stop } from './route.js';
import { shiftTimes } from './shift-times.js';
import { createTimeMap, type TimeMap } from './time-map.js';

/** A backlog is sent in pieces of this length. */
const pieceMs = 100;
/** Who takes audio no faster than this never catches up by being given it: pauses are left out. */
const tooSlowToCatchUp = 1.5;
/**
 * Of a pause that is left out so much stays at its beginning, before the next word, and at the end of what is known so far: a
 * word may have begun there that no detector has noticed.
 */
const keptPauseMs = { after: 200, before: 300, end: 120 };

export interface SttMemberOptions {
  readonly stop: Stop<SttAdapter>;
  readonly request: SttRequest;
  readonly format: AudioFormat;
  readonly clock: Clock;
  /** Settles when the reader can take more. */
  readonly whenTaken: () => Promise<void>;
  readonly onEvent: (event: SttEvent) => void;
  /** It is over by itself: with a failure, or with an end. */
  readonly onOver: (failure: { readonly error: unknown } | undefined) => void;
}

export interface SttMember {
  readonly stop: Stop<SttAdapter>;
  isReady(): boolean;
  /** Its session counts from then. */
  readonly openedAtMs: number;
  /** The end of what it was given. */
  givenMs(): number;
  give(step: SttStep): void;
  /** Gives what it has missed, no faster than it takes; what comes meanwhile queues behind it. */
  catchUp(steps: readonly SttStep[]): void;
  /** Nothing of it is heard any more. */
  leave(): void;
}

interface State {
  readonly options: SttMemberOptions;
  readonly stream: ReturnType<SttAdapter['open']>;
  readonly attempt: Attempt;
  readonly converter: Converter;
  readonly times: TimeMap;
  /** On the chain's times, and on its own. */
  givenMs: number;
  innerMs: number;
  spokenMs: number;
  backlog: SttStep[] | undefined;
  timer: TimerHandle | undefined;
  isReady: boolean;
  hasLeft: boolean;
}

/** Throws what opening throws. */
export function openSttMember(options: SttMemberOptions, startMs: number): SttMember {
  const { stop, request, format, clock } = options;
  const attempt = createAttempt(request.signal);
  const state: State = {
    options,
    stream: startAttempt(attempt, (signal) => stop.member.open({ ...request, clock, format, signal })),
    attempt,
    converter: createConverter(request.format, format),
    times: createTimeMap(startMs),
    givenMs: startMs,
    innerMs: 0,
    spokenMs: -Infinity,
    backlog: undefined,
    timer: undefined,
    isReady: false,
    hasLeft: false,
  };
  void read(state);
  return {
    stop,
    isReady: () => state.isReady,
    openedAtMs: clock.now(),
    givenMs: () => state.givenMs,
    give(step) {
      if (state.backlog === undefined) give(state, step);
      else state.backlog.push(step.type === 'audio' ? { ...step, audio: Buffer.from(step.audio) } : step);
    },
    catchUp(steps) {
      clock.clearTimeout(state.timer);
      state.backlog = [...steps];
      giveBacklog(state);
    },
    leave() {
      leave(state);
    },
  };
}

function leave(state: State): void {
  state.hasLeft = true;
  state.options.clock.clearTimeout(state.timer);
  state.attempt.end();
  state.options.stop.lease.release();
}

async function read(state: State): Promise<void> {
  const { onEvent, onOver, whenTaken } = state.options;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const event of state.stream) {
      if (state.hasLeft) return;
      state.isReady ||= event.type === 'ready';
      onEvent(shiftTimes(event, state.times.toOuter));
      await whenTaken();
    }
  } catch (error) {
    failure = { error };
  }
  if (!state.hasLeft) onOver(failure);
}

function give(state: State, step: SttStep): void {
  const { stream, converter, times } = state;
  if (step.type === 'flush') {
    stream.flush();
    return;
  }
  if (step.type === 'audio') {
    if (step.atMs !== state.givenMs) times.add(state.innerMs, step.atMs);
    state.innerMs += step.endMs - step.atMs;
    state.givenMs = step.endMs;
    if (step.isSpeech) state.spokenMs = step.endMs;
  }
  const audio = step.type === 'audio' ? converter.push(step.audio) : converter.flush();
  if (audio.byteLength > 0) stream.write(audio);
  if (step.type === 'end') stream.end();
}

function giveBacklog(state: State): void {
  const { options } = state;
  if (state.backlog === undefined || state.hasLeft) return;
  const { maxReplayRate } = options.stop.member.capabilities;
  if (maxReplayRate < tooSlowToCatchUp) state.backlog = withoutPauses(state.backlog, state.spokenMs);
  const { backlog } = state;
  let givenMs = 0;
  while (givenMs < pieceMs) {
    const step = backlog.shift();
    if (step === undefined) {
      state.backlog = undefined;
      return;
    }
    give(state, step);
    if (step.type === 'audio') givenMs += step.endMs - step.atMs;
  }
  state.timer = options.clock.setTimeout(() => {
    giveBacklog(state);
  }, givenMs / maxReplayRate);
}

/** Positions stay: what is left out is left out of the times as well. */
function withoutPauses(steps: readonly SttStep[], spokenMs: number): SttStep[] {
  let spokeUntilMs = spokenMs;
  const isNear: boolean[] = steps.map((step) => {
    if (step.type !== 'audio') return true;
    if (step.isSpeech) spokeUntilMs = step.endMs;
    return step.isSpeech || step.endMs <= spokeUntilMs + keptPauseMs.after;
  });
  const last = steps.findLast(({ type }) => type === 'audio');
  let speaksAtMs = last?.type === 'audio' ? last.endMs - keptPauseMs.end + keptPauseMs.before : Infinity;
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index];
    if (step?.type !== 'audio') continue;
    if (step.isSpeech) speaksAtMs = step.atMs;
    else if (step.atMs >= speaksAtMs - keptPauseMs.before) isNear[index] = true;
  }
  return steps.filter((_, index) => isNear[index]);
}
