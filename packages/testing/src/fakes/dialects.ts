// What an adapter's fake.ts fills in: how its provider says things. The engine beside this file does everything else.
//
// A dialect is a table from our words to the provider's and back. `open` is called once per connection or HTTP request and
// returns a conversation; what must be remembered between messages (sequence numbers, ids) lives in that closure.
// The engine checks credentials, counts audio, keeps the script, misbehaves on demand and records; a dialect does none of that.
import type {
  AudioFormat,
  FinishReason,
  LlmRequest,
  LlmToolCall,
  SttEvent,
  SttFinal,
  TtsWord,
} from '@voicewire/core/adapter';
import type { MisbehaviourType } from './misbehaviour.js';

/** A WebSocket message: text frame as string, binary frame as bytes. In an HTTP body: a piece of it. */
export type WireMessage = string | Uint8Array;

/** A request as it came. Header names are lower case; `body` is empty for WebSocket upgrades. */
export interface FakeRequest {
  readonly method: string;
  /** `query` is `url.searchParams`; host and port are the fake's own. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** When it came, in ms since the fake started. */
  readonly atMs: number;
}

/** An HTTP answer other than success; for a WebSocket, the answer to its upgrade. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** A close frame, and what the provider says just before it. */
export interface FakeClose {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly message?: WireMessage | undefined;
}

/** What the dialects of all kinds say about themselves. */
export interface DialectBasics {
  readonly provider: string;
  /** The key the client presented (header, query, subprotocol); the engine refuses a wrong one. Left out by keyless providers. */
  credential?(request: FakeRequest): string | undefined;
  /** The provider's own words for a refused request. Default: the bare status with an empty JSON object. */
  refusal?(status: number): Omit<Refusal, 'status'>;
  /** Where the provider lets a wrong key in and says so on the socket. Default: HTTP 401. */
  readonly unauthorizedClose?: FakeClose | undefined;
  /** How the provider ends a connection on which nothing happened for too long. Default: code 1000. */
  readonly idleClose?: FakeClose | undefined;
  /** A message nobody can read. Default: cut JSON, in the framing of the connection. */
  readonly garbage?: WireMessage | undefined;
  /** A well-formed message of a type nobody knows. Default: JSON whose `type` and `event` are unknown. */
  readonly unknownMessage?: WireMessage | undefined;
  /** Misbehaviours a client of this protocol cannot notice, as garbage in a raw audio body: the suite leaves them out. */
  readonly undetectable?: readonly MisbehaviourType[] | undefined;
}

// ── Speech to text ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the client asked for, as far as the protocol tells. */
export interface SttAsked {
  readonly format?: AudioFormat | undefined;
  readonly language?: string | undefined;
  readonly keyterms?: readonly string[] | undefined;
  readonly diarize?: boolean | undefined;
}

export type SttClientMessage =
  /** Settings that come as a message rather than in the URL; later ones overwrite earlier ones. */
  | { readonly type: 'configure'; readonly asked: SttAsked }
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  /** Decide everything heard so far. */
  | { readonly type: 'flush' }
  /** No more audio: the rest is decided, then goodbye, then close. */
  | { readonly type: 'end' }
  | { readonly type: 'keep-alive' }
  /** What the provider would not understand: it closes. */
  | ({ readonly type: 'unreadable' } & FakeClose)
  | { readonly type: 'ignored' };

/**
 * What the fake recogniser has to say, in this order: `ready` once; per utterance `speech-start`, `partial`s, a `final` (cause
 * `pause`; some before with cause `segment` where it cuts in mid-speech), `speech-end`, `turn-end`; a flush gives a `final` (cause `flush`, perhaps empty) and `flushed`; an end gives a
 * `final` (cause `end`, perhaps empty) and `goodbye`. What the provider has no message for is written as `[]`.
 */
export type SttFakeEvent =
  | Exclude<SttEvent, { type: 'final' }>
  | (SttFinal & { readonly cause: 'pause' | 'segment' | 'flush' | 'end' })
  /** The last message before the close. */
  | { readonly type: 'goodbye'; readonly audioMs: number };

export interface SttConversation {
  /** What the URL told; the format may come later by `configure`. */
  readonly asked: SttAsked;
  read(message: WireMessage): readonly SttClientMessage[];
  write(event: SttFakeEvent): readonly WireMessage[];
}

