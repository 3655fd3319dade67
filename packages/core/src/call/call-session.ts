// The heart of a call: every event goes through `dispatch`, which stamps, masks, records, reduces and decides.
import { setMaxListeners } from 'node:events';
import { EventEmitter } from 'eventemitter3';
import type { Clock, TimerHandle } from '../spec/clock.js';
import { reduceTurn } from '../turn/reduce-turn.js';
import { asksSomething } from '../turn/spoken-words.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import {
  initialTurnState,
  nextDeadline,
  type Deadline,
  type TurnCommand,
  type TurnState,
} from '../turn/turn-state.js';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import { createHookWatch, type HookWatch } from './hook-watch.js';
import type { CallLog } from './call-log.js';
import { createCallLog } from './call-log.js';
import { reduceHistory, type History } from './history.js';
import { initialLatency, latencyAt, reduceLatency, type LatencyState } from './latency.js';
import { createMaskGate, type MaskGate } from './mask-gate.js';
import type { Spend } from './spend.js';
import { nearlyHeardText, reduceLedger, type PlaybackLedger } from './playback-ledger.js';

export interface SessionOptions {
  readonly callId: string;
  readonly clock: Clock;
  readonly policy: TurnPolicy;
  readonly callerTrack: string;
  /** False in assist: nobody takes turns with a machine. */
  readonly takesTurns: boolean;
  readonly resume?: readonly CallEvent[] | undefined;
  /** One more reduction of the log: what the call costs. */
  readonly spend?: Spend | undefined;
}

export interface Session {
  readonly options: SessionOptions;
  readonly log: CallLog;
  readonly gate: MaskGate;
  readonly emitter: EventEmitter;
  readonly controller: AbortController;
  /** Reductions of the log. */
  history: History;
  ledger: PlaybackLedger;
  turn: TurnState;
  latency: LatencyState;
  /** Code of the application runs in here. */
  readonly hook: HookWatch;
  /** What the turn policy wants done; set by the agent's seat. */
  onCommand: (command: TurnCommand) => void;
  /** Milliseconds since the call began, resumptions included. */
  now(): number;
  dispatch(body: CallEventBody): void;
  /** No more decisions: the call is ending. */
  stopTurns(): void;
  /** The call is over: nothing happens in it any more. */
  close(): void;
}

/** A deadline that changes nothing must not spin. */
const repeatedDeadlineMs = 250;

interface Internals {
  timer: TimerHandle | undefined;
  armed: Deadline | undefined;
  passed: Deadline | undefined;
  readonly commands: TurnCommand[];
  isExecuting: boolean;
  isStopped: boolean;
  isClosed: boolean;
  /** Events whose listeners threw: told once each. */
  readonly failedListeners: Set<string>;
}

export function createSession(options: SessionOptions): Session {
  const { clock, resume = [] } = options;
  const startedAt = clock.now() - (resume.at(-1)?.atMs ?? 0);
  const internals: Internals = {
    timer: undefined,
    armed: undefined,
    passed: undefined,
    commands: [],
    isExecuting: false,
    isStopped: !options.takesTurns,
    isClosed: false,
    failedListeners: new Set(),
  };
  const session: Session = {
    options,
    log: createCallLog(resume),
    gate: createMaskGate((masked, reason) => {
      session.dispatch({ type: 'masking-changed', masked, reason });
    }),
    emitter: new EventEmitter(),
    controller: createController(),
    hook: createHookWatch(clock, (name, ms) => {
      session.dispatch({
        type: 'error',
        stage: 'call',
        code: 'call.hook_held_loop',
        message: `${name} held the event loop for ${ms} ms, and every call of this process with it. Told once.`,
      });
    }),
    history: [],
    ledger: undefined,
    turn: initialTurnState,
    latency: initialLatency,
    onCommand: () => undefined,
    now: () => clock.now() - startedAt,
    dispatch: (body) => {
      dispatch(session, internals, body);
    },
    stopTurns: () => {
      internals.isStopped = true;
      internals.commands.length = 0;
      clock.clearTimeout(internals.timer);
    },
    close: () => {
      internals.isClosed = true;
      session.log.close();
    },
  };
  for (const event of resume) reduce(session, event);
  return session;
}

