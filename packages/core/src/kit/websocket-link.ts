// One WebSocket to a provider: opened, kept alive, bounded, closed, and every failure named. It knows no protocol.
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { systemClock } from '../clock/system-clock.js';
import { ConfigError } from '../errors/config-error.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { Clock } from '../spec/clock.js';
import type { ErrorClass, VoiceError } from '../spec/error.js';
import type { HttpTarget } from './http-failure.js';
import {
  closedError,
  type PeerVerdict,
  readRefusal,
  type ReadVerdict,
  refusedError,
  transportError,
  type VerdictReading,
} from './websocket-failure.js';
import { type Heartbeat, startHeartbeat } from './websocket-heartbeat.js';

/** A string goes out as a text frame, bytes as a binary frame. */
export type Frame = string | Uint8Array;

export interface WebSocketLinkOptions extends HttpTarget {
  /** `ws:`, `wss:`, `http:` or `https:`. Never shown in an error. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly protocols?: readonly string[] | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** A longer message from the peer is a `protocol` failure. Default 4 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** More than this waiting to be sent, before or after opening, is a `capacity` failure. Default 1 MiB. */
  readonly maxUnsentBytes?: number | undefined;
  /** A peer that leaves a ping unanswered until the next is `stalled`. Default 5000; 0 sends none. */
  readonly pingEveryMs?: number | undefined;
  /** What the protocol wants to hear while nothing else is sent; `undefined` from `frame` sends nothing this time. */
  readonly keepAlive?: { readonly everyMs: number; frame(): Frame | undefined } | undefined;
  /** Nothing is in flight: a peer that goes away now does so as `idle`. */
  readonly isIdle?: (() => boolean) | undefined;
  /** A peer closing with this code now is the protocol's own end, not a failure. */
  readonly isProperEnd?: ((code: number) => boolean) | undefined;
  /** What the provider's refusals and close reasons mean, where their status alone does not say it. */
  readonly readVerdict?: ReadVerdict | undefined;
  readonly onOpen?: (() => void) | undefined;
  /** In the order received, always before `onClose`. Throwing ends the link: as it is when a VoiceError, else as `protocol`. */
  onMessage(data: Buffer, isBinary: boolean): void;
  /** Called once. `undefined`: we closed it, or `isProperEnd` said so. */
  onClose(error: VoiceError | undefined): void;
}

export interface WebSocketLink {
  /** Bytes given to `send` that the peer will never see: overflow, and whatever came after the end. */
  droppedBytes(): number;
  /** Never throws. Before opening, frames are kept in order; after closing, counted and dropped. */
  send(frame: Frame): void;
  /** Stops reading: the peer feels back-pressure. */
  pause(): void;
  resume(): void;
  /** Closes at once while connecting, else politely, and for certain within 500 ms. Safe at any time, any number of times. */
  close(): void;
}

interface LinkState {
  readonly options: WebSocketLinkOptions;
  readonly clock: Clock;
  readonly socket: WebSocket;
  phase: 'connecting' | 'open' | 'closing' | 'over';
  held: Frame[];
  heldBytes: number;
  droppedBytes: number;
  heartbeat: Heartbeat | undefined;
}

const maxMessageBytes = 4 * 1024 * 1024;
const maxUnsentBytes = 1024 * 1024;
const pingEveryMs = 5000;
/** How long the peer may take over closing, whoever began it; then the socket is destroyed. */
const closeGraceMs = 250;

/**
 * Connects at once and returns without waiting. Throws only `ConfigError`, for a URL or headers no request can be made of;
 * everything later reaches `onClose`.
 */
export function connectWebSocket(options: WebSocketLinkOptions): WebSocketLink {
  const link: LinkState = {
    options,
    clock: options.clock ?? systemClock,
    socket: openSocket(options),
    phase: 'connecting',
    held: [],
    heldBytes: 0,
    droppedBytes: 0,
    heartbeat: undefined,
  };
  listen(link);
  return {
    droppedBytes: () => link.droppedBytes,
    send: (frame) => send(link, frame),
    pause: () => link.socket.pause(),
    resume: () => {
      link.heartbeat?.heard();
      link.socket.resume();
    },
    close: () => close(link),
  };
}

function openSocket(options: WebSocketLinkOptions): WebSocket {
  const socketOptions: WebSocket.ClientOptions & { readonly closeTimeout: number } = {
    headers: { ...options.headers },
    // Speech does not compress, and the inflate threads cost more than they save.
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes ?? maxMessageBytes,
    // Also for a peer that sends a close frame and keeps the TCP connection: `close` comes when that is gone.
    closeTimeout: closeGraceMs,
  };
  try {
    return new WebSocket(options.url, [...(options.protocols ?? [])], socketOptions);
  } catch {
    // What ws throws here quotes the URL, which may carry a token.
    throw new ConfigError(
      {
        code: 'config.invalid_connection',
        message: `${options.provider}: no connection can be made of this URL, protocol list or headers.`,
        allowed: 'a ws, wss, http or https URL without a fragment, and headers of printable ASCII',
      },
      { provider: options.provider },
    );
  }
}