/** How a provider's live speech-to-text socket talks. */
export interface SttDialect extends DialectBasics {
  /** A `Refusal` where the path or a parameter is wrong (404, 400). */
  open(request: FakeRequest): SttConversation | Refusal;
  /** The provider gives eager ends of turns; the fake is then started with `eagerPauseMs`. */
  readonly eagerTurns?: boolean | undefined;
  /** How the provider closes after goodbye; a code of 1005 sends an empty close frame. Default 1000. */
  readonly goodbyeCode?: number | undefined;
}

// ── Text to speech ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface TtsAsked {
  readonly format?: AudioFormat | undefined;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
}

/** `utterance` is the provider's context id; protocols with one utterance per socket always give the same. */
export type TtsClientMessage =
  | { readonly type: 'configure'; readonly asked: TtsAsked }
  /** An utterance opens; also implied by its first text. */
  | { readonly type: 'open'; readonly utterance: string; readonly asked?: TtsAsked | undefined }
  | { readonly type: 'text'; readonly utterance: string; readonly text: string }
  /** Speak what has come so far; answered by `flushed` after its audio. */
  | { readonly type: 'flush'; readonly utterance: string }
  /** No more text: the rest is spoken, then `final`. */
  | { readonly type: 'end'; readonly utterance: string }
  /** Stop speaking; some audio is still on its way, then `cancelled`. */
  | { readonly type: 'cancel'; readonly utterance: string }
  | { readonly type: 'keep-alive' }
  /** Every open utterance is finished, then the socket closes with 1000. */
  | { readonly type: 'close' }
  | ({ readonly type: 'unreadable' } & FakeClose)
  | { readonly type: 'ignored' };

/** One UTF-16 unit of the utterance's text. Times in ms from the utterance's first sample. */
export interface TtsFakeCharacter {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** A piece of an utterance's audio with what begins to be spoken in it. Times in ms from the utterance's first sample. */
export interface TtsFakeAudio {
  readonly type: 'audio';
  readonly utterance: string;
  readonly audio: Uint8Array;
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly (TtsWord & { readonly text: string })[];
  /** White space included. */
  readonly characters: readonly TtsFakeCharacter[];
}

export type TtsFakeEvent =
  | { readonly type: 'ready' }
  | TtsFakeAudio
  | { readonly type: 'flushed'; readonly utterance: string }
  /** The marker that proves an utterance complete. */
  | { readonly type: 'final'; readonly utterance: string }
  | { readonly type: 'cancelled'; readonly utterance: string }
  /** One utterance more than the provider allows at once; the engine closes with `capacityClose` afterwards. */
  | { readonly type: 'over-capacity'; readonly utterance: string }
  | { readonly type: 'goodbye' };

export interface TtsConversation {
  readonly asked: TtsAsked;
  read(message: WireMessage): readonly TtsClientMessage[];
  write(event: TtsFakeEvent): readonly WireMessage[];
}

/** A text-to-speech request whose answer's body is the speech. Finished means the body ended by its own framing. */
export interface TtsAnswer {
  readonly asked: TtsAsked;
  readonly text: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Pieces of the body. `ready` comes first: where a WAV header would go. */
  write(event: TtsFakeEvent): readonly WireMessage[];
}

/** How a provider's text-to-speech talks: over a socket, over HTTP, or both. */
export interface TtsDialect extends DialectBasics {
  open?(request: FakeRequest): TtsConversation | Refusal;
  answer?(request: FakeRequest): TtsAnswer | Refusal;
  /** Whether a conversation ends with its utterance: after `final`, `goodbye` and a close with 1000. */
  readonly closesAfterFinal?: boolean | undefined;
  /** How many utterances one socket may have open. Default: any number. */
  readonly concurrentUtterances?: number | undefined;
  /** Default: the socket stays open. */
  readonly capacityClose?: FakeClose | undefined;
}

// ── Language models ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the client asked for, in our words. */
export type LlmAsked = Partial<
  Pick<LlmRequest, 'messages' | 'tools' | 'toolChoice' | 'responseSchema' | 'temperature' | 'maxTokens'>
> & { readonly model?: string | undefined };

export interface LlmFakeUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number | undefined;
}

/**
 * What the fake model says: `start`, then texts and fragments of tool calls, then `finish` and `done`; or `error` in
 * place of the rest. Providers that send calls whole write them at `isLast` and leave the other fragments out.
 */
