// How `/v3/ws` talks: a turn is told anew with every message until it is over. https://www.assemblyai.com/docs/streaming/message-sequence
import {
  type AudioFormat,
  durationMs,
  ProviderError,
  type SttEvent,
  type SttFinal,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AssemblyAiSettings } from './assemblyai-options.js';
import { classOf, formatsLater, minSilenceMs, owner } from './assemblyai-request.js';

const messageSchema = z.object({ type: z.string() });
const speechStartedSchema = z.object({ timestamp: z.number() });
/** Comes just before the close that has the same code. */
const errorSchema = z.object({ error_code: z.number().nullish(), error: z.string().nullish() });

/** Times in ms. Also what recordings are answered with. */
export const wordSchema = z.object({
  text: z.string(),
  start: z.number(),
  end: z.number(),
  confidence: z.number().nullish(),
  speaker: z.string().nullish(),
});
const turnSchema = z.object({
  turn_order: z.number(),
  turn_is_formatted: z.boolean(),
  end_of_turn: z.boolean(),
  end_of_turn_confidence: z.number().nullish(),
  /** Settled words only; `words` has also those that may still change. */
  transcript: z.string(),
  words: z.array(wordSchema),
  language_code: z.string().nullish(),
  speaker_label: z.string().nullish(),
});
type Turn = z.infer<typeof turnSchema>;

interface State {
  /** Whether a turn is told twice, and final when it is formatted. */
  readonly formatsLater: boolean;
  readonly minSilenceMs: number;
  sentMs(): number;
  /** The latest turn, until it is final. */
  open: Turn | undefined;
  lastOrder: number;
  settledMs: number;
  isSpeaking: boolean;
  /** Where the audio stood at each flush that no turn has answered. */
  flushes: readonly number[];
}

/** For one stream. */
export function turnProtocol(format: AudioFormat, settings: AssemblyAiSettings) {
  let sentBytes = 0;
  const state: State = {
    formatsLater: formatsLater(settings),
    minSilenceMs: minSilenceMs(settings),
    sentMs: () => durationMs(sentBytes, format),
    open: undefined,
    lastOrder: -1,
    settledMs: 0,
    isSpeaking: false,
    flushes: [],
  };
  return {
    frames: {
      audio(audio: Uint8Array): Uint8Array {
        sentBytes += audio.byteLength;
        return audio;
      },
      flush(): string {
        state.flushes = [...state.flushes, state.sentMs()];
        return '{"type":"ForceEndpoint"}';
      },
      end: () => '{"type":"Terminate"}',
    },
    decode(message: unknown): readonly SttEvent[] | undefined {
      switch (messageSchema.parse(message).type) {
        case 'Begin':
          return [{ type: 'ready' }];
        case 'SpeechStarted':
          return startSpeech(state, speechStartedSchema.parse(message).timestamp);
        case 'Turn':
          return toTurn(state, turnSchema.parse(message));
        case 'Error':
          throw sessionError(errorSchema.parse(message));
        case 'Warning':
        case 'Heartbeat':
        case 'Silence':
        case 'SpeakerRevision':
        case 'LLMGatewayResponse':
          return [];
        default:
          return undefined;
      }
    },
    readyBy: 'message' as const,
    isEnd: (message: unknown) => messageSchema.parse(message).type === 'Termination',
    // Where no turn is open, nothing answers a ForceEndpoint.
    flushAnswerMs: 1000,
    drain: () => (state.open === undefined ? [] : close(state, state.open)),
  };
}

function startSpeech(state: State, atMs: number): readonly SttEvent[] {
  if (state.isSpeaking) return [];
  state.isSpeaking = true;
  return [{ type: 'speech-start', atMs }];
}

function toTurn(state: State, turn: Turn): readonly SttEvent[] {
  const { open, lastOrder, settledMs } = state;
  const { turn_order: order, words } = turn;
  // Told again after it was final.
  if (order <= lastOrder) return [];
  // One that another follows is over, also when its formatted version never came.
  const overdue = open !== undefined && open.turn_order < order ? close(state, open) : [];
  const startMs = words[0]?.start ?? settledMs;
  const endMs = words.at(-1)?.end ?? startMs;
  const isOver = turn.end_of_turn && (turn.turn_is_formatted || !state.formatsLater);
  state.open = turn;
  return [
    ...overdue,
    ...(words.length > 0 ? startSpeech(state, startMs) : []),
    ...(isOver ? close(state, turn) : [{ type: 'partial', text: textOf(words), startMs, endMs } as const]),
  ];
}

function close(state: State, turn: Turn): readonly SttEvent[] {
  const { words, end_of_turn: hasEnded, end_of_turn_confidence: confidence } = turn;
  const { flushes, isSpeaking, minSilenceMs } = state;
  const last = words.at(-1);
  const atMs = last?.end ?? state.settledMs;
  // Words begun after a flush show that it went unanswered, as it does in silence.
  const [flushedMs, ...later] = flushes.filter((flushMs) => last === undefined || last.start < flushMs);
  const silentMs = hasEnded ? Math.min(atMs + minSilenceMs, state.sentMs()) : atMs;
  const settledMs = Math.max(state.settledMs, atMs, flushedMs ?? silentMs);
  state.open = undefined;
  state.lastOrder = turn.turn_order;
  state.settledMs = settledMs;
  state.isSpeaking = false;
  state.flushes = later;
  const text = hasEnded ? turn.transcript : textOf(words);
  const ends: readonly SttEvent[] = [
    { type: 'speech-end', atMs },
    { type: 'turn-end', atMs, eager: false, confidence: confidence ?? undefined },
  ];
  return [
    toFinal({ ...turn, text, speaker: turn.speaker_label }, settledMs),
    ...(flushedMs === undefined ? [] : [{ type: 'flushed', settledMs } as const]),
    ...(isSpeaking ? ends : []),
  ];
}

function textOf(words: Turn['words']): string {
  return words.map(({ text }) => text).join(' ');
}

function sessionError({ error_code, error }: z.infer<typeof errorSchema>): ProviderError {
  const status = error_code ?? undefined;
  const errorClass = classOf(status ?? 0, error ?? '') ?? 'unavailable';
  const message = `assemblyai ended the session (code ${status ?? 'unknown'}).`;
  return new ProviderError({ ...owner, class: errorClass, status, message });
}

type Said = Pick<Turn, 'words' | 'language_code'> & { text: string; speaker?: string | null | undefined };

export function toFinal({ text, words, language_code, speaker }: Said, settledMs: number): SttFinal {
  return {
    type: 'final',
    text,
    startMs: words[0]?.start ?? settledMs,
    endMs: words.at(-1)?.end ?? settledMs,
    settledMs,
    words: words.map((word) => ({
      text: word.text,
      startMs: word.start,
      endMs: word.end,
      confidence: word.confidence ?? undefined,
      speaker: nameOf(word.speaker),
    })),
    language: language_code ?? undefined,
    speaker: nameOf(speaker),
  };
}

/** What is too short to be told apart is labelled UNKNOWN. */
function nameOf(label: string | null | undefined): string | undefined {
  return label && label !== 'UNKNOWN' ? `speaker-${label}` : undefined;
}
