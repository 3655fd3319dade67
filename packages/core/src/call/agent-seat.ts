// The agent's seat in a call: carries out what the turn policy decides, one reply at a time.
import { isVoiceError } from '../errors/voice-error.js';
import type { TimerHandle } from '../spec/clock.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { TurnCommand } from '../turn/turn-state.js';
import {
  agentAfter,
  defaultLimits,
  defaultLines,
  type Agent,
  type AgentLimits,
  type AgentLines,
} from './agent.js';
import { startReply, type AgentReply, type ReplyContent, type ThinkingReply } from './agent-reply.js';
import type { CallAction } from './built-in-tools.js';
import type { CallEndReason, CallEvent, ReplyTrigger } from '../spec/call-event.js';
import type { RunCallOptions } from './call.js';
import type { Session } from './call-session.js';
import { returnFromTransfer } from './end-call.js';
import { toMessages } from './history.js';
import type { Ears } from './listen.js';
import type { Player } from './player.js';
import { createToolRunner, type ToolResult, type ToolRunner } from './run-tools.js';
import { createSlotStore, type SlotStore } from './slots.js';
import type { Voice } from './speak.js';
import { think } from './think.js';
import type { KeypadInput } from './keypad-input.js';

export interface SeatOptions {
  readonly call: RunCallOptions;
  readonly agent: Agent;
  readonly llm: LlmAdapter;
  readonly session: Session;
  readonly voice: Voice;
  readonly player: Player;
  readonly ears: () => Ears | undefined;
  readonly keypad: KeypadInput;
  readonly end: (reason: CallEndReason) => void;
  readonly transfer: (to: string) => Promise<void>;
}

export interface AgentSeat {
  /** Greets, or after a resumption goes on. */
  open(): void;
  say(text: string): void;
  /** Says goodbye to nobody: what is being said is heard to its end, then the call ends. */
  hangup(): void;
  /** A stage of the call failed for good: says so in words, then ends the call. */
  apologise(reason: CallEndReason): void;
  /** Nothing more is said; settles when the tools that were at work are over. */
  stop(): void;
  settled(): Promise<void>;
}

/** How long last words may take before the call ends without them. */
const lastWordsLimitMs = 30_000;

interface Seat {
  readonly options: SeatOptions;
  agent: Agent;
  lines: AgentLines;
  limits: AgentLimits;
  readonly tools: ToolRunner;
  slots: SlotStore;
  reply: AgentReply | undefined;
  lastTurn: number;
  readonly waitingLines: string[];
  /** What the last reply asked for, kept while lines are said that waited for it to end. */
  action: CallAction | undefined;
  /** The call ends when what is being said was heard, at the latest when the timer fires. */
  ending: CallEndReason | undefined;
  endingTimer: TimerHandle | undefined;
  isStopped: boolean;
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
    isStopped: false,
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
      endAfterReply(seat, 'agent-hung-up', session.options.policy.speakingLimitMs);
    },
    apologise: (reason) => {
      apologise(seat, reason);
    },
    stop: () => {
      seat.isStopped = true;
      session.options.clock.clearTimeout(seat.endingTimer);
      seat.reply?.stop('interrupted');
    },
    settled: () => seat.tools.settled(),
  };
}

function slotsOf(session: Session, agent: Agent, log: readonly CallEvent[] = []): SlotStore {
  const earlier = log.flatMap((event): [string, unknown][] =>
    event.type === 'slot-filled' && !event.masked && Object.hasOwn(agent.slots ?? {}, event.name)
      ? [[event.name, event.value]]
      : [],
  );
  const onFilled = (name: string, value: unknown, masked: boolean): void => {
    session.dispatch({ type: 'slot-filled', name, value, masked });
  };
  return createSlotStore(agent.slots ?? {}, onFilled, earlier);
}

function useVoice({ options, agent, limits }: Seat): void {
  options.voice.use({
    voice: agent.voice,
    language: options.call.language ?? agent.language,
    maxSpokenMs: limits.spokenSeconds * 1_000,
  });
}