/**
 * Everything in a call listens to its signal: tracks, the members of its chains, tools. They are as many as it has of those, and
 * Node's warning at ten is no news; whoever does not go is found by the tests that count.
 */
function createController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

function reduce(session: Session, event: CallEvent): readonly TurnCommand[] {
  const { policy, callerTrack: track } = session.options;
  session.history = reduceHistory(session.history, event);
  session.ledger = reduceLedger(session.ledger, event);
  session.latency = reduceLatency(session.latency, event);
  session.options.spend?.add(event);
  const isAsking = (): boolean =>
    session.ledger !== undefined && asksSomething(nearlyHeardText(session.ledger));
  const step = reduceTurn(session.turn, event, { policy, track, isAsking });
  session.turn = step.state;
  return step.commands;
}

function dispatch(session: Session, internals: Internals, body: CallEventBody): void {
  if (internals.isClosed) return;
  const event = session.log.append(session.gate.event(body), session.now());
  const wasThinking = session.turn.phase.name === 'thinking';
  const commands = reduce(session, event);
  tell(session, internals, event);
  if (internals.isStopped) return;
  const latency =
    wasThinking && session.turn.phase.name === 'speaking' ? latencyAt(session.latency, event) : undefined;
  if (latency !== undefined && event.type === 'agent-audio') {
    session.dispatch({ type: 'turn-latency', turnId: event.turnId, ...latency });
  }
  internals.commands.push(...commands);
  execute(session, internals);
  armDeadline(session, internals);
}

/** In order, one at a time: what a command causes waits for the commands before it. */
function execute(session: Session, internals: Internals): void {
  if (internals.isExecuting) return;
  internals.isExecuting = true;
  try {
    for (
      let command = internals.commands.shift();
      command !== undefined;
      command = internals.commands.shift()
    ) {
      session.onCommand(command);
    }
  } finally {
    internals.isExecuting = false;
  }
}

function armDeadline(session: Session, internals: Internals): void {
  const { clock, policy } = session.options;
  const next = internals.isStopped ? undefined : nextDeadline(session.turn, policy);
  const { armed } = internals;
  if (next !== undefined && armed !== undefined && armed.name === next.name && armed.atMs === next.atMs)
    return;
  clock.clearTimeout(internals.timer);
  internals.armed = next;
  if (next === undefined) return;
  const isRepeated = internals.passed?.name === next.name && internals.passed.atMs === next.atMs;
  const delayMs = Math.max(isRepeated ? repeatedDeadlineMs : 0, next.atMs - session.now());
  internals.timer = clock.setTimeout(() => {
    internals.armed = undefined;
    // System timers may fire a fraction of a millisecond early; the policy counts exactly.
    if (session.now() < next.atMs) return armDeadline(session, internals);
    internals.passed = next;
    session.dispatch({ type: 'deadline-passed', name: next.name });
  }, delayMs);
}

/** One listener's exception is its own: neither the call nor the next listener sees it. */
function tell(session: Session, { failedListeners }: Internals, event: CallEvent): void {
  const { emitter } = session;
  if (emitter.listenerCount(event.type) === 0) return;
  for (const listener of emitter.listeners(event.type)) {
    try {
      session.hook(`The listener of "${event.type}"`, () => {
        listener(event);
      });
    } catch (error) {
      if (failedListeners.has(event.type)) continue;
      failedListeners.add(event.type);
      const what = error instanceof Error ? error.name : 'something';
      session.dispatch({
        type: 'error',
        stage: 'call',
        code: 'call.unexpected',
        message: `A listener of "${event.type}" threw ${what}. Told once for each type of event.`,
      });
    }
  }
}
