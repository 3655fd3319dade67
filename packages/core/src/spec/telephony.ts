// The contract of telephony adapters: webhooks in, media both ways, control of a live call.
import type { AudioFormat } from './audio.js';
import type { Clock } from './clock.js';
import type { SttEvent } from './stt.js';

/** What a carrier or transport can do. Each field is a promise that the conformance suite checks. */
export interface TelephonyCapabilities {
  readonly inbound: readonly AudioFormat[];
  readonly outbound: readonly AudioFormat[];
  /** How much audio one inbound frame usually carries. */
  readonly frameMs: number;
  /** `carrier`: it buffers and plays at its own pace. `ours`: we must send in real time. */
  readonly pacing: 'carrier' | 'ours';
  /** `played`: a mark returns when all audio before it was heard. `dequeued`: when it left the carrier's queue. */
  readonly marks: 'played' | 'dequeued' | 'none';
  /** Marks outstanding at a clear come back although their audio was not heard. */
  readonly clearReturnsMarks: boolean;
  readonly clear: boolean;
  readonly dtmfIn: boolean;
  readonly dtmfOut: boolean;
  /** Labels of the tracks a media connection may carry. */
  readonly tracks: readonly string[];
  /** The connection yields recognised text itself (`stt: media`). */
  readonly transcripts: boolean;
  readonly control: { readonly [Operation in keyof CallControl]-?: boolean };
}

export type CallDirection = 'inbound' | 'outbound';

export type CallStatus =
  'queued' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';

/** What a carrier told us by webhook, verified. `callId` is the carrier's own. */
export type TelephonyEvent =
  | {
      readonly type: 'call-incoming';
      readonly callId: string;
      readonly direction: CallDirection;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly type: 'call-resumed';
      readonly callId: string;
      readonly from: string;
      readonly to: string;
      /** How the transfer ended that the call comes back from: `completed` when the callee was there and has gone. */
      readonly transfer?: CallStatus | undefined;
    }
  | {
      readonly type: 'call-status';
      readonly callId: string;
      readonly status: CallStatus;
      /** Orders callbacks that arrive late, twice or out of order. */
      readonly sequence?: number | undefined;
      readonly durationMs?: number | undefined;
    }
  | { readonly type: 'dtmf'; readonly callId: string; readonly digits: string }
  | {
      readonly type: 'answered-by';
      readonly callId: string;
      readonly answeredBy: 'human' | 'machine' | 'fax' | 'unknown';
    }
  | {
      readonly type: 'stream-status';
      readonly callId: string;
      readonly status: 'started' | 'stopped' | 'failed';
    }
  | { readonly type: 'unknown'; readonly name: string };

/** What the carrier is to do next, in order. */
export type CallInstruction =
  /** Media over a socket; `token` binds it to the call and is used once. */
  | {
      readonly type: 'stream';
      readonly url: string;
      readonly token: string;
      readonly parameters?: Readonly<Record<string, string>> | undefined;
    }
  /** Ask this URL for further instructions: what brings a call back after its stream ended. */
  | { readonly type: 'redirect'; readonly url: string }
  | { readonly type: 'play'; readonly url: string }
  | {
      readonly type: 'say';
      readonly text: string;
      readonly language?: string | undefined;
      readonly voice?: string | undefined;
    }
  | {
      readonly type: 'gather';
      readonly url: string;
      readonly digits: number;
      readonly timeoutMs?: number | undefined;
      readonly prompt?: string | undefined;
    }
  | {
      readonly type: 'dial';
      readonly to: string;
      readonly from?: string | undefined;
      readonly timeoutMs?: number | undefined;
      /** Asked what comes next when the callee is gone or never came; default: the next instruction. */
      readonly returnUrl?: string | undefined;
    }
  | { readonly type: 'reject'; readonly reason: 'busy' | 'rejected' }
  | { readonly type: 'hangup' };

export interface TelephonyWebhook {
  readonly events: readonly TelephonyEvent[];
  /** The carrier's answer in its own format. Carriers steered by commands answer 200 and send commands instead. */
  respond(instructions: readonly CallInstruction[]): Response;
}

export interface WebhookContext {
  /**
   * The URL the carrier was given, its query included; it may differ from the one a proxy shows us. Signatures are made
   * over it.
   */
  readonly publicUrl: string;
  readonly clock?: Clock | undefined;
}

/** The other end of a media connection, as bytes or text; a WebSocket or a TCP socket. */
export interface MediaSocket {
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** Bytes given to `send` that have not left the process. */
  readonly buffered: number;
}

