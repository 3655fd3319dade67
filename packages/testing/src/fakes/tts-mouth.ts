// The utterances of one connection to a fake voice: spoken piece by piece, so that what the client says comes in between.
import { createSpeechPlan, type SpeechPlan, type SpokenPiece } from '../speech-plan.js';
import { TestingError } from '../testing-error.js';
import { defaultMsPerChar } from '../word-sound.js';
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

/** One utterance that is being spoken. */
export interface Speech {
  readonly heard: TtsHeardUtterance;
  write(text: string): void;
  /** Speaks what is there, then says so. */
  flush(): void;
  /** Speaks the rest, then says that it is complete. */
  end(): void;
  /** Speaks no more, apart from what was on its way. */
  cancel(): void;
}

/** The utterances of one connection. */
export interface Mouth {
  readonly heard: TtsHeard;
  /** Neither complete nor cancelled. */
  readonly open: readonly Speech[];
  note(message: TtsClientMessage['type']): void;
  configure(asked: TtsAsked): void;
  find(id: string): Speech | undefined;
  begin(id: string, asked?: TtsAsked): Speech;
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

function isOpen({ heard: { state } }: Speech): boolean {
  return state === 'open' || state === 'ended';
}

export function createMouth(input: MouthInput): Mouth {
  const speeches: Speech[] = [];
  const controls: TtsClientMessage['type'][] = [];
  let { asked } = input;

  const heard: TtsHeard = {
    get asked() {
      return asked;
    },
    get utterances() {
      return speeches.map((speech) => speech.heard);
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
    find: (id) => speeches.findLast((speech) => speech.heard.id === id && isOpen(speech)),
    begin(id, own) {
      const speech = beginSpeech(input, id, { ...asked, ...own });
      speeches.push(speech);
      return speech;
    },
  };
}

interface SpeechState {
  readonly input: MouthInput;
  readonly id: string;
  readonly plan: SpeechPlan;
  state: TtsHeardUtterance['state'];
  /** Flushes that were not answered yet. */
  flushes: number;
}

function beginSpeech(input: MouthInput, id: string, asked: TtsAsked): Speech {
  const { format } = asked;
  if (format === undefined) {
    throw new TestingError(
      'testing.fake_misuse',
      'The dialect did not say which audio format was asked for.',
    );
  }
  const speech: SpeechState = {
    input,
    id,
    plan: createSpeechPlan({ format, ...input.options }),
    state: 'open',
    flushes: 0,
  };
  const { plan } = speech;
  return {
    get heard() {
      return { id, asked, state: speech.state, text: plan.text, spokenMs: plan.spokenMs };
    },
    write(text) {
      plan.write(text);
      speak(speech);
    },
    flush() {
      plan.flush();
      speech.flushes += 1;
      speak(speech);
    },
    end() {
      plan.flush();
      speech.state = 'ended';
      speak(speech);
    },
    cancel: () => cancel(speech),
  };
}

/** One piece at a time: the next is made when this one has gone out. */
function speak(speech: SpeechState): void {
  if (speech.state !== 'open' && speech.state !== 'ended') return;
  if (sayPiece(speech)) speech.input.then(() => speak(speech));
  else settle(speech);
}

function sayPiece({ id, plan, input }: SpeechState): boolean {
  const piece = plan.next();
  if (piece !== undefined) input.say(toAudio(id, piece, input.options.msPerChar ?? defaultMsPerChar));
  return piece !== undefined;
}

/** Everything that may be spoken was. */
function settle(speech: SpeechState): void {
  const { id: utterance, input } = speech;
  for (; speech.flushes > 0; speech.flushes -= 1) input.say({ type: 'flushed', utterance });
  if (speech.state !== 'ended') return;
  speech.state = 'complete';
  input.say({ type: 'final', utterance });
  input.onOver();
}

function cancel(speech: SpeechState): void {
  const { id: utterance, input } = speech;
  speech.state = 'cancelled';
  for (let late = input.options.latePieces ?? 2; late > 0 && sayPiece(speech); late -= 1);
  input.say({ type: 'cancelled', utterance });
  input.onOver();
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
