// The caller's side of a line: a frame per track every 20 ms, speech where there is some, and the waits of the script.
import { type AudioFormat, type Clock, silence, type TimerHandle } from '@voicewire/core/adapter';
import { speechSound } from '../word-sound.js';
import { TestingError } from '../testing-error.js';
import type { Caller, CallerScript } from './caller.js';
import type { PlayOut } from './play-out.js';

/** Where the line's doings go: into a MediaConnection, or onto a wire. */
export interface LinePort {
  audio(track: string, audio: Uint8Array, atMs: number, sequence: number): void;
  dtmf(digit: string, track: string): void;
  typed(text: string, track: string, atMs: number): void;
  /** The caller hung up. */
  hangup(): void;
  /** The connection breaks. */
  lose(): void;
}

export interface LineOptions {
  readonly clock: Clock;
  readonly inbound: AudioFormat;
  readonly frameMs: number;
  readonly tracks: readonly string[];
  readonly script: CallerScript;
  /** A call longer than this fails its script. Default 600,000. */
  readonly maxCallMs?: number | undefined;
  readonly playOut: PlayOut;
  readonly port: LinePort;
}

export interface CallerLine {
  /** Settles when the call is over: rejects with what the script threw, or when the call took too long. */
  readonly done: Promise<void>;
  readonly isOpen: boolean;
  /** The other side ended the call. */
  close(): void;
}

/** Ends the waits of a script whose call is over. */
const callIsOver = new TestingError(
  'testing.waited_in_vain',
  'The call was over before what the script waited for.',
);

/** Speech waiting to be said on one track. */
interface Speech {
  readonly audio: Uint8Array;
  position: number;
  resolve(): void;
}

interface Wait {
  readonly isOver: () => boolean;
  resolve(): void;
  reject(reason: unknown): void;
}

interface State {
  readonly options: LineOptions;
  readonly openedMs: number;
  readonly silentFrame: Uint8Array;
  readonly speech: Map<string, Speech[]>;
  frames: number;
  waits: Wait[];
  isOpen: boolean;
  timer: TimerHandle | undefined;
  /** What the agent said before is not waited for: the script waited for it, or spoke since. */
  heardUntilMs: number;
  settle: { resolve(): void; reject(error: unknown): void };
}

/** The first frame is due one frame after opening: it holds what was said meanwhile. */
export function openCallerLine(options: LineOptions): CallerLine {
  let settle: State['settle'] = { resolve: () => undefined, reject: () => undefined };
  const done = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  // The outcome is for who asks; a test that does not look at it learns of the failure from the call.
  done.catch(() => undefined);
  const state: State = {
    options,
    openedMs: options.clock.now(),
    silentFrame: silence(options.frameMs, options.inbound),
    speech: new Map(options.tracks.map((track) => [track, []])),
    frames: 0,
    waits: [],
    isOpen: true,
    timer: undefined,
    heardUntilMs: 0,
    settle,
  };
  scheduleFrame(state);
  void runScript(state);
  return {
    done,
    get isOpen() {
      return state.isOpen;
    },
    close: () => close(state),
  };
}

function close(state: State, outcome?: { readonly error: unknown }): void {
  if (!state.isOpen) return;
  state.isOpen = false;
  state.options.clock.clearTimeout(state.timer);
  state.options.playOut.close();
  for (const wait of state.waits.splice(0)) wait.reject(callIsOver);
  if (outcome === undefined) state.settle.resolve();
  else state.settle.reject(outcome.error);
}

async function runScript(state: State): Promise<void> {
  try {
    await state.options.script(createCaller(state));
    leave(state, 'hangup');
  } catch (error) {
    if (error !== callIsOver) leave(state, 'hangup', { error });
  }
}

/** The caller's own end. Closed first: what the port makes of it may come back here. */
function leave(state: State, how: 'hangup' | 'lose', outcome?: { readonly error: unknown }): void {
  if (!state.isOpen) return;
  close(state, outcome);
  state.options.port[how]();
}

