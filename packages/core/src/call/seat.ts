// What an agent's seat consists of, and how its replies begin: a fixed line, a rendered one, or a thought.
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { CallEndReason, CallEvent, ReplyTrigger } from '../spec/call-event.js';
import type { Agent, AgentLimits, AgentLines } from './agent.js';
import { startReply, type AgentReply, type ReplyContent, type ThinkingReply } from './agent-reply.js';
import type { CallAction } from './built-in-tools.js';
import type { RunCallOptions } from './call.js';
import type { Session } from './call-session.js';
import { toMessages } from './history.js';
import type { KeypadInput } from './keypad-input.js';
import type { Ears } from './listen.js';
import type { Player } from './player.js';
import type { ToolResult, ToolRunner } from './run-tools.js';
import { createSlotStore, type SlotStore } from './slots.js';
import type { Voice } from './speak.js';
import { think } from './think.js';

export interface SeatOptions {
  readonly call: RunCallOptions;
  readonly agent: Agent;
  readonly llm: LlmAdapter;
  readonly tts: TtsAdapter;
  readonly session: Session;
  readonly voice: Voice;
  readonly player: Player;
  readonly ears: () => Ears | undefined;
  readonly keypad: KeypadInput;
  /** `unsaid`: last words that no voice could say. */
  readonly end: (reason: CallEndReason, unsaid?: string) => void;
  readonly transfer: (to: string) => Promise<void>;
}

export interface Seat {
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
  /** Failures of the mind or the voice, and of the ears, since they last worked. */
  readonly failures: { replying: number; hearing: number };
  /** Who waits for a phrase on the way down the ladder, and is told whether it was heard. */
  onSpoken: ((wasHeard: boolean) => void) | undefined;
  isDescending: boolean;
  isStopped: boolean;
  readonly onHeard: (action: CallAction | undefined) => void;
  readonly onFailed: (error: unknown) => void;
}

/** How long last words may take before the call goes on without them. */
export const lastWordsLimitMs = 30_000;

export function slotsOf(session: Session, agent: Agent, log: readonly CallEvent[] = []): SlotStore {
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

export function useVoice({ options, agent, limits }: Seat): void {
  options.voice.use({
    voice: agent.voice,
    language: languageOf(options.call, agent),
    maxSpokenMs: limits.spokenSeconds * 1_000,
  });
}

function languageOf(call: RunCallOptions, agent: Agent): string | undefined {
  return call.language ?? agent.language;
}

export function begin(
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
  const { onHeard, onFailed } = seat;
  seat.reply = startReply(
    { turnId: seat.lastTurn, trigger, utterance, content, paused, onHeard, onFailed },
    { voice, player, ledger: () => session.ledger, dispatch: session.dispatch },
  );
}

export interface AnswerOptions {
  readonly paused?: boolean;
  /** A line to begin with. */
  readonly opening?: string;
}

/** Thinks about it and says what comes of that. `utterance`: 0 where nothing the caller said is answered. */
export function answer(
  seat: Seat,
  utterance: number,
  question: string,
  { paused = false, opening = '' }: AnswerOptions = {},
): void {
  const content: ReplyContent = {
    kind: 'thought',
    think: (reply) => {
      if (opening !== '') sayLine(seat, reply, opening);
      return thinkFor(seat, utterance, question, reply);
    },
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
    hook: session.hook,
    released: reply.released,
    canTransfer: call.control?.transfer !== undefined,
    fillSlot: (name, value) => fillSlot(seat, name, value, reply.signal),
    onText: (text) => {
      reply.voice.say(text);
    },
    onLine: (text) => {
      sayLine(seat, reply, text);
    },
    onPause: () => {
      reply.voice.pause();
    },
    textLength: () => reply.voice.textLength(),
  });
}

/** A fixed line within a thought. */
function sayLine(seat: Seat, { voice }: ThinkingReply, text: string): void {
  const audio = renderedLine(seat, text);
  if (audio !== undefined && voice.sayRendered(`${text} `, audio)) return;
  voice.say(`${text} `);
  voice.pause();
}

async function fillSlot(seat: Seat, name: string, value: unknown, signal: AbortSignal): Promise<ToolResult> {
  const { keypad } =
    (Object.hasOwn(seat.agent.slots ?? {}, name) ? seat.agent.slots?.[name] : undefined) ?? {};
  const typed = keypad === undefined ? value : await seat.options.keypad.collect(keypad.digits, signal);
  if (keypad !== undefined && typed === '') return { ok: false, text: 'The caller typed nothing.' };
  const { ok, message } = await seat.slots.fill(name, typed);
  return { ok, text: message };
}

/** A line after what is being said. */
export function say(seat: Seat, text: string, trigger: ReplyTrigger): void {
  if (text === '') return;
  if (seat.reply !== undefined && seat.options.session.ledger !== undefined) seat.waitingLines.push(text);
  else begin(seat, trigger, 0, lineContent(seat, text));
}

/** A line that was rendered before needs no voice now. */
export function lineContent(seat: Seat, text: string): ReplyContent {
  const audio = renderedLine(seat, text);
  return audio === undefined ? { kind: 'line', text } : { kind: 'rendered', text, audio };
}

function renderedLine({ options, agent }: Seat, text: string): Uint8Array | undefined {
  const { call, tts } = options;
  const { voice } = agent;
  const manner = { format: call.media.start.outbound, voice, language: languageOf(call, agent) };
  return call.phrases?.get(tts, manner, text);
}

/** In the place of all else: resolves with whether the caller heard it, in time. */
export function speakAlone(seat: Seat, text: string, clock: Clock): Promise<boolean> {
  if (seat.isStopped) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => {
      hush(seat);
    }, lastWordsLimitMs);
    seat.onSpoken = (wasHeard) => {
      seat.onSpoken = undefined;
      clock.clearTimeout(timer);
      resolve(wasHeard);
    };
    begin(seat, 'apology', 0, lineContent(seat, text));
  });
}

export function hush(seat: Seat): void {
  seat.reply?.stop('interrupted');
  seat.onSpoken?.(false);
}
