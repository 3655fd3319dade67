// The agent's seat in a call: carries out what the turn policy decides, one reply at a time.
import { isVoiceError } from '../errors/voice-error.js';
import { stepBelow, type LadderStep } from '../resilience/ladder.js';
import type { CallEndReason } from '../spec/call-event.js';
import type { Stage } from '../spec/error.js';
import type { TurnCommand } from '../turn/turn-state.js';
import { agentAfter, defaultLimits, defaultLines } from './agent.js';
import type { CallAction } from './built-in-tools.js';
import type { Session } from './call-session.js';
import { descend } from './descent.js';
import { returnFromTransfer, transferOfLadder } from './end-call.js';
import { createToolRunner } from './run-tools.js';
import {
  answer,
  begin,
  hush,
  lastWordsLimitMs,
  lineContent,
  say,
  slotsOf,
  speakAlone,
  useVoice,
  type Seat,
  type SeatOptions,
} from './seat.js';

export interface AgentSeat {
  /** Greets, or after a resumption goes on. */
  open(): void;
  say(text: string): void;
  /** Says goodbye to nobody: what is being said is heard to its end, then the call ends. */
  hangup(): void;
  /** A stage of the call failed for good: says so and goes on, or takes what steps of the ladder are left. */
  degrade(stage: Stage): void;
  /** The call may last no longer: says goodbye, then ends it. */
  timeUp(): void;
  /** Nothing more is said; settles when the tools that were at work are over. */
  stop(): void;
  settled(): Promise<void>;
}

export function createAgentSeat(options: SeatOptions): AgentSeat {
  const { session, call } = options;
  const agent = agentAfter(options.agent, call.resume ?? []);
  const seat: Seat = {
    options,
    agent,
    lines: { ...defaultLines, ...agent.lines },
    limits: { ...defaultLimits, ...agent.limits },
    tools: createToolRunner({
      callId: session.options.callId,
      context: call.context ?? {},
      clock: session.options.clock,
      signal: session.controller.signal,
      approve: call.approve,
      hook: session.hook,
      dispatch: session.dispatch,
      slots: () => Object.fromEntries(seat.slots.values),
      resume: call.resume,
    }),
    slots: slotsOf(session, agent, call.resume),
    reply: undefined,
    lastTurn: session.history.reduce(
      (last, entry) => (entry.role === 'agent' ? Math.max(last, entry.turnId) : last),
      0,
    ),
    waitingLines: [],
    action: undefined,
    ending: undefined,
    endingTimer: undefined,
    failures: { replying: 0, hearing: 0 },
    onSpoken: undefined,
    isDescending: false,
    isStopped: false,
    onHeard: (action) => {
      heard(seat, action);
    },
    onFailed: (error) => {
      failed(seat, error);
    },
  };
  useVoice(seat);
  session.onCommand = (command) => {
    carryOut(seat, command);
  };
  return {
    open: () => {
      open(seat);
    },
    say: (text) => {
      say(seat, text, 'say');
    },
    hangup: () => {
      if (seat.isDescending) options.end('agent-hung-up');
      else endAfterReply(seat, 'agent-hung-up', session.options.policy.speakingLimitMs);
    },
    degrade: (stage) => {
      degrade(seat, stage);
    },
    timeUp: () => {
      if (seat.ending !== undefined || seat.isDescending) return;
      seat.waitingLines.length = 0;
      begin(seat, 'apology', 0, lineContent(seat, seat.lines.goodbye));
      endAfterReply(seat, 'limit', lastWordsLimitMs);
    },
    stop: () => {
      seat.isStopped = true;
      session.options.clock.clearTimeout(seat.endingTimer);
      hush(seat);
    },
    settled: () => seat.tools.settled(),
  };
}

function carryOut(seat: Seat, command: TurnCommand): void {
  const { session, ears } = seat.options;
  switch (command.type) {
    case 'reply':
      if (!command.keypad) seat.failures.hearing = 0;
      session.dispatch({
        type: 'user-turn',
        utterance: command.utterance,
        text: command.text,
        keypad: command.keypad,
      });
      answer(seat, command.utterance, command.text, {
        paused: command.paused,
        opening: command.interjects ? seat.lines.interjection : '',
      });
      return;
    case 'pause-speech':
      seat.reply?.pause();
      return;
    case 'resume-speech':
      seat.reply?.resume();
      return;
    case 'stop-reply':
      seat.reply?.stop(command.outcome);
      return;
    case 'flush-ears':
      ears()?.flush();
      return;
    case 'promote-partial':
      promotePartial(seat);
      return;
    case 'prompt': {
      const { silence } = seat.lines;
      say(seat, silence[Math.min(command.count, silence.length) - 1] ?? '', 'silence');
      return;
    }
    case 'apologise':
      degrade(seat, 'call');
      return;
    case 'hang-up':
      say(seat, seat.lines.goodbye, 'say');
      endAfterReply(seat, 'caller-silent', lastWordsLimitMs);
  }
}

function promotePartial(seat: Seat): void {
  const { session, ears } = seat.options;
  ears()?.promote();
  const { partialText, startedAtMs, endedAtMs } = session.turn.caller;
  if (partialText === '') return;
  session.dispatch({
    type: 'transcript-final',
    track: session.options.callerTrack,
    text: partialText,
    startMs: startedAtMs,
    endMs: endedAtMs,
    words: [],
    promoted: true,
  });
}

