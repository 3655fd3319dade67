// A call brought to an adapter: its media connection on one side, the simulated carrier on the other, a wire between.
import {
  bytesFor,
  durationMs,
  silence,
  type AudioFormat,
  type MediaConnection,
  type MediaEvent,
  type MediaProtocol,
  type MediaSocket,
} from '@voicewire/core/adapter';
import { openCarrierEnd, type CarrierEnd } from '../carrier/carrier-end.js';
import type { Caller, CallerScript } from '../carrier/caller.js';
import type { CarrierCall, CarrierDialect, WireMessage } from '../fakes/dialects.js';
import type { VirtualClock } from '../virtual-clock.js';
import { readWords } from '../oracle/word-reader.js';
import { readStream, type Reading } from './reading.js';

export interface Inbound {
  readonly track: string;
  readonly audio: Uint8Array;
  readonly atMs: number;
}

export interface BringOptions {
  readonly script?: CallerScript | undefined;
  readonly call?: Partial<CarrierCall> | undefined;
  /** What the wire makes of the carrier's messages after its start: `index` counts them from 0. */
  readonly wire?: ((message: WireMessage, index: number) => readonly WireMessage[]) | undefined;
  /** Said before the carrier's start. */
  readonly before?: readonly WireMessage[] | undefined;
}

/** A call that was brought to the adapter. */
export interface BroughtCall {
  readonly carrier: CarrierEnd;
  /** The hands of the caller, for checks that need no script. */
  readonly caller: Promise<Caller>;
  readonly connection: MediaConnection;
  readonly reading: Reading<MediaEvent>;
  readonly controller: AbortController;
  readonly inbound: readonly Inbound[];
  /** What the adapter closed its socket with. */
  readonly closeCode: number | undefined;
  setBuffered(bytes: number): void;
  /** A message of the carrier's, past everything that keeps order. */
  receive(message: WireMessage): void;
  /** A track as it was heard, every piece at its position. */
  timeline(track: string): Uint8Array;
  wordsOf(track: string): ReturnType<typeof readWords>;
}

export interface CallInput extends BringOptions {
  readonly dialect: CarrierDialect;
  readonly media: MediaProtocol;
  readonly clock: VirtualClock;
  readonly controller: AbortController;
  readonly deadlineMs: number;
}

/** Everything that was heard of a track, each piece at its position. */
function lay(pieces: readonly Inbound[], format: AudioFormat): Uint8Array {
  const ends = pieces.map(({ atMs, audio }) => atMs + durationMs(audio.length, format));
  const line = silence(Math.max(0, ...ends) + 200, format);
  for (const { atMs, audio } of pieces)
    line.set(audio, Math.min(bytesFor(atMs, format), line.length - audio.length));
  return line;
}

/** The carrier's side: its messages go through the wire, its caller's hands are given away. */
function openCarrier(
  input: CallInput,
  connection: MediaConnection,
  onCaller: (caller: Caller) => void,
): CarrierEnd {
  const {
    dialect,
    clock,
    call,
    script = (idle: Caller) => idle.wait(600_000),
    wire = (message: WireMessage) => [message],
  } = input;
  let hasStarted = false;
  let index = 0;
  const carrier = openCarrierEnd(
    dialect,
    {
      send(message) {
        const delivered = hasStarted ? wire(message, index++) : [message];
        for (const one of delivered) connection.receive(one);
      },
      close: (isLost) => connection.disconnected(isLost ? 1006 : 1000),
    },
    {
      clock,
      call,
      async script(caller) {
        onCaller(caller);
        await script(caller);
      },
    },
  );
  hasStarted = true;
  return carrier;
}

export function bringCall(input: CallInput): BroughtCall {
  const { dialect, media, clock, controller, deadlineMs, before = [] } = input;
  const inbound: Inbound[] = [];
  const socket = { buffered: 0, closeCode: undefined as number | undefined };
  const ends: { carrier?: CarrierEnd } = {};
  let giveCaller: (caller: Caller) => void = () => undefined;
  const caller = new Promise<Caller>((resolve) => (giveCaller = resolve));
  const mediaSocket: MediaSocket = {
    send: (data) => ends.carrier?.receive(data),
    close(code) {
      socket.closeCode ??= code ?? 1005;
      ends.carrier?.closed();
    },
    get buffered() {
      return socket.buffered;
    },
  };
  const connection = media.open({
    socket: mediaSocket,
    onAudio: (track, audio, atMs) => void inbound.push({ track, audio: new Uint8Array(audio), atMs }),
    clock,
    signal: controller.signal,
  });
  for (const message of before) connection.receive(message);
  const carrier = openCarrier(input, connection, giveCaller);
  ends.carrier = carrier;
  const timeline = (track: string): Uint8Array =>
    lay(
      inbound.filter((piece) => piece.track === track),
      dialect.inbound,
    );
  return {
    carrier,
    caller,
    connection,
    reading: readStream(connection, deadlineMs),
    controller,
    inbound,
    get closeCode() {
      return socket.closeCode;
    },
    setBuffered: (bytes) => void (socket.buffered = bytes),
    receive: (message) => connection.receive(message),
    timeline,
    wordsOf: (track) => readWords(timeline(track), dialect.inbound),
  };
}
