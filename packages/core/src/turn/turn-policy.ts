// When a caller is done, when an agent gives way, how long anything may take: plain data, milliseconds.
import { wordsFor, type TurnWords } from './turn-words.js';

/** Every field has a default; see `defaultTurnPolicy`. Phrases are compared without case, punctuation and hyphens. */
export interface TurnPolicy extends TurnWords {
  /** Silence after speech that ends the caller's turn, until their own pauses are known. */
  readonly endpointMs: number;
  /** Learn from the caller's pauses. False: the silence is always `endpointMs`. */
  readonly endpointDynamic: boolean;
  /** Bounds of what is learnt. They give way to `endpointMs`. */
  readonly endpointMinMs: number;
  readonly endpointMaxMs: number;
  /** More silence where the sentence is open: a comma, a hesitation, one of `unfinishedWords`. */
  readonly unfinishedMs: number;
  /** Silence after which a partial is taken for the final that never came. */
  readonly promoteMs: number;
  /** Speech over the agent's that makes it stop; counted from the detected start of speech. */
  readonly bargeInMs: number;
  /** Words that make an interruption real, beside `backchannels`. One is enough after a question. */
  readonly confirmWords: number;
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
  /** A turn that lasts so long, pauses included, is taken: the agent breaks in. 0: never. */
  readonly utteranceLimitMs: number;
  /** The same for so many words. 0: any number. */
  readonly utteranceLimitWords: number;
  /** From the decision to answer until the first audio. */
  readonly thinkingLimitMs: number;
  readonly speakingLimitMs: number;
}

/** The default policy with the phrases of a language (BCP 47). Default English. */
export function turnPolicyFor(language?: string): TurnPolicy {
  return {
    endpointMs: 500,
    endpointDynamic: true,
    endpointMinMs: 300,
    endpointMaxMs: 1500,
    unfinishedMs: 600,
    promoteMs: 1200,
    bargeInMs: 120,
    confirmWords: 1,
    confirmMs: 1500,
    falseInterruptionMs: 900,
    interruptible: true,
    requireSpeech: true,
    keyPauseMs: 2000,
    silenceMs: 10_000,
    silencePrompts: 2,
    utteranceLimitMs: 60_000,
    utteranceLimitWords: 0,
    thinkingLimitMs: 12_000,
    speakingLimitMs: 180_000,
    ...wordsFor(language),
  };
}

export const defaultTurnPolicy: TurnPolicy = turnPolicyFor();
