// The utterances of one connection to a fake voice: spoken piece by piece, so that what the client says comes in between.
import { createSpeechPlan, type SpeechPlan, type SpokenPiece } from '../speech-plan.js';
import { TestingError } from '../testing-error.js';
import type { TtsAsked, TtsClientMessage, TtsFakeAudio, TtsFakeEvent } from './dialects.js';

/** How a fake voice speaks. */
export interface TtsVoiceOptions {
  /** Every character takes this long, spaces included: times are text offsets times this. Default 60. */
  readonly msPerChar?: number | undefined;
  /** Text that is waited for before speaking begins without a flush or an end, in characters. Default 40. */
  readonly bufferChars?: number | undefined;
  /** How much audio a message holds at most. Default 240. */
  readonly chunkMs?: number | undefined;
  /** Pieces of a cancelled utterance that still go out, as those already on the wire would. Default 2. */
  readonly latePieces?: number | undefined;
}

/** What the fake knows of one utterance. */
export interface TtsHeardUtterance {
  readonly id: string;
  readonly asked: TtsAsked;
  readonly text: string;
  readonly spokenMs: number;
  readonly state: 'open' | 'ended' | 'complete' | 'cancelled';
}

/** What one connection or request asked for. */
export interface TtsHeard {
  readonly asked: TtsAsked;
  /** In the order they were opened. */
  readonly utterances: readonly TtsHeardUtterance[];
  /** Messages by type, in order. */
  readonly controls: readonly TtsClientMessage['type'][];
}

export interface Speech {
  readonly id: string;
  readonly asked: TtsAsked;
  readonly plan: SpeechPlan;
  state: TtsHeardUtterance['state'];
  /** Flushes that were not answered yet. */
  flushes: number;
}

/** Speaks the utterances of one connection, one piece at a time, so that messages of the client come in between. */
export interface Mouth {
  readonly heard: TtsHeard;
  readonly open: readonly Speech[];
  note(message: TtsClientMessage['type']): void;
  configure(asked: TtsAsked): void;
  find(id: string): Speech | undefined;
  begin(id: string, asked?: TtsAsked): Speech;
  /** Something may be spoken now. */
  speak(speech: Speech): void;
  cancel(speech: Speech): void;
}

export interface MouthInput {
  readonly asked: TtsAsked;
  readonly options: TtsVoiceOptions;
  say(event: TtsFakeEvent): void;
  /** Runs after everything said so far has gone out. */
  then(action: () => void): void;
  /** An utterance is over: complete or cancelled. */
  onOver(): void;
}

function toAudio(id: string, piece: SpokenPiece, msPerChar: number): TtsFakeAudio {
  const { audio, startMs, endMs, words } = piece;
  const characters = Array.from({ length: piece.text.length }, (_, index) => ({
    text: piece.text.charAt(index),
    startMs: startMs + index * msPerChar,
    endMs: startMs + (index + 1) * msPerChar,
  }));
  return { type: 'audio', utterance: id, audio, startMs, endMs, words, characters };
}

function isOpen(speech: Speech): boolean {
  return speech.state === 'open' || speech.state === 'ended';
}

export function createMouth({ asked: firstAsked, options, say, then, onOver }: MouthInput): Mouth {
  const { msPerChar = 60, bufferChars, chunkMs, latePieces = 2 } = options;
  const speeches: Speech[] = [];
  const controls: TtsClientMessage['type'][] = [];
  let asked = firstAsked;

  function begin(id: string, own: TtsAsked = {}): Speech {
    const format = own.format ?? asked.format;
    if (format === undefined) {
      throw new TestingError(
        'testing.fake_misuse',
        'The dialect did not say which audio format was asked for.',
      );
    }
    const plan = createSpeechPlan({ format, msPerChar, bufferChars, chunkMs });
    const speech: Speech = { id, asked: { ...asked, ...own }, state: 'open', plan, flushes: 0 };
    speeches.push(speech);
    return speech;
  }

  function sayPiece(speech: Speech): boolean {
    const piece = speech.plan.next();
    if (piece !== undefined) say(toAudio(speech.id, piece, msPerChar));
    return piece !== undefined;
  }

  function settle(speech: Speech): void {
    for (; speech.flushes > 0; speech.flushes -= 1) say({ type: 'flushed', utterance: speech.id });
    if (speech.state !== 'ended') return;
    speech.state = 'complete';
    say({ type: 'final', utterance: speech.id });
    onOver();
  }

  function speak(speech: Speech): void {
    if (!isOpen(speech)) return;
    if (sayPiece(speech)) then(() => speak(speech));
    else settle(speech);
  }

  const heard: TtsHeard = {
    get asked() {
      return asked;
    },
    get utterances() {
      return speeches.map(({ id, asked: own, state, plan }) => ({
        id,
        asked: own,
        state,
        text: plan.text,
        spokenMs: plan.spokenMs,
      }));
    },
    controls,
  };

  return {
    heard,
    get open() {
      return speeches.filter(isOpen);
    },
    note: (message) => void controls.push(message),
    configure: (more) => void (asked = { ...asked, ...more }),
    find: (id) => speeches.findLast((speech) => speech.id === id && isOpen(speech)),
    begin,
    speak,
    cancel(speech) {
      speech.state = 'cancelled';
      for (let late = 0; late < latePieces && sayPiece(speech); late += 1);
      say({ type: 'cancelled', utterance: speech.id });
      onOver();
    },
  };
}