function carryOut(seat: Seat, command: TurnCommand): void {
  const { session, ears } = seat.options;
  switch (command.type) {
    case 'reply':
      session.dispatch({
        type: 'user-turn',
        utterance: command.utterance,
        text: command.text,
        keypad: command.keypad,
      });
      answer(seat, command.utterance, command.text, command.paused);
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
      apologise(seat, 'providers-failed');
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

function begin(
  seat: Seat,
  trigger: ReplyTrigger,
  utterance: number,
  content: ReplyContent,
  paused = false,
): void {
  const { session, voice, player } = seat.options;
  if (seat.isStopped) return;
  seat.reply?.stop('interrupted');
  seat.lastTurn += 1;
  const reply = startReply(
    {
      turnId: seat.lastTurn,
      trigger,
      utterance,
      content,
      paused,
      onHeard: (action) => {
        heard(seat, action);
      },
      onFailed: (error) => {
        failed(seat, error);
      },
    },
    { voice, player, ledger: () => session.ledger, dispatch: session.dispatch },
  );
  seat.reply = reply;
}

function answer(seat: Seat, utterance: number, question: string, paused: boolean): void {
  const content: ReplyContent = {
    kind: 'thought',
    think: (reply) => thinkFor(seat, utterance, question, reply),
  };
  begin(seat, 'utterance', utterance, content, paused);
}

function thinkFor(
  seat: Seat,
  utterance: number,
  question: string,
  reply: ThinkingReply,
): Promise<CallAction | undefined> {
  const { session, llm, call } = seat.options;
  return think({
    llm,
    agent: seat.agent,
    lines: seat.lines,
    limits: seat.limits,
    context: call.context ?? {},
    history: toMessages(session.history, seat.lastTurn),
    question,
    turnId: seat.lastTurn,
    utterance,
    tools: seat.tools,
    clock: session.options.clock,
    signal: reply.signal,
    dispatch: session.dispatch,
    released: reply.released,
    canTransfer: call.control?.transfer !== undefined,
    fillSlot: (name, value) => fillSlot(seat, name, value, reply.signal),
    onText: (text) => {
      reply.voice.say(text);
    },
    onPause: () => {
      reply.voice.pause();
    },
    textLength: () => reply.voice.textLength(),
  });
}

async function fillSlot(seat: Seat, name: string, value: unknown, signal: AbortSignal): Promise<ToolResult> {
  const { keypad } =
    (Object.hasOwn(seat.agent.slots ?? {}, name) ? seat.agent.slots?.[name] : undefined) ?? {};
  const typed = keypad === undefined ? value : await seat.options.keypad.collect(keypad.digits, signal);
  if (keypad !== undefined && typed === '') return { ok: false, text: 'The caller typed nothing.' };
  const { ok, message } = await seat.slots.fill(name, typed);
  return { ok, text: message };
}

function say(seat: Seat, text: string, trigger: ReplyTrigger): void {
  if (text === '') return;
  if (seat.reply !== undefined && seat.options.session.ledger !== undefined) seat.waitingLines.push(text);
  else begin(seat, trigger, 0, lineContent(seat, text));
}

/** A line that was rendered before needs no voice now. */
function lineContent(seat: Seat, text: string): ReplyContent {
  const { call } = seat.options;
  const { voice, language } = seat.agent;
  const audio = call.lines?.get({ text, format: call.media.start.outbound, voice, language });
  return audio === undefined ? { kind: 'line', text } : { kind: 'rendered', text, audio };
}

function heard(seat: Seat, action: CallAction | undefined): void {
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
        answer(seat, 0, lastQuestion(session), false);
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
      if (next.greeting === undefined) answer(seat, 0, lastQuestion(session), false);
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
  seat.options.session.dispatch({
    type: 'error',
    stage: known?.stage ?? 'call',
    code: known?.code ?? 'call.unexpected',
    message: known?.message ?? `A reply failed: ${error instanceof Error ? error.name : 'unknown error'}.`,
  });
  if (seat.ending === undefined) apologise(seat, 'providers-failed');
  else seat.options.end(seat.ending);
}

function apologise(seat: Seat, reason: CallEndReason): void {
  if (seat.ending !== undefined) return;
  const text = reason === 'limit' ? seat.lines.goodbye : seat.lines.apology;
  seat.waitingLines.length = 0;
  begin(seat, 'apology', 0, lineContent(seat, text));
  endAfterReply(seat, reason, lastWordsLimitMs);
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
  const { call, session } = seat.options;
  if (call.resume === undefined) {
    if (seat.agent.greeting !== undefined) say(seat, seat.agent.greeting, 'greeting');
    return;
  }
  const isReturn = returnFromTransfer(session, call.resume);
  // What the caller said last is answered as any other turn.
  if (session.turn.caller.finalText !== '') return;
  if (isReturn) answer(seat, 0, lastQuestion(session), false);
  else say(seat, seat.lines.resumed, 'resume');
}
