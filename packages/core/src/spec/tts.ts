// The contract of text-to-speech adapters: one session per call, one utterance per reply.
import type { AudioFormat } from './audio.js';
import type { OnAttempt } from './attempt.js';
import type { Clock } from './clock.js';
import type { VoiceError } from './error.js';

/** What a TTS provider can do. Each field is a promise that the conformance suite checks. */
export interface TtsCapabilities {
  readonly formats: readonly AudioFormat[];
  /** Emits `words` with offsets into the text and times into the audio. */
  readonly wordTimings: boolean;
  /** Text may be written piece by piece. Where false, core makes one utterance per clause: one write, then end. */
  readonly textStreaming: boolean;
  /** How many utterances may be open at once on one session; one more throws `capacity`. */
  readonly concurrentUtterances: number;
  /** The provider closes a session that says nothing for this long. */
  readonly idleLimitMs?: number | undefined;
}

/** A voice's name means nothing to another vendor. Whoever is not named here speaks with the voice of its own settings. */
export type VoicesByProvider = Readonly<Record<string, string>>;

export interface TtsRequest {
  readonly format: AudioFormat;
  readonly voice?: string | undefined;
  /** For chains, in place of `voice`: each provider's own. A single adapter ignores it. */
  readonly voices?: VoicesByProvider | undefined;
  /** BCP 47. */
  readonly language?: string | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly signal: AbortSignal;
  /** For chains; a single adapter ignores it. */
  readonly onAttempt?: OnAttempt | undefined;
}

export interface SpeakOptions {
  readonly voice?: string | undefined;
  /** For chains, in place of `voice`: each provider's own. A single adapter ignores it. */
  readonly voices?: VoicesByProvider | undefined;
  readonly language?: string | undefined;
  /** Milliseconds of audio the carrier has not played yet: how long a stall stays unheard. */
  bufferedMs(): number;
  readonly signal: AbortSignal;
  /**
   * For chains; a single adapter ignores it. Another voice goes on: from `startMs` on, the audio says the text from `textStart`
   * on, both counted as in `TtsWord`. Told before that audio.
   */
  readonly onTakeover?: ((from: Pick<TtsWord, 'textStart' | 'startMs'>) => void) | undefined;
}

/**
 * `textStart` and `textEnd`: UTF-16 offsets in the text written to the utterance. Times count from its first sample. It comes
 * no later than the audio it ends in.
 */
export interface TtsWord {
  readonly textStart: number;
  readonly textEnd: number;
  readonly startMs: number;
  readonly endMs: number;
}

export type TtsEvent =
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'words'; readonly words: readonly TtsWord[] };

/**
 * One reply being spoken. Returning means the provider *proved* it complete; anything less throws.
 * No text, or white space alone, is a success without audio.
 */
export interface TtsUtterance extends AsyncIterable<TtsEvent> {
  write(text: string): void;
  /** Speak what was written so far without waiting for more. */
  flush(): void;
  end(): void;
}

/** A warm connection of one call. After `closed` settles, connect again. */
export interface TtsSession {
  /** Settles when audio could be asked for; rejects when the connection failed. */
  readonly ready: Promise<void>;
  /** Resolves when the session is over: with the error that ended it, or undefined when we closed it. Never rejects. */
  readonly closed: Promise<VoiceError | undefined>;
  /** May be called before `ready`. Throws `capacity` beyond `concurrentUtterances`. */
  speak(options: SpeakOptions): TtsUtterance;
  close(): void;
}

export interface TtsAdapter {
  readonly kind: 'tts';
  readonly specVersion: 1;
  readonly provider: string;
  /** Provider, endpoint and a salted hash of the credential: what health is counted by. Never logged. */
  readonly healthKey: string;
  /** Said by whoever configures it, never by the adapter: a region, a contract. Policy goes by them. Default: none. */
  readonly labels?: readonly string[] | undefined;
  readonly capabilities: TtsCapabilities;
  /** Of a chain: the providers of its members, in order. */
  readonly members?: readonly string[] | undefined;
  connect(request: TtsRequest): TtsSession;
}