export type LlmFakeEvent =
  | { readonly type: 'start' }
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool-call';
      /** Which call of this response, from 0; fragments of parallel calls are interleaved. */
      readonly index: number;
      readonly call: LlmToolCall;
      /** The next piece of `call.argumentsText`. */
      readonly fragment: string;
      readonly isFirst: boolean;
      readonly isLast: boolean;
    }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly usage: LlmFakeUsage;
      /** What the model wants to be given back in the next request, at providers that have such a thing. */
      readonly state?: unknown;
    }
  | { readonly type: 'error'; readonly status: number; readonly message: string }
  | { readonly type: 'done' };

export interface LlmConversation {
  readonly asked: LlmAsked;
  readonly contentType: 'text/event-stream' | 'application/x-ndjson' | 'application/json';
  /** Pieces of the body, line ends and blank lines included. */
  write(event: LlmFakeEvent): readonly string[];
}

/** How a provider's language model answers over HTTP. */
export interface LlmDialect extends DialectBasics {
  open(request: FakeRequest): LlmConversation | Refusal;
  /** What the provider sends to keep a quiet stream open, as `: ping` and a blank line. Default: nothing. */
  readonly keepAlive?: string | undefined;
  /** Tool arguments travel as a JSON value, so that broken ones can't. */
  readonly argumentsAreJson?: boolean | undefined;
  /** Reasons to finish that the protocol can tell. Default `stop`, `length` and `content-filter`. */
  readonly finishReasons?: readonly FinishReason[] | undefined;
  /** The protocol has no `toolChoice`. */
  readonly noToolChoice?: boolean | undefined;
}

// ── Telephony ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The call a simulated carrier brings to a server. */
export interface CarrierCall {
  readonly callId: string;
  readonly streamId: string;
  /** The single-use token of the `stream` instruction. */
  readonly token?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tracks: readonly string[];
}

/** What the carrier tells the server. */
export type CarrierEvent =
  | { readonly type: 'start' }
  /** One frame of the caller; `atMs` is its position on the track, `sequence` counts frames of the track from 0. */
  | {
      readonly type: 'audio';
      readonly track: string;
      readonly audio: Uint8Array;
      readonly atMs: number;
      readonly sequence: number;
    }
  | { readonly type: 'dtmf'; readonly digit: string; readonly track: string }
  /** A mark whose audio was played, or that a clear returned; `name` as the server wrote it. */
  | { readonly type: 'mark'; readonly name: string }
  /** How much of the audio sent since the last clear has left the loudspeaker. */
  | { readonly type: 'played'; readonly playedMs: number }
  | { readonly type: 'transcript'; readonly track: string; readonly event: SttEvent }
  | { readonly type: 'stop' };

/** What the server asks of the carrier. */
export type CarrierCommand =
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }
  | { readonly type: 'dtmf'; readonly digits: string }
  /** Counted; a carrier under test conditions must never see one. */
  | { readonly type: 'unreadable'; readonly reason: string }
  | { readonly type: 'ignored' };

export interface CarrierConversation {
  read(message: WireMessage): readonly CarrierCommand[];
  write(event: CarrierEvent): readonly WireMessage[];
}

/** How a carrier's media socket talks; the simulated carrier connects with it to a server under test. */
export interface CarrierDialect {
  readonly provider: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly frameMs: number;
  /** `carrier`: it buffers. `ours`: it plays what comes and drops what comes too early. Default `carrier`. */
  readonly pacing?: 'carrier' | 'ours' | undefined;
  /** When marks come back. Default `played`. */
  readonly marks?: 'played' | 'dequeued' | 'none' | undefined;
  /** Whether marks outstanding at a clear come back at once. */
  readonly clearReturnsMarks: boolean;
  /** Audio messages tell their place in time, so that missing, doubled and swapped ones can be noticed. */
  readonly timesAudio?: boolean | undefined;
  /** Messages name their stream, so that those of another can be told apart. */
  readonly namesStreams?: boolean | undefined;
  /** How often the carrier says how much it has played. Default: never. */
  readonly reportPlayedEveryMs?: number | undefined;
  /** What the upgrade carries, as a signature over `url`. */
  upgradeHeaders?(url: string): Readonly<Record<string, string>>;
  /** The URL to connect to, where the call or its token goes into it. Default: unchanged. */
  upgradeUrl?(url: string, call: CarrierCall): string;
  connect(call: CarrierCall): CarrierConversation;
  readonly garbage?: WireMessage | undefined;
  readonly unknownMessage?: WireMessage | undefined;
}
