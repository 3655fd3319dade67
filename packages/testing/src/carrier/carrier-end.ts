// A simulated caller behind a carrier's own messages: what a dialect makes of it, over any transport.
import { systemClock, type Clock } from '@voicewire/core/adapter';
import type {
  CarrierCall,
  CarrierCommand,
  CarrierDialect,
  CarrierEvent,
  WireMessage,
} from '../fakes/dialects.js';
import { openCallerLine } from './caller-line.js';
import type { CallerScript } from './caller.js';
import { heardPlayed, heardWords, toText, type HeardCall } from './heard-call.js';
import { createPlayOut } from './play-out.js';

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

/** Begins the call: the start messages go out at once, frames follow. */
export function openCarrierEnd(
  dialect: CarrierDialect,
  transport: CarrierTransport,
  options: CarrierEndOptions,
): CarrierEnd {
  const { script, clock = systemClock, maxBufferMs, maxCallMs } = options;
  const call: CarrierCall = {
    callId: 'call-1',
    streamId: 'stream-1',
    parameters: {},
    tracks: ['caller'],
    ...options.call,
  };
  const conversation = dialect.connect(call);
  const commands: CarrierCommand[] = [];
  const openedMs = clock.now();
  const { outbound: format, inbound, frameMs, clearReturnsMarks } = dialect;

  function say(event: CarrierEvent): void {
    for (const message of conversation.write(event)) transport.send(message);
  }

  const playOut = createPlayOut({
    format,
    clock,
    marks: dialect.marks ?? 'played',
    clearReturnsMarks,
    maxBufferMs: maxBufferMs ?? (dialect.pacing === 'ours' ? 500 : undefined),
    onMark: (name) => say({ type: 'mark', name }),
  });
  say({ type: 'start' });
  const line = openCallerLine({
    clock,
    inbound,
    frameMs,
    tracks: call.tracks,
    script,
    maxCallMs,
    playOut,
    port: {
      audio: (track, audio, atMs, sequence) => say({ type: 'audio', track, audio, atMs, sequence }),
      dtmf: (digit, track) => say({ type: 'dtmf', digit, track }),
      typed: (text, track, atMs) =>
        say({
          type: 'transcript',
          track,
          event: { type: 'final', text, startMs: atMs, endMs: atMs, settledMs: atMs, words: [] },
        }),
      hangup: () => {
        say({ type: 'stop' });
        transport.close(false);
      },
      lose: () => transport.close(true),
    },
  });

  let reportedMs = 0;
  function reportPlayed(everyMs: number): void {
    clock.setTimeout(() => {
      if (!line.isOpen) return;
      const { playedMs } = playOut;
      if (playedMs > reportedMs) say({ type: 'played', playedMs });
      reportedMs = playedMs;
      reportPlayed(everyMs);
    }, everyMs);
  }
  if (dialect.reportPlayedEveryMs !== undefined) reportPlayed(dialect.reportPlayedEveryMs);

  function obey(command: CarrierCommand): void {
    if (!line.isOpen) return;
    if (command.type === 'audio') return playOut.send(command.audio);
    commands.push(command);
    if (command.type === 'mark') playOut.mark(command.name);
    if (command.type === 'clear') playOut.clear();
  }

  const opened = { playOut, openedMs };
  return {
    call,
    done: line.done,
    commands,
    say,
    send: (message) => transport.send(message),
    receive(message) {
      for (const command of conversation.read(message)) obey(command);
    },
    closed: () => line.close(),
    played: () => heardPlayed(() => opened),
    heardWords: () => heardWords(() => opened, format),
    heardText: () => toText(heardWords(() => opened, format)),
    get clearedBytes() {
      return playOut.clearedBytes;
    },
    get overflowBytes() {
      return playOut.overflowBytes;
    },
  };
}
