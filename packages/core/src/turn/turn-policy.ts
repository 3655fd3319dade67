// When a caller is done, when an agent gives way, how long anything may take: plain data, milliseconds.

/** Every field has a default; see `defaultTurnPolicy`. */
export interface TurnPolicy {
  /** Silence after speech that ends the caller's turn. */
  readonly endpointMs: number;
  /** Silence after which a partial is taken for the final that never came. */
  readonly promoteMs: number;
  /** Speech over the agent's that makes it stop; counted from the detected start of speech. */
  readonly bargeInMs: number;
  /** Words that make an interruption real. */
  readonly confirmWords: number;
  /** Words that are only a sign of listening and interrupt nobody; lower case. */
  readonly backchannels: readonly string[];
  /** Speech that makes an interruption real even without words. */
  readonly confirmMs: number;
  /** Silence after an interruption without words before the agent goes on. */
  readonly falseInterruptionMs: number;
  /** False: the caller can't stop the agent; what is said meanwhile is answered afterwards. */
  readonly interruptible: boolean;
  /** Text counts only when speech was detected with it: recognisers invent text out of silence. */
  readonly requireSpeech: boolean;
  /** Pause after the last key that ends keypad input; `#` ends it at once. */
  readonly keyPauseMs: number;
  /** Silence before the caller is asked whether they are there. */
  readonly silenceMs: number;
  /** How often, before the call is ended. */
  readonly silencePrompts: number;
  readonly utteranceLimitMs: number;
  /** From the decision to answer until the first audio. */
  readonly thinkingLimitMs: number;
  readonly speakingLimitMs: number;
}

export const defaultTurnPolicy: TurnPolicy = {
  endpointMs: 500,
  promoteMs: 1200,
  bargeInMs: 120,
  confirmWords: 1,
  backchannels: ['mm-hm', 'mm-hmm', 'mhm', 'mm', 'hm', 'hmm', 'uh-huh', 'aha', 'uh', 'um', 'ah', 'oh'],
  confirmMs: 1500,
  falseInterruptionMs: 900,
  interruptible: true,
  requireSpeech: true,
  keyPauseMs: 2000,
  silenceMs: 10_000,
  silencePrompts: 2,
  utteranceLimitMs: 60_000,
  thinkingLimitMs: 12_000,
  speakingLimitMs: 180_000,
};
