// The shape every failure has, whoever made it. The classes are in errors/.

/**
 * What a failure means for the fallback above it.
 * `idle`: the peer closed with nothing in flight. `capacity`: a limit of our own. `aborted`: somebody stopped it.
 */
export type ErrorClass =
  | 'auth'
  | 'quota'
  | 'rate_limit'
  | 'invalid_request'
  | 'content'
  | 'unavailable'
  | 'timeout'
  | 'stalled'
  | 'protocol'
  | 'idle'
  | 'capacity'
  | 'aborted';

/** Where in a call a failure happened. */
export type Stage = 'stt' | 'tts' | 'llm' | 'telephony' | 'tool' | 'call' | 'config';

/**
 * Any error of Voicewire. `code` is stable and documented in docs/reference/errors.md.
 * Messages and causes never carry keys, headers, URLs with tokens, transcripts, audio or phone numbers.
 */
export interface VoiceError extends Error {
  readonly code: string;
  readonly class: ErrorClass;
  readonly provider?: string | undefined;
  readonly stage?: Stage | undefined;
  /** HTTP status or WebSocket close code, where there was one. */
  readonly status?: number | undefined;
  /** How long the provider asked us to stay away. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the same request could succeed later or elsewhere. */
  readonly retryable: boolean;
}
