// Everything that can happen in a call, as one typed, versioned event stream. All else is derived from it.
import type { AudioFormat } from './audio.js';
import type { ErrorClass, Stage } from './error.js';
import type { FinishReason, ProviderState } from './llm.js';
import type { Word } from './stt.js';
import type { TtsWord } from './tts.js';

/** Why an agent began to speak. */
export type ReplyTrigger = 'greeting' | 'utterance' | 'silence' | 'say' | 'apology' | 'resume';

/** How a reply ended. `heard` replies were played whole; `cancelled` ones never reached the caller. */
export type ReplyOutcome = 'heard' | 'interrupted' | 'cancelled' | 'failed';

export type CallEndReason =
  | 'caller-hung-up'
  | 'agent-hung-up'
  | 'transferred'
  | 'caller-silent'
  | 'media-lost'
  | 'limit'
  | 'providers-failed'
  | 'aborted'
  | 'error';

/** Names of the turn's deadlines; see turn/turn-state.ts. */
export type DeadlineName =
  | 'endpoint'
  | 'promote'
  | 'discard'
  | 'keys'
  | 'utterance-limit'
  | 'silence'
  | 'thinking-limit'
  | 'barge-in'
  | 'confirm'
  | 'resume'
  | 'speaking-limit';

/** Where the time of one turn went, in milliseconds from the end of the caller's speech to the first audio sent. */
export interface TurnLatency {
  /** End of speech to the final text. */
  readonly sttMs: number;
  /** Waiting to be sure that the caller is done. */
  readonly endpointMs: number;
  /** Decision to the first text. */
  readonly llmMs: number;
  /** First text to the first audio. */
  readonly ttsMs: number;
  readonly totalMs: number;
}

/**
 * What happened, without its place in the log. Positions (`startMs`, `endMs`) on a caller's track count from its first
 * audio; positions in a reply count from the reply's first sample.
 */