/** The HTTP request that asks for a media socket. Header names are lower case. */
export interface MediaUpgrade {
  readonly publicUrl: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface MediaTrack {
  readonly label: string;
  readonly format: AudioFormat;
}

/** What happens on a media connection besides audio. Times in ms from the connection's first audio. */
export type MediaEvent =
  | {
      readonly type: 'start';
      readonly callId: string;
      readonly streamId: string;
      /** The token of the `stream` instruction; undefined when the peer sent none. */
      readonly token?: string | undefined;
      readonly tracks: readonly MediaTrack[];
      readonly outbound: AudioFormat;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly type: 'dtmf'; readonly digit: string; readonly track?: string | undefined }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number }
  /** How much of the audio sent since the last clear (or the start) has left the peer's loudspeaker; `generation` as in `mark`. */
  | { readonly type: 'played'; readonly playedMs: number; readonly generation: number }
  | { readonly type: 'transcript'; readonly track: string; readonly event: SttEvent }
  /** Messages that could not be read or did not belong: counted, skipped. */
  | { readonly type: 'skipped'; readonly reason: string; readonly count: number }
  | { readonly type: 'stop'; readonly reason: 'hangup' | 'replaced' | 'unknown' };

/**
 * One call's media on one socket. The iterable returns after `stop`, and throws when the socket was lost without one.
 * `send`, `mark` and `clear` never throw and after the end are counted no-ops.
 */
export interface MediaConnection extends AsyncIterable<MediaEvent> {
  /** Audio in the `outbound` format of the start event. */
  send(audio: Uint8Array): void;
  /** Asks to be told when everything sent before it was played. `generation` grows with each clear. */
  mark(id: string, generation: number): void;
  /** Drops what the carrier has not played. */
  clear(): void;
  /** Keypad tones to the far end, where `dtmfOut` is declared. */
  sendDtmf?(digits: string): void;
  /** Ends our side; the carrier goes on to its next instruction. */
  close(): void;
  /** Bytes of ours that wait in the socket's queue. */
  readonly buffered: number;
  /** For the owner of the socket: a message came in. */
  receive(message: string | Uint8Array): void;
  /** For the owner of the socket: it is gone. */
  disconnected(code: number): void;
}

/**
 * Called synchronously for each piece of inbound audio; `atMs` is its position on the track, gaps counted. Never before the
 * start message came, but perhaps before the `start` event was read: that is an iteration later.
 */
export type MediaAudioListener = (track: string, audio: Uint8Array, atMs: number) => void;

export interface MediaOpenOptions {
  readonly socket: MediaSocket;
  readonly onAudio: MediaAudioListener;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly signal: AbortSignal;
}

export interface MediaProtocol {
  readonly transport: 'websocket' | 'tcp';
  readonly role: 'accept' | 'connect';
  /** Throws a ProviderError of class `auth` where the upgrade carries a signature and it is wrong. */
  verifyUpgrade?(upgrade: MediaUpgrade): void;
  open(options: MediaOpenOptions): MediaConnection;
}

export interface DialRequest {
  readonly to: string;
  readonly from: string;
  /** Where the carrier asks for instructions when the callee answers. */
  readonly answerUrl: string;
  readonly statusUrl?: string | undefined;
  readonly ringTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** Commands to a live call. Each is present or declared absent. "Call not found" on hang-up is success. */
export interface CallControl {
  /** Never repeated by itself: an unclear answer throws with `retryable: false` and code `telephony.dial_unclear`. */
  dial?(request: DialRequest): Promise<{ readonly callId: string }>;
  hangup?(callId: string, signal: AbortSignal): Promise<void>;
  /** Cold transfer: the callee is dialled and we leave. Where nobody is reached, the caller comes back by `returnUrl`. */
  transfer?(
    callId: string,
    to: string,
    options: {
      readonly from?: string | undefined;
      /** Where the carrier asks what comes next when the callee is gone or never came. Default: the call ends then. */
      readonly returnUrl?: string | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
  warmTransfer?(
    callId: string,
    to: string,
    options: { readonly from: string; readonly signal: AbortSignal },
  ): Promise<void>;
  hold?(callId: string, held: boolean, signal: AbortSignal): Promise<void>;
  recording?(
    callId: string,
    action: 'start' | 'pause' | 'resume' | 'stop',
    signal: AbortSignal,
  ): Promise<void>;
  sendDtmf?(callId: string, digits: string, signal: AbortSignal): Promise<void>;
  /** Sends the call to ask `url` for new instructions. */
  redirect?(callId: string, url: string, signal: AbortSignal): Promise<void>;
  /** What the carrier says of the call now; "call not found" is `completed`. */
  status?(callId: string, signal: AbortSignal): Promise<CallStatus>;
}

export interface TelephonyAdapter {
  readonly kind: 'telephony';
  readonly specVersion: 1;
  readonly provider: string;
  /** Provider, endpoint and a salted hash of the credential: what health is counted by. Never logged. */
  readonly healthKey: string;
  readonly capabilities: TelephonyCapabilities;
  /** Verifies the raw body before anything is parsed; a forged request throws a ProviderError of class `auth`. */
  webhook?(request: Request, context: WebhookContext): Promise<TelephonyWebhook>;
  /**
   * Instructions as a webhook would be answered with them, for a document that others serve: what a number falls back on.
   * Absent for carriers steered by commands.
   */
  respond?(instructions: readonly CallInstruction[]): Response;
  readonly media?: MediaProtocol | undefined;
  readonly control: CallControl;
}