function heard(seat: Seat, action: CallAction | undefined): void {
  if (seat.onSpoken !== undefined) return seat.onSpoken(true);
  if (seat.reply?.trigger === 'utterance') seat.failures.replying = 0;
  seat.reply = undefined;
  seat.action = action ?? seat.action;
  const line = seat.waitingLines.shift();
  if (line !== undefined) begin(seat, 'say', 0, lineContent(seat, line));
  else if (seat.ending !== undefined) seat.options.end(seat.ending);
  else if (seat.action !== undefined) act(seat, seat.action);
}

function act(seat: Seat, action: CallAction): void {
  const { session } = seat.options;
  seat.action = undefined;
  switch (action.type) {
    case 'end-call':
      seat.options.end('agent-hung-up');
      return;
    case 'transfer': {
      const target = seat.agent.transfers?.[action.name];
      if (target === undefined) return;
      // The caller comes back or hears why (fault C-13).
      seat.options.transfer(target.to).catch(() => {
        answer(seat, 0, lastQuestion(session));
      });
      return;
    }
    case 'hand-over': {
      const next = seat.agent.handoffs?.find(({ name }) => name === action.name);
      if (next === undefined) return;
      session.dispatch({ type: 'handoff', from: seat.agent.name, to: next.name });
      seat.agent = next;
      seat.lines = { ...defaultLines, ...next.lines };
      seat.limits = { ...defaultLimits, ...next.limits };
      seat.slots = slotsOf(session, next);
      useVoice(seat);
      if (next.greeting === undefined) answer(seat, 0, lastQuestion(session));
      else say(seat, next.greeting, 'greeting');
    }
  }
}

/** What a reply that answers no utterance of its own is about. */
function lastQuestion({ history }: Session): string {
  return history.findLast((entry) => entry.role === 'user')?.text ?? '';
}

function failed(seat: Seat, error: unknown): void {
  seat.reply = undefined;
  const known = isVoiceError(error) ? error : undefined;
  const stage = known?.stage ?? 'call';
  seat.options.session.dispatch({
    type: 'error',
    stage,
    code: known?.code ?? 'call.unexpected',
    message: known?.message ?? `A reply failed: ${error instanceof Error ? error.name : 'unknown error'}.`,
  });
  if (seat.onSpoken !== undefined) seat.onSpoken(false);
  else if (seat.ending !== undefined) seat.options.end(seat.ending);
  else degrade(seat, stage);
}

/** Says so and hopes for the next turn, as long as that is worth trying; then the ladder. */
function degrade(seat: Seat, stage: Stage): void {
  if (seat.ending !== undefined || seat.isDescending || seat.isStopped) return;
  const { failures, lines, options } = seat;
  const failed = stage === 'stt' ? 'hearing' : 'replying';
  failures[failed] += 1;
  if (failures[failed] > (options.call.ladder?.retries ?? defaultRetries)) return goDown(seat, stage, 'menu');
  options.session.dispatch({ type: 'degraded', stage, step: 'line' });
  say(seat, stage === 'stt' ? lines.hearing : lines.trouble, 'apology');
}

const defaultRetries = 1;

function goDown(seat: Seat, stage: Stage, from: LadderStep): void {
  const { session, call, keypad, transfer, end } = seat.options;
  const { clock } = session.options;
  seat.isDescending = true;
  seat.waitingLines.length = 0;
  session.stopTurns();
  void descend(
    {
      stage,
      ladder: call.ladder ?? {},
      lines: seat.lines,
      canTransfer: call.control?.transfer !== undefined,
      hasKeys: call.media.capabilities.dtmfIn,
      clock,
      dispatch: session.dispatch,
      speak: (text) => speakAlone(seat, text, clock),
      hush: () => {
        hush(seat);
      },
      choose: keypad.choose,
      transfer,
      isOver: () => seat.isStopped,
      end: (unsaid) => {
        end('providers-failed', unsaid);
      },
    },
    from,
  );
}

/** Nobody takes turns any more: what is being said is heard out, if it comes to its end in time. */
function endAfterReply(seat: Seat, reason: CallEndReason, limitMs: number): void {
  const { session, end } = seat.options;
  if (seat.ending !== undefined || seat.isStopped) return;
  seat.ending = reason;
  session.stopTurns();
  // What was taken back for the caller's sake is not said any more.
  if (seat.reply?.isPaused() === true) seat.reply.stop('interrupted');
  if (session.ledger === undefined) return end(reason);
  seat.endingTimer = session.options.clock.setTimeout(() => {
    end(reason);
  }, limitMs);
}

function open(seat: Seat): void {
  // Taken up again with nothing left to spend: the goodbye is on its way.
  if (seat.ending !== undefined) return;
  const { call, session } = seat.options;
  if (call.resume === undefined) {
    if (seat.agent.greeting !== undefined) say(seat, seat.agent.greeting, 'greeting');
    return;
  }
  const isReturn = returnFromTransfer(session, call.resume);
  const left = transferOfLadder(call.resume);
  const below = left === undefined ? undefined : stepBelow(left.step);
  if (left !== undefined && below !== undefined) return goDown(seat, left.stage, below);
  // What the caller said last is answered as any other turn.
  if (session.turn.caller.finalText !== '') return;
  if (isReturn) answer(seat, 0, lastQuestion(session));
  else say(seat, seat.lines.resumed, 'resume');
}
