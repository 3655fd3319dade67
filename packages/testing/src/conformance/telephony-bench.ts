// The bench of the telephony suite: a simulated carrier and the adapter's media protocol, face to face in virtual time.
import {
  type AudioFormat,
  bytesFor,
  type MediaConnection,
  type MediaEvent,
  type MediaProtocol,
  silence,
  type TelephonyAdapter,
  type TelephonyCapabilities,
  type TelephonyEvent,
  type WebhookContext,
} from '@voicewire/core/adapter';
import { openCarrierEnd, type CarrierEnd } from '../carrier/carrier-end.js';
import type { Caller, CallerScript } from '../carrier/caller.js';
import type { CarrierCall, CarrierDialect, WireMessage } from '../fakes/dialects.js';
import { TestingError } from '../testing-error.js';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.js';
import { readWords } from '../word-reader.js';
import { readStream, type Reading } from './reading.js';

/** A webhook as the carrier would really send it. */
export interface SignedWebhook {
  request(): Request | Promise<Request>;
  readonly context: WebhookContext;
  /** What it tells. */
  readonly expects: TelephonyEvent['type'];
}

export interface TelephonyFacts {
  readonly adapter: TelephonyAdapter;
  readonly dialect: CarrierDialect;
  readonly webhook: SignedWebhook | undefined;
  readonly hasOther: boolean;
}

export interface Inbound {
  readonly track: string;
  readonly audio: Uint8Array;
  readonly atMs: number;
  /** Of the clock. */
  readonly heardMs: number;
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

export interface TelephonyBench {
  readonly adapter: TelephonyAdapter;
  readonly capabilities: TelephonyCapabilities;
  readonly dialect: CarrierDialect;
  readonly webhook: SignedWebhook | undefined;
  readonly publicUrl: string;
  readonly clock: VirtualClock;
  readonly media: MediaProtocol;
  createOther(): TelephonyAdapter | undefined;
  bring(options?: BringOptions): BroughtCall;
  close(): Promise<void>;
}

export interface TelephonyBenchOptions {
  readonly dialect: CarrierDialect;
  readonly deadlineMs: number;
  readonly publicUrl: string;
  readonly webhook: SignedWebhook | undefined;
  createAdapter(): TelephonyAdapter;
  readonly createOther: (() => TelephonyAdapter) | undefined;
}

function lay(pieces: readonly Inbound[], format: AudioFormat): Uint8Array {
  const endMs = pieces.reduce(
    (end, { atMs, audio }) => Math.max(end, atMs + audio.length / bytesFor(1, format)),
    0,
  );
  const line = silence(endMs + 200, format);
  for (const { atMs, audio } of pieces)
    line.set(audio, Math.min(bytesFor(atMs, format), line.length - audio.length));
  return line;
}

export function openTelephonyBench(options: TelephonyBenchOptions): TelephonyBench {
  const { dialect, deadlineMs, publicUrl, webhook, createAdapter, createOther } = options;
  const adapter = createAdapter();
  const clock = createVirtualClock();
  const controllers: AbortController[] = [];

  function media(): MediaProtocol {
    if (adapter.media !== undefined) return adapter.media;
    throw new TestingError('testing.fake_misuse', 'This adapter has no media protocol.');
  }

  function bring({
    script,
    call,
    wire = (message) => [message],
    before = [],
  }: BringOptions = {}): BroughtCall {
    const controller = new AbortController();
    controllers.push(controller);
    const inbound: Inbound[] = [];
    let buffered = 0;
    let closeCode: number | undefined;
    let sent = -1;
    let end: CarrierEnd | undefined;
    let giveCaller: (caller: Caller) => void = () => undefined;
    const caller = new Promise<Caller>((resolve) => (giveCaller = resolve));
    const connection = media().open({
      socket: {
        send: (data) => end?.receive(data),
        close: (code) => {
          closeCode ??= code ?? 1005;
          end?.closed();
        },
        get buffered() {
          return buffered;
        },
      },
      onAudio: (track, audio, atMs) =>
        void inbound.push({ track, audio: new Uint8Array(audio), atMs, heardMs: clock.now() }),
      clock,
      signal: controller.signal,
    });
    for (const message of before) connection.receive(message);
    const carrier = openCarrierEnd(
      dialect,
      {
        send(message) {
          if (sent < 0) return connection.receive(message);
          for (const delivered of wire(message, sent++)) connection.receive(delivered);
        },
        close: (isLost) => connection.disconnected(isLost ? 1006 : 1000),
      },
      {
        clock,
        call,
        script: async (hands) => {
          giveCaller(hands);
          await (script ?? ((idle) => idle.wait(600_000)))(hands);
        },
      },
    );
    end = carrier;
    sent = 0;
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
        return closeCode;
      },
      setBuffered: (bytes) => void (buffered = bytes),
      receive: (message) => connection.receive(message),
      timeline,
      wordsOf: (track) => readWords(timeline(track), dialect.inbound),
    };
  }

  return {
    adapter,
    capabilities: adapter.capabilities,
    dialect,
    webhook,
    publicUrl,
    clock,
    get media() {
      return media();
    },
    createOther: () => createOther?.(),
    bring,
    async close() {
      for (const controller of controllers) controller.abort(new Error('The check is over.'));
      await clock.advance(0);
    },
  };
}