export type CallEventBody =
  | {
      readonly type: 'call-started';
      readonly callId: string;
      readonly mode: 'agent' | 'assist';
      readonly agent?: string | undefined;
      readonly tracks: readonly { readonly label: string; readonly format: AudioFormat }[];
      readonly resumed: boolean;
    }
  | {
      readonly type: 'provider-used';
      readonly stage: Stage;
      readonly provider: string;
      readonly track?: string | undefined;
    }
  | {
      readonly type: 'provider-failed';
      readonly stage: Stage;
      readonly provider: string;
      readonly code: string;
      readonly class: ErrorClass;
      /** Somebody else took over; the call did not suffer. */
      readonly handled: boolean;
    }
  /**
   * A second provider was asked the same, for the first was late. One of the two questions was for nothing: so many characters
   * of messages and tools, as JSON; of what it cost beyond that, an answer that is given up tells nothing. `winner`: whose
   * answer it is; nothing where neither had one.
   */
  | {
      readonly type: 'provider-hedged';
      readonly stage: Stage;
      /** Who was asked besides. */
      readonly provider: string;
      readonly winner?: string | undefined;
      readonly inputCharacters: number;
    }
  /** So many messages more of a provider were of no use and left out: `unknown-type` where it is newer than its adapter. */
  | {
      readonly type: 'messages-skipped';
      readonly stage: Stage;
      readonly provider: string;
      readonly reason: string;
      readonly count: number;
    }
  /**
   * A provider this call may use is left alone from now on, or used again, by all calls of the process; `code` is why, where
   * it was not slowness.
   */
  | {
      readonly type: 'provider-health';
      readonly stage: Stage;
      readonly provider: string;
      readonly state: 'closed' | 'open' | 'half-open';
      readonly code?: string | undefined;
    }
  /** `silenceMs`: how much of the silence that ended the speech had been heard when this was noticed. */
  | { readonly type: 'speech-started'; readonly track: string; readonly startMs: number }
  | {
      readonly type: 'speech-ended';
      readonly track: string;
      readonly endMs: number;
      readonly silenceMs: number;
    }
  | {
      readonly type: 'transcript-partial';
      readonly track: string;
      readonly text: string;
      readonly startMs: number;
      readonly endMs: number;
    }
  | {
      readonly type: 'transcript-final';
      readonly track: string;
      readonly text: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly words: readonly Word[];
      /** No final came in time: this is the last partial. */
      readonly promoted: boolean;
      readonly confidence?: number | undefined;
      readonly language?: string | undefined;
      readonly speaker?: string | undefined;
    }
  | { readonly type: 'turn-proposed'; readonly track: string; readonly eager: boolean }
  | { readonly type: 'turn-withdrawn'; readonly track: string }
  | { readonly type: 'deadline-passed'; readonly name: DeadlineName }
  | {
      readonly type: 'user-turn';
      readonly utterance: number;
      readonly text: string;
      readonly keypad: boolean;
    }
  | {
      readonly type: 'reply-started';
      readonly turnId: number;
      readonly trigger: ReplyTrigger;
      /** The caller's utterance this answers; 0 where it answers none. */
      readonly utterance: number;
    }
  | { readonly type: 'agent-text'; readonly turnId: number; readonly text: string }
  | {
      readonly type: 'agent-segment';
      readonly turnId: number;
      /** Where one synthesis begins in the reply's text and in its audio; it ends where the next begins. */
      readonly textStart: number;
      readonly startMs: number;
    }
  | { readonly type: 'agent-words'; readonly turnId: number; readonly words: readonly TtsWord[] }
  | {
      readonly type: 'agent-audio';
      readonly turnId: number;
      readonly producedMs: number;
      readonly sentMs: number;
    }
  | { readonly type: 'agent-played'; readonly turnId: number; readonly playedMs: number }
  | { readonly type: 'agent-paused'; readonly turnId: number; readonly playedMs: number }
  | { readonly type: 'agent-resumed'; readonly turnId: number; readonly fromMs: number }
  | {
      readonly type: 'agent-heard';
      readonly turnId: number;
      /** Exactly what reached the caller's ear. */
      readonly text: string;
      readonly outcome: ReplyOutcome;
      readonly playedMs: number;
    }
  | ({ readonly type: 'turn-latency'; readonly turnId: number } & TurnLatency)
  | {
      readonly type: 'tool-started';
      readonly turnId: number;
      readonly id: string;
      readonly name: string;
      readonly argumentsText: string;
      readonly idempotencyKey: string;
      /** How much of the reply's text came before it. */
      readonly textOffset: number;
      readonly providerState?: ProviderState | undefined;
    }
  | {
      readonly type: 'tool-finished';
      readonly turnId: number;
      readonly id: string;
      readonly name: string;
      readonly ok: boolean;
      /** What the model is told. */
      readonly result: string;
      readonly durationMs: number;
    }
  | { readonly type: 'slot-filled'; readonly name: string; readonly value: unknown; readonly masked: boolean }
  | {
      readonly type: 'model-finished';
      readonly turnId: number;
      readonly reason: FinishReason;
      readonly provider: string;
    }
  | {
      readonly type: 'usage';
      readonly stage: Stage;
      readonly provider: string;
      readonly inputTokens?: number | undefined;
      readonly outputTokens?: number | undefined;
      readonly characters?: number | undefined;
      readonly audioMs?: number | undefined;
      /** Nobody told: tokens are guessed from the characters that went to and fro. */
      readonly estimated?: boolean | undefined;
    }
  /** `digit` is `•` while keypad input is masked. */
  | { readonly type: 'dtmf'; readonly digit: string; readonly masked: boolean }
  | { readonly type: 'masking-changed'; readonly masked: boolean; readonly reason: string }
  | { readonly type: 'handoff'; readonly from: string; readonly to: string }
  | { readonly type: 'transfer-started'; readonly warm: boolean }
  | { readonly type: 'transfer-failed'; readonly code: string }
  /**
   * A stage failed for good, and this is done about it: a line and another try, or a step of the ladder. `key`: the caller's
   * choice in the menu.
   */
  | {
      readonly type: 'degraded';
      readonly stage: Stage;
      readonly step: 'line' | 'menu' | 'person' | 'voicemail' | 'goodbye';
      readonly key?: string | undefined;
    }
  | { readonly type: 'media-skipped'; readonly reason: string; readonly count: number }
  /** Frames come, and nothing is in them, not even noise: a caller who is muted, or a line that works one way only. */
  | { readonly type: 'audio-silent'; readonly track: string; readonly silentMs: number }
  | { readonly type: 'audio-lost'; readonly track: string; readonly lostMs: number; readonly reason: string }
  | { readonly type: 'error'; readonly stage: Stage; readonly code: string; readonly message: string }
  | {
      readonly type: 'call-ended';
      readonly reason: CallEndReason;
      readonly durationMs: number;
      /** Resumptions included, by the prices that the application names; undefined where it names none. */
      readonly cost?: number | undefined;
    };

/** Its place in the log: `seq` from 1 without gaps, `atMs` since the call began (across resumptions). */
export interface EventStamp {
  readonly version: 1;
  readonly seq: number;
  readonly atMs: number;
}

export type CallEvent = CallEventBody & EventStamp;
export type CallEventType = CallEvent['type'];
export type CallEventOf<Type extends CallEventType> = Extract<CallEvent, { readonly type: Type }>;
