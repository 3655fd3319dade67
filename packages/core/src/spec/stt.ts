// The contract of speech-to-text adapters. Times are milliseconds from the first byte written to the stream.
import type { AudioFormat } from './audio.js';
import type { OnAttempt } from './attempt.js';
import type { Clock } from './clock.js';

/** What an STT provider can do. Each field is a promise that the conformance suite checks. */
export interface SttCapabilities {
  readonly formats: readonly AudioFormat[];
  /** `word`: every final has timed words. `segment`: finals have true start and end. `none`: times are not to be trusted. */
  readonly timing: 'word' | 'segment' | 'none';
  readonly partials: boolean;
  /** `flush()` forces a final of all audio written so far and is answered by `flushed`. */
  readonly flush: boolean;
  /** Emits `speech-start` and `speech-end`. */
  readonly speechEvents: boolean;
  /** Emits `turn-end` (and `turn-resumed`, where eager ends exist). */
  readonly turnEvents: boolean;
  readonly diarization: boolean;
  readonly keyterms: boolean;
  /** BCP 47 tags the provider takes; left out where any tag may be asked for. */
  readonly languages?: readonly string[] | undefined;
  /** How much faster than real time audio may be written, at least 1. */
  readonly maxReplayRate: number;
  /** The provider closes after this long without audio, whatever keep-alive does. */
  readonly idleLimitMs?: number | undefined;
  /** The longest session the provider allows. */
  readonly sessionLimitMs?: number | undefined;
}

export interface SttRequest {
  readonly format: AudioFormat;
  /** BCP 47. Default: the adapter's own. */
  readonly language?: string | undefined;
  readonly keyterms?: readonly string[] | undefined;
  readonly diarize?: boolean | undefined;
  /** Whether the call's voice-activity detector hears speech now. */
  isSpeech(): boolean;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly signal: AbortSignal;
  /** For chains; a single adapter tells what messages it skipped. */
  readonly onAttempt?: OnAttempt | undefined;
}

export interface Word {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly confidence?: number | undefined;
  readonly speaker?: string | undefined;
}

/** Text that will never change. `settledMs`: all audio before it is decided; every final has it, also an empty one. */
export interface SttFinal {
  readonly type: 'final';
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly settledMs: number;
  readonly words: readonly Word[];
  readonly confidence?: number | undefined;
  readonly language?: string | undefined;
  readonly speaker?: string | undefined;
}

/** Replaces everything after the last `settledMs`. */
export interface SttPartial {
  readonly type: 'partial';
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export type SttEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'speech-start'; readonly atMs: number }
  | { readonly type: 'speech-end'; readonly atMs: number }
  | SttPartial
  | SttFinal
  | { readonly type: 'flushed'; readonly settledMs: number }
  /** The provider thinks the speaker is done. `eager`: it may take that back with `turn-resumed`. */
  | {
      readonly type: 'turn-end';
      readonly atMs: number;
      readonly eager: boolean;
      readonly confidence?: number | undefined;
    }
  | { readonly type: 'turn-resumed'; readonly atMs: number };

/**
 * One recognition over one connection. `ready` is its first event; audio written before it is kept by the kit.
 * Failing throws from the iterable; finishing returns. `write`, `flush` and `end` never throw, and after the end are counted no-ops.
 */
export interface SttStream extends AsyncIterable<SttEvent> {
  /** The bytes belong to the stream until it has sent or copied them and are never changed by the giver. */
  write(audio: Uint8Array): void;
  flush(): void;
  /** No more audio: the remaining finals come, then the iterable returns. */
  end(): void;
}

export interface TranscriptionRequest {
  readonly audio: Uint8Array;
  readonly format: AudioFormat;
  readonly language?: string | undefined;
  readonly keyterms?: readonly string[] | undefined;
  readonly diarize?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly signal: AbortSignal;
}

/** A whole recording as text. */
export interface Transcript {
  readonly text: string;
  readonly segments: readonly SttFinal[];
  readonly language?: string | undefined;
  readonly durationMs: number;
}

export interface SttAdapter {
  readonly kind: 'stt';
  readonly specVersion: 1;
  readonly provider: string;
  /** Provider, endpoint and a salted hash of the credential: what health is counted by. Never logged. */
  readonly healthKey: string;
  /** Of a chain: the providers of its members, in order. */
  readonly members?: readonly string[] | undefined;
  /** Said by whoever configures it, never by the adapter: a region, a contract. Policy goes by them. Default: none. */
  readonly labels?: readonly string[] | undefined;
  readonly capabilities: SttCapabilities;
  /** Returns at once; asking for what is not declared throws a ConfigError before anything connects. */
  open(request: SttRequest): SttStream;
  /** Present where the provider transcribes recordings. */
  transcribe?(request: TranscriptionRequest): Promise<Transcript>;
}