/**
 * These listeners stay for the socket's whole life: one that fails or is closed while still connecting emits
 * its error afterwards, and an `error` without a listener ends the process.
 */
function listen(link: LinkState): void {
  const { socket, options } = link;
  socket.on('open', () => open(link));
  socket.on('message', (data, isBinary) => {
    link.heartbeat?.heard();
    // One handler, run to its end before the next event: a close can't overtake a message that is being decoded.
    if (link.phase === 'open') guarded(link, () => options.onMessage(data as Buffer, isBinary));
  });
  socket.on('pong', () => link.heartbeat?.heard());
  socket.on('ping', () => link.heartbeat?.heard());
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    readRefusal(response, link.clock, (body) => {
      const reading = readingOf(link, { kind: 'refused', status: response.statusCode ?? 0, body });
      fail(link, refusedError(options, response, reading));
    });
  });
  socket.on('error', (error) => fail(link, transportError(options, error, link.phase !== 'connecting')));
  socket.on('close', (code, reason) => {
    if (link.phase === 'over') return;
    if (link.phase === 'closing' || options.isProperEnd?.(code)) {
      finish(link, undefined);
      return;
    }
    const reading = readingOf(link, { kind: 'closed', code, reason: reason.toString() });
    fail(link, closedError(options, { code, isIdle: options.isIdle?.() ?? false, reading }));
  });
}

function open(link: LinkState): void {
  const { options, clock, socket } = link;
  if (link.phase !== 'connecting') return;
  link.phase = 'open';
  link.heartbeat = startHeartbeat({
    clock,
    pingEveryMs: options.pingEveryMs ?? pingEveryMs,
    keepAliveMs: options.keepAlive?.everyMs,
    ping: () => socket.ping(),
    sendKeepAlive: () => {
      const frame = options.keepAlive?.frame();
      if (frame !== undefined) send(link, frame);
    },
    isPaused: () => socket.isPaused,
    onDead: () => fail(link, ownError(link, 'stalled', 'did not answer a ping: the connection is dead')),
  });
  guarded(link, () => options.onOpen?.());
  const held = link.held;
  link.held = [];
  link.heldBytes = 0;
  for (const frame of held) send(link, frame);
}

function send(link: LinkState, frame: Frame): void {
  const { socket, options } = link;
  const limit = options.maxUnsentBytes ?? maxUnsentBytes;
  if (link.phase === 'open') {
    socket.send(frame);
    link.heartbeat?.sent();
    if (socket.bufferedAmount > limit) fail(link, capacityError(link, socket.bufferedAmount));
    return;
  }
  const bytes = typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength;
  if (link.phase !== 'connecting') {
    link.droppedBytes += bytes;
    return;
  }
  link.heldBytes += bytes;
  // Kept frames are copied: the giver's may be a slice of a pool that would be kept alive whole.
  link.held.push(typeof frame === 'string' ? frame : Buffer.from(frame));
  if (link.heldBytes > limit) fail(link, capacityError(link, link.heldBytes));
}

function close(link: LinkState): void {
  if (link.phase === 'closing' || link.phase === 'over') return;
  link.phase = 'closing';
  release(link);
  // A paused socket would not hear the peer's answer.
  link.socket.resume();
  link.socket.close(1000);
}

function fail(link: LinkState, error: VoiceError): void {
  // While we close, whatever breaks is no failure: the socket's `close` event ends the link.
  if (link.phase !== 'closing') finish(link, error);
}

function finish(link: LinkState, error: VoiceError | undefined): void {
  if (link.phase === 'over') return;
  link.phase = 'over';
  release(link);
  if (error !== undefined) link.droppedBytes += link.socket.bufferedAmount;
  link.socket.terminate();
  link.options.onClose(error);
}

function release(link: LinkState): void {
  link.heartbeat?.stop();
  link.droppedBytes += link.heldBytes;
  link.held = [];
  link.heldBytes = 0;
}

/** Runs a callback of the adapter's: what it throws ends this link and nothing else. */
function guarded(link: LinkState, callback: () => void): void {
  try {
    callback();
  } catch (error) {
    fail(
      link,
      isVoiceError(error)
        ? error
        : ownError(link, 'protocol', 'sent a message that could not be read', error),
    );
  }
}

/** A verdict the adapter stumbles over is still told by its status. */
function readingOf(link: LinkState, verdict: PeerVerdict): VerdictReading | undefined {
  try {
    return link.options.readVerdict?.(verdict);
  } catch {
    return undefined;
  }
}

function capacityError(link: LinkState, unsentBytes: number): ProviderError {
  return ownError(
    link,
    'capacity',
    `does not take what we send: ${unsentBytes} bytes waited and were given up`,
  );
}

function ownError(link: LinkState, errorClass: ErrorClass, what: string, cause?: unknown): ProviderError {
  const { provider, stage } = link.options;
  return new ProviderError({ provider, stage, class: errorClass, message: `${provider} ${what}.`, cause });
}