/** By deadline, not by count of ticks: a late frame does not delay the next. */
function scheduleFrame(state: State): void {
  const { clock, frameMs } = state.options;
  const dueMs = state.openedMs + (state.frames + 1) * frameMs;
  state.timer = clock.setTimeout(() => sendFrames(state), dueMs - clock.now());
}

function sendFrames(state: State): void {
  const { frameMs, port, tracks, maxCallMs = 600_000 } = state.options;
  const sequence = state.frames;
  state.frames += 1;
  scheduleFrame(state);
  for (const track of tracks) {
    if (state.isOpen) port.audio(track, nextFrame(state, track), sequence * frameMs, sequence);
  }
  const over = state.waits.filter((wait) => wait.isOver());
  state.waits = state.waits.filter((wait) => !over.includes(wait));
  for (const wait of over) wait.resolve();
  if (state.frames * frameMs < maxCallMs) return;
  const error = new TestingError('testing.call_too_long', `The call was not over after ${maxCallMs} ms.`);
  leave(state, 'hangup', { error });
}

function nextFrame(state: State, track: string): Uint8Array {
  const queue = state.speech.get(track) ?? [];
  if (queue.length === 0) return state.silentFrame;
  const frame = state.silentFrame.slice();
  let filled = 0;
  for (let [speech] = queue; speech !== undefined && filled < frame.length; [speech] = queue) {
    const piece = speech.audio.subarray(speech.position, speech.position + frame.length - filled);
    frame.set(piece, filled);
    filled += piece.length;
    speech.position += piece.length;
    if (speech.position < speech.audio.length) break;
    queue.shift();
    speech.resolve();
  }
  return frame;
}

function until(state: State, isOver: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!state.isOpen) reject(callIsOver);
    else state.waits.push({ isOver, resolve, reject });
  });
}

/** Says audio and waits until it was said. */
async function play(state: State, audio: Uint8Array, track = firstTrack(state)): Promise<void> {
  let isSaid = false;
  state.speech.get(track)?.push({ audio, position: 0, resolve: () => void (isSaid = true) });
  await until(state, () => isSaid);
  state.heardUntilMs = state.options.clock.now();
}

async function wait(state: State, ms: number): Promise<void> {
  const { clock } = state.options;
  const dueMs = clock.now() + ms;
  await until(state, () => clock.now() >= dueMs);
}

async function press(state: State, digits: string, gapMs = 200): Promise<void> {
  for (const [index, digit] of Array.from(digits).entries()) {
    if (index > 0) await wait(state, gapMs);
    state.options.port.dtmf(digit, firstTrack(state));
  }
}

async function agentSpeaks(state: State, forMs: number): Promise<void> {
  const { clock, playOut } = state.options;
  await until(state, () => {
    const sinceMs = playOut.playingSinceMs;
    return sinceMs !== undefined && clock.now() - sinceMs >= forMs;
  });
  state.heardUntilMs = clock.now();
}

async function agentFinishes(state: State, quietMs: number): Promise<void> {
  const { clock, playOut } = state.options;
  const beforeMs = state.heardUntilMs;
  await until(state, () => {
    const sinceMs = playOut.silentSinceMs;
    return (
      sinceMs !== undefined && sinceMs > beforeMs && playOut.playedMs > 0 && clock.now() - sinceMs >= quietMs
    );
  });
  state.heardUntilMs = clock.now();
}

function firstTrack({ options }: State): string {
  return options.tracks[0] ?? 'caller';
}

function createCaller(state: State): Caller {
  const { clock, inbound, port } = state.options;
  const now = (): number => clock.now() - state.openedMs;
  return {
    now,
    say: (text, options) => play(state, speechSound(text, inbound, options?.msPerChar), options?.track),
    play: (audio, options) => play(state, audio, options?.track),
    wait: (ms) => wait(state, ms),
    press: (digits, options) => press(state, digits, options?.gapMs),
    agentSpeaks: (forMs = 0) => agentSpeaks(state, forMs),
    agentFinishes: (quietMs = 600) => agentFinishes(state, quietMs),
    until: (condition) => until(state, condition),
    type: (text, options) => port.typed(text, options?.track ?? firstTrack(state), now()),
    hangup: () => leave(state, 'hangup'),
    lose: () => leave(state, 'lose'),
  };
}
