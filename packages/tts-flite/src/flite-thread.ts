// The one thread in which flite speaks for all calls of the process: started by the first session, stopped by the last.
import { Worker } from 'node:worker_threads';
import { type Clock, type ErrorClass, ProviderError, systemClock } from '@voicewire/core/adapter';

/** One clause to be spoken. */
export interface Job {
  /** One of flite's own voices. */
  readonly voice: string;
  /** Printable ASCII. */
  readonly text: string;
  /** The text's words, none empty. */
  readonly words: readonly string[];
}

/** A clause, spoken. */
export interface Speech {
  /** A whole file: 44 bytes of header, then 16-bit mono samples. */
  readonly wav: Uint8Array;
  /** `phone:endSeconds` for each phone of the clause. */
  readonly phones: string;
  /** For each word its phones when said alone. */
  readonly wordPhones: readonly string[];
}

/** A job and who hears of it. When the thread dies nobody does: the seat is told. */
export interface Task extends Job {
  onSpeech(speech: Speech): void;
  onFailure(error: ProviderError): void;
}

/** One session's place at the thread. Seats take turns, clause by clause: a long reply keeps nobody waiting for its end. */
export interface Seat {
  /** Returns what forgets the task. The clause just being spoken is spoken to its end, in vain. */
  speak(task: Task): () => void;
  leave(): void;
}

/** What a seat is told; nothing after it was left. */
export interface SeatStatus {
  ready(): void;
  /** The thread died, and with it whatever was being spoken or waited. */
  closed(error: ProviderError): void;
}

export interface ThreadOptions {
  readonly url: URL;
  /** Default: the system's; a thread is a real one, whatever time a call lives in. */
  readonly clock?: Clock | undefined;
  /** Called once: it died, or the last seat was left. The next seat needs a new thread. */
  readonly onOver: () => void;
}

interface Place {
  readonly waiting: Task[];
  readonly status: SeatStatus;
}

interface ThreadState {
  readonly options: ThreadOptions;
  readonly clock: Clock;
  readonly worker: Worker;
  /** In the order of their turns. */
  readonly places: Set<Place>;
  running: { readonly task: Task; readonly startedAt: number } | undefined;
  isReady: boolean;
  isOver: boolean;
}

type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'speech'; readonly speech: Speech }
  | { readonly type: 'failure'; readonly reason: string };

/** Several times what the slowest text that is let through takes: a thread that takes longer hangs. */
const maxRunMs = 60_000;

/** Starts a thread and gives out its seats. */
export function startThread(options: ThreadOptions): (status: SeatStatus) => Seat {
  // It gets none of the process's secrets, and no loader that the process was started with.
  const worker = new Worker(options.url, { name: 'flite', env: {}, execArgv: [] });
  const state: ThreadState = {
    options,
    clock: options.clock ?? systemClock,
    worker,
    places: new Set(),
    running: undefined,
    isReady: false,
    isOver: false,
  };
  worker.on('message', (message: Message) => receive(state, message));
  worker.on('error', (error) => die(state, fliteError('unavailable', 'its thread crashed.', error)));
  worker.on('exit', () => die(state, fliteError('unavailable', 'its thread ended by itself.')));
  return (status) => takeSeat(state, status);
}

function takeSeat(state: ThreadState, status: SeatStatus): Seat {
  const place: Place = { waiting: [], status };
  state.places.add(place);
  if (state.isReady) status.ready();
  return {
    speak(task) {
      place.waiting.push(task);
      runNext(state);
      return () => {
        const index = place.waiting.indexOf(task);
        if (index >= 0) place.waiting.splice(index, 1);
      };
    },
    leave() {
      state.places.delete(place);
      if (state.places.size === 0) stop(state);
    },
  };
}

function receive(state: ThreadState, message: Message): void {
  if (state.isOver) return;
  const task = state.running?.task;
  state.running = undefined;
  if (message.type === 'speech') {
    task?.onSpeech(message.speech);
  } else if (message.type === 'failure') {
    task?.onFailure(fliteError('unavailable', `a text could not be spoken (${message.reason}).`));
  } else {
    state.isReady = true;
    for (const { status } of state.places) status.ready();
  }
  runNext(state);
}

/** Gives the thread its next clause, from the seat whose turn it is; that seat then goes to the end of the row. */
function runNext(state: ThreadState): void {
  const { running, worker, places, clock } = state;
  if (running && clock.now() - running.startedAt > maxRunMs) {
    die(state, fliteError('stalled', 'its thread hangs.'));
  }
  if (running || !state.isReady || state.isOver) return;
  const place = [...places].find(({ waiting }) => waiting.length > 0);
  const task = place?.waiting.shift();
  // While it speaks somebody waits for it; idle, it must not keep the process alive.
  if (place === undefined || task === undefined) {
    worker.unref();
    return;
  }
  worker.ref();
  places.delete(place);
  places.add(place);
  state.running = { task, startedAt: clock.now() };
  worker.postMessage({ voice: task.voice, text: task.text, words: task.words } satisfies Job);
}

function die(state: ThreadState, error: ProviderError): void {
  const places = [...state.places];
  stop(state);
  for (const { status } of places) status.closed(error);
}

function stop(state: ThreadState): void {
  if (state.isOver) return;
  state.isOver = true;
  state.places.clear();
  state.options.onOver();
  void state.worker.terminate();
}

/** `message` continues "flite: …" and never holds the text that was to be spoken. */
export function fliteError(errorClass: ErrorClass, message: string, cause?: unknown): ProviderError {
  const text = `flite: ${message}`;
  return new ProviderError({ class: errorClass, provider: 'flite', stage: 'tts', message: text, cause });
}
