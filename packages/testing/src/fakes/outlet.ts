// Where everything a fake says goes out, in order, and where it goes wrong on demand.
import { realClock } from '../real-clock.js';
import type { FakeChannel } from './channel.js';
import type { DialectBasics, FakeClose, WireMessage } from './dialects.js';
import type { Misbehaviour } from './misbehaviour.js';
import { strike } from './strike.js';

/** `greeting`: before anything was asked. `result`: counted by `afterEvents`. `final`: what proves that nothing is missing. */
export type MessageRole = 'greeting' | 'result' | 'final';

export interface Outlet {
  readonly sentCount: number;
  /** What this session was opened with. */
  readonly misbehaviours: readonly Misbehaviour[];
  /** Misbehaviours that wait for results may strike from now on. */
  arm(): void;
  send(messages: readonly WireMessage[], role: MessageRole): void;
  /** Runs `action` when everything before it was sent. */
  then(action: () => Promise<void> | void): void;
  end(code: number, reason?: string): void;
  /** Strikes at once, or after further results. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Nothing goes out any more. */
  silence(): void;
}

/** Ends a session the way a provider does it: a last message, then the close. */
export function closeOutlet(outlet: Outlet, close: FakeClose): void {
  outlet.send(close.message === undefined ? [] : [close.message], 'greeting');
  outlet.end(close.code, close.reason);
}

interface Pending {
  readonly misbehaviour: Misbehaviour;
  /** Struck when this many results were sent. */
  readonly atCount: number;
}

interface State {
  readonly channel: FakeChannel;
  readonly dialect: DialectBasics;
  readonly queue: (() => Promise<void> | void)[];
  onSent(): void;
  pending: readonly Pending[];
  slowMs: number;
  endsEarly: boolean;
  /** Results beyond so many are left out. */
  maxResults: number;
  resultCount: number;
  sentCount: number;
  isPumping: boolean;
  isSilent: boolean;
}

/** What a connection suffers before its greeting; the rest waits for results. */
const atOnce: ReadonlySet<Misbehaviour['type']> = new Set(['mute', 'close-on-open', 'stop-reading']);

/** `misbehaviours` strike once the greeting is out: call `arm` when it was sent. `onSent` is told of each message. */
export function createOutlet(
  channel: FakeChannel,
  dialect: DialectBasics,
  misbehaviours: readonly Misbehaviour[],
  onSent: () => void = () => {},
): Outlet {
  const state: State = {
    channel,
    dialect,
    queue: [],
    onSent,
    pending: [],
    slowMs: 0,
    endsEarly: false,
    maxResults: Infinity,
    resultCount: 0,
    sentCount: 0,
    isPumping: false,
    isSilent: false,
  };
  for (const misbehaviour of misbehaviours) prepare(state, misbehaviour);
  strikeWhere(state, ({ misbehaviour }) => atOnce.has(misbehaviour.type));

  return {
    get sentCount() {
      return state.sentCount;
    },
    misbehaviours,
    arm: () => then(state, () => strikeDue(state)),
    send(messages, role) {
      const isEarlyEnd = role === 'final' && state.endsEarly;
      if (isEarlyEnd) then(state, () => end(state, 1000));
      else if (messages.length > 0) then(state, () => deliver(state, messages, role));
    },
    then: (action) => then(state, action),
    end: (code, reason) => then(state, () => end(state, code, reason)),
    misbehave(misbehaviour) {
      prepare(state, misbehaviour);
      strikeDue(state);
    },
    silence: () => void (state.isSilent = true),
  };
}

function prepare(state: State, misbehaviour: Misbehaviour): void {
  if (misbehaviour.type === 'slow') state.slowMs = misbehaviour.delayMs;
  if (misbehaviour.type === 'early-end') state.endsEarly = true;
  const afterEvents = 'afterEvents' in misbehaviour ? (misbehaviour.afterEvents ?? 0) : 0;
  const atCount = state.resultCount + afterEvents;
  if (misbehaviour.type === 'cut-short') state.maxResults = atCount;
  state.pending = [...state.pending, { misbehaviour, atCount }];
}

function strikeWhere(state: State, isDue: (candidate: Pending) => boolean): void {
  const due = state.pending.filter(isDue);
  state.pending = state.pending.filter((candidate) => !isDue(candidate));
  for (const { misbehaviour } of due) {
    if (!state.isSilent && strike(misbehaviour, state.channel, state.dialect)) state.isSilent = true;
  }
}

function strikeDue(state: State): void {
  strikeWhere(state, ({ atCount }) => atCount <= state.resultCount);
}

async function pump(state: State): Promise<void> {
  const { queue } = state;
  state.isPumping = true;
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) await step();
  state.isPumping = false;
}

function then(state: State, action: () => Promise<void> | void): void {
  state.queue.push(action);
  if (!state.isPumping) void pump(state);
}

async function deliver(state: State, messages: readonly WireMessage[], role: MessageRole): Promise<void> {
  if (role !== 'greeting') strikeDue(state);
  if (role === 'result' && state.resultCount >= state.maxResults) return;
  for (const message of messages) {
    if (state.slowMs > 0) await delay(state.slowMs);
    if (state.isSilent) return;
    state.sentCount += 1;
    await state.channel.send(message);
    state.onSent();
  }
  if (role === 'greeting') return;
  state.resultCount += 1;
  strikeDue(state);
}

function end(state: State, code: number, reason?: string): void {
  if (!state.isSilent) state.channel.end(code, reason);
  state.isSilent = true;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    realClock.setTimeout(resolve, ms);
  });
}
