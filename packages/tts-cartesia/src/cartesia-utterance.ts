// One utterance: usually one context; after a long pause in its text one more, so that they speak one after the other.
// https://docs.cartesia.ai/use-the-api/tts-websocket/contexts
import { randomUUID } from 'node:crypto';
import {
  type AudioFormat,
  type Clock,
  createWordTiming,
  durationMs,
  type TtsFeed,
  type TtsSpeaker,
  type WordTiming,
} from '@voicewire/core/adapter';
import type { ContextNews, Input } from './cartesia-wire.js';

/**
 * A context expires a second after its last audio, and what it is sent afterwards is lost. One in which nobody said
 * anything for this long gets no more text: the rest of the second is for the way there and back.
 */
const patienceMs = 500;

/** By context: who hears what is said of it. */
export type Listeners = Map<string, (news: ContextNews) => void>;

export interface UtteranceInput {
  readonly feed: TtsFeed;
  /** What each request of a context repeats. */
  readonly fields: object;
  readonly format: AudioFormat;
  readonly clock: Clock;
  readonly listeners: Listeners;
  send(frame: string): void;
}

/** Text that is spoken as one. */
interface Context {
  readonly id: string;
  /** Where in the utterance it begins. */
  readonly startMs: number;
  /** When it was last given text, and when it last gave something. */
  toldAtMs: number;
  heardAtMs: number;
  /** It was told that it has all of its text. */
  isEnded: boolean;
}

interface Utterance extends UtteranceInput {
  readonly words: WordTiming;
  audioBytes: number;
  context: Context | undefined;
  /** For the next context: this one has ended and still speaks. */
  waiting: Input[];
  hasEnded: boolean;
}

export function openUtterance(input: UtteranceInput): TtsSpeaker {
  const utterance: Utterance = {
    ...input,
    words: createWordTiming(),
    audioBytes: 0,
    context: undefined,
    waiting: [],
    hasEnded: false,
  };
  return {
    write: (text) => {
      utterance.words.write(text);
      if (mayExpire(utterance)) tell(utterance, { transcript: '', continue: false });
      tell(utterance, { transcript: text, continue: true });
    },
    flush: () => {
      if (utterance.context !== undefined) tell(utterance, { transcript: '', continue: true, flush: true });
    },
    end: () => end(utterance),
    close: () => {
      const { context } = utterance;
      if (context === undefined) return;
      utterance.send(JSON.stringify({ context_id: context.id, cancel: true }));
      forget(utterance, context);
    },
  };
}

function mayExpire({ context, clock }: Utterance): boolean {
  if (context === undefined || context.isEnded) return false;
  return clock.now() - Math.max(context.toldAtMs, context.heardAtMs) >= patienceMs;
}

function end(utterance: Utterance): void {
  const { context, waiting, feed } = utterance;
  utterance.hasEnded = true;
  // Expired: all that was written is spoken.
  if (context === undefined) feed.finish();
  else if (!context.isEnded || waiting.length > 0) tell(utterance, { transcript: '', continue: false });
}

function tell(utterance: Utterance, input: Input): void {
  const context = (utterance.context ??= begin(utterance));
  if (context.isEnded) {
    utterance.waiting.push(input);
    return;
  }
  if (input.transcript !== '') context.toldAtMs = utterance.clock.now();
  context.isEnded = !input.continue;
  utterance.send(JSON.stringify({ ...utterance.fields, context_id: context.id, ...input }));
}

function begin(utterance: Utterance): Context {
  const { listeners, audioBytes, format, clock } = utterance;
  const context: Context = {
    id: randomUUID(),
    startMs: durationMs(audioBytes, format),
    toldAtMs: clock.now(),
    heardAtMs: clock.now(),
    isEnded: false,
  };
  listeners.set(context.id, (news) => hear(utterance, context, news));
  return context;
}

/** What comes of it later is heard by nobody. */
function forget(utterance: Utterance, { id }: Context): void {
  utterance.listeners.delete(id);
  utterance.context = undefined;
}

function hear(utterance: Utterance, context: Context, news: ContextNews): void {
  const { feed, words, clock } = utterance;
  context.heardAtMs = clock.now();
  feed.words(words.hear(news.words, context.startMs));
  feed.audio(news.audio);
  utterance.audioBytes += news.audio.length;
  if (news.error !== undefined) {
    forget(utterance, context);
    feed.fail(news.error);
  } else if (news.isDone) {
    forget(utterance, context);
    goOn(utterance, context);
  }
}

/** A context is done: it was ended, or has expired. */
function goOn(utterance: Utterance, { isEnded, toldAtMs }: Context): void {
  const { waiting, feed, clock } = utterance;
  utterance.waiting = [];
  for (const input of waiting) tell(utterance, input);
  // So soon after text it did not expire, but was cut: before the end of the text the kit calls that a failure.
  const isCut = !isEnded && clock.now() - toldAtMs < patienceMs;
  if (utterance.context === undefined && (utterance.hasEnded || isCut)) feed.finish();
}
