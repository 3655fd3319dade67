// A simulated caller behind a carrier's own messages: what a dialect makes of it, over any transport.
import { systemClock, type Clock } from '@voicewire/core/adapter';
import type {
  CarrierCall,
  CarrierCommand,
  CarrierConversation,
  CarrierDialect,
  CarrierEvent,
  WireMessage,
} from '../fakes/dialects.js';
import { openCallerLine, type CallerLine, type LinePort } from './caller-line.js';
import type { CallerScript } from './caller.js';
import { heardPlayed, heardWords, toText, type HeardCall } from './heard-call.js';
import { createPlayOut, type PlayOut } from './play-out.js';
import { startPlayReports } from './play-reports.js';
import { typedTurn } from './typed-text.js';

export interface CarrierEndOptions {
  readonly script: CallerScript;
  /** Default: the system's, that is real time. */
  readonly clock?: Clock | undefined;
  readonly call?: Partial<CarrierCall> | undefined;
  readonly maxBufferMs?: number | undefined;
  readonly maxCallMs?: number | undefined;
}

/** What the transport of a carrier end does. */
export interface CarrierTransport {
  send(message: WireMessage): void;
  /** The call is over: the carrier closes. `isLost`: without a word. */
  close(isLost: boolean): void;
}

/** The carrier's side of one call. */
export interface CarrierEnd extends HeardCall {
  readonly call: CarrierCall;
  /** Settles when the call is over; rejects with what the script threw. */
  readonly done: Promise<void>;
  /** Everything the server asked for but audio, in order. */
  readonly commands: readonly CarrierCommand[];
  /** Says something outside the script: another start, a forged event. */
  say(event: CarrierEvent): void;
  /** Says it raw. */
  send(message: WireMessage): void;
  /** From the transport: the server said something. */
  receive(message: WireMessage): void;
  /** From the transport: the server closed. */
  closed(): void;
}

interface State {
  readonly dialect: CarrierDialect;
  readonly transport: CarrierTransport;
  readonly conversation: CarrierConversation;
  readonly commands: CarrierCommand[];
  readonly playOut: PlayOut;
  line: CallerLine | undefined;
}

/** What is not said about a call. */
const anyCall: CarrierCall = { callId: 'call-1', streamId: 'stream-1', parameters: {}, tracks: ['caller'] };

/** Begins the call: the start messages go out at once, frames follow. */
export function openCarrierEnd(
  dialect: CarrierDialect,
  transport: CarrierTransport,
  options: CarrierEndOptions,
): CarrierEnd {
  const { clock = systemClock } = options;
  const call: CarrierCall = { ...anyCall, ...options.call };
  const conversation = dialect.connect(call);
  const openedMs = clock.now();
  const playOut = createPlayOut({
    format: dialect.outbound,
    clock,
    marks: dialect.marks ?? 'played',
    clearReturnsMarks: dialect.clearReturnsMarks,
    maxBufferMs: options.maxBufferMs ?? (dialect.pacing === 'ours' ? 500 : undefined),
    onMark: (name) => say(state, { type: 'mark', name }),
  });
  const state: State = { dialect, transport, conversation, commands: [], playOut, line: undefined };
  say(state, { type: 'start' });
  const line = openLine(state, call, clock, options);
  state.line = line;

  const opened = { playOut, openedMs };
  return {
    call,
    done: line.done,
    commands: state.commands,
    say: (event) => say(state, event),
    send: (message) => transport.send(message),
    receive(message) {
      for (const command of conversation.read(message)) obey(state, command);
    },
    closed: () => line.close(),
    played: () => heardPlayed(() => opened),
    heardWords: () => heardWords(() => opened, dialect.outbound),
    heardText: () => toText(heardWords(() => opened, dialect.outbound)),
    get clearedBytes() {
      return playOut.clearedBytes;
    },
    get overflowBytes() {
      return playOut.overflowBytes;
    },
  };
}

function say({ conversation, transport }: State, event: CarrierEvent): void {
  for (const message of conversation.write(event)) transport.send(message);
}

function openLine(
  state: State,
  { tracks }: CarrierCall,
  clock: Clock,
  options: CarrierEndOptions,
): CallerLine {
  const { dialect, transport, playOut } = state;
  const { inbound, frameMs, reportPlayedEveryMs: everyMs } = dialect;
  const port: LinePort = {
    audio: (track, audio, atMs, sequence) => say(state, { type: 'audio', track, audio, atMs, sequence }),
    dtmf: (digit, track) => say(state, { type: 'dtmf', digit, track }),
    typed(text, track, atMs) {
      for (const event of typedTurn(text, atMs)) say(state, { type: 'transcript', track, event });
    },
    hangup() {
      say(state, { type: 'stop' });
      transport.close(false);
    },
    lose: () => transport.close(true),
  };
  const { script, maxCallMs } = options;
  const line = openCallerLine({ clock, inbound, frameMs, tracks, script, maxCallMs, playOut, port });
  const onPlayed = (playedMs: number): void => say(state, { type: 'played', playedMs });
  startPlayReports({ playOut, clock, everyMs, isOpen: () => line.isOpen, onPlayed });
  return line;
}

function obey({ line, playOut, commands }: State, command: CarrierCommand): void {
  if (line !== undefined && !line.isOpen) return;
  if (command.type !== 'audio') commands.push(command);
  if (command.type === 'audio') playOut.send(command.audio);
  if (command.type === 'mark') playOut.mark(command.name);
  if (command.type === 'clear') playOut.clear();
}
