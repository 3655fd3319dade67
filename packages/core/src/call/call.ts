// A call as applications see it: typed events, a way to speak and to end it, and a result.
import type { Clock } from '../spec/clock.js';
import type { AudioFormat } from '../spec/audio.js';
import type { LlmAdapter, LlmMessage } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type {
  CallControl,
  MediaConnection,
  MediaEvent,
  MediaTrack,
  TelephonyCapabilities,
} from '../spec/telephony.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import type { Agent, CallContext } from './agent.js';
import type { Health } from '../resilience/health.js';
import type { Ladder } from '../resilience/ladder.js';
import type { CallEndReason, CallEvent, CallEventOf, CallEventType } from '../spec/call-event.js';
import type { ReadEvent } from './call-log.js';
import type { Prices } from './spend.js';
import type { Approve } from './tool.js';
import type { VoiceCache } from './voice-cache.js';

/** Media whose start message has come: `acceptMedia` makes one of a connection. */
export interface CallMedia {
  /** Whose line it is: `prices.telephony` goes by it. */
  readonly provider?: string | undefined;
  readonly start: Extract<MediaEvent, { readonly type: 'start' }>;
  readonly connection: MediaConnection;
  /** What comes after the start. */
  readonly events: AsyncIterable<MediaEvent>;
  readonly capabilities: TelephonyCapabilities;
  /** Audio that came before is delivered first. */
  onAudio(listener: (track: string, audio: Uint8Array, atMs: number) => void): void;
}

/** One adapter per stage; a chain is an adapter too (`fallbackStt` and its like). */
export interface CallProviders {
  /** `'media'`: the media connection brings its own transcripts. */
  readonly stt: SttAdapter | 'media';
  readonly llm?: LlmAdapter | undefined;
  readonly tts?: TtsAdapter | undefined;
}

export interface RunCallOptions {
  /** Default: the media's own call id. */
  readonly callId?: string | undefined;
  /** `agent`: a machine talks on `agentTrack`'s behalf. `assist`: it only listens. */
  readonly mode: 'agent' | 'assist';
  readonly media: CallMedia;
  readonly providers: CallProviders;
  /** Needed in mode `agent`. */
  readonly agent?: Agent | undefined;
  /** The track that is answered. Default: the media's first. */
  readonly callerTrack?: string | undefined;
  /** For whoever does not say otherwise: the agent's own wins. */
  readonly turn?: Partial<TurnPolicy> | undefined;
  /** BCP 47; default: the agent's. */
  readonly language?: string | undefined;
  readonly context?: CallContext | undefined;
  readonly approve?: Approve | undefined;
  /** Carrier commands for this call; without them a hang-up closes the media. */
  readonly control?: CallControl | undefined;
  /** Where the carrier asks what comes next when a transfer reached nobody; `resume` takes that call up. */
  readonly returnUrl?: string | undefined;
  /** Whose changes the log tells, as far as they are about this call's providers. Default: nobody's. */
  readonly health?: Health | undefined;
  /** What is left when a stage has failed for good. Default: one more try, then a goodbye. */
  readonly ladder?: Ladder | undefined;
  /** Phrases that were rendered before. */
  readonly phrases?: VoiceCache | undefined;
  /** After our media the carrier asks what comes next: it can say what no voice of ours could. Default false. */
  readonly carrierSpeaks?: boolean | undefined;
  /** The snapshot of the same call's log: it goes on where that ended. */
  readonly resume?: readonly CallEvent[] | undefined;
  /** What providers ask. Default: what a call costs is not counted. */
  readonly prices?: Prices | undefined;
  /** What the call may cost, for agents that do not say otherwise (`AgentLimits.money`). Default: no limit. */
  readonly moneyLimit?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is heard on the line, for recordings: the caller's audio and the agent's as it is played, behind the mask gate. */
export type AudioTap = (
  side: 'caller' | 'agent',
  track: string,
  audio: Uint8Array,
  format: AudioFormat,
  atMs: number,
) => void;

export interface CallResult {
  readonly callId: string;
  readonly reason: CallEndReason;
  readonly durationMs: number;
  /** Everything said and heard, as a model would be told it. */
  readonly messages: readonly LlmMessage[];
  readonly log: readonly CallEvent[];
  /** By `prices`, resumptions included; undefined without them. */
  readonly cost?: number | undefined;
  /** With `carrierSpeaks`: last words that no voice could say. The call was not hung up, so that the carrier says them. */
  readonly unsaid?: string | undefined;
}

export type CallListener<Type extends CallEventType> = (event: CallEventOf<Type>) => void;

export interface Call {
  readonly callId: string;
  readonly tracks: readonly MediaTrack[];
  /** Settles when the call is over and everything of it is closed; never rejects. */
  readonly done: Promise<CallResult>;
  /** A listener that throws ends nothing but itself. Returns what takes the listener away. */
  on<Type extends CallEventType>(type: Type, listener: CallListener<Type>): () => void;
  /** Every event, in order; a reader that is slow loses some, and is told how many. */
  events(options?: {
    readonly fromSeq?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<ReadEvent>;
  /** What a resumption needs. */
  snapshot(): readonly CallEvent[];
  /** What it has cost so far, by `prices`; undefined without them. */
  cost(): number | undefined;
  onAudio(tap: AudioTap): () => void;
  /** Says a line after what is being said. */
  say(text: string): void;
  /** Speaks no more, waits for what was said to be heard unless `now`, then ends the call. */
  hangup(options?: { readonly now?: boolean | undefined }): void;
  transfer(to: string, options?: { readonly from?: string | undefined }): Promise<void>;
  /** Nothing said or typed reaches any record until the returned function is called. */
  mask(reason: string): () => void;
}
