// The browser's own speech recogniser (Web Speech API) as a source of transcripts. Where it sends the audio is the browser's business.
import type { PageTranscript } from '../browser-wire.js';
import { PhoneError, type PhoneProblem } from './phone-error.js';

/** Of the Web Speech API, what is used here; not in TypeScript's own library. */
export interface SpeechRecognitionLike {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  onspeechstart: (() => void) | null;
  onresult: ((event: SpeechRecognitionResultsLike) => void) | null;
  onerror: ((event: { readonly error: string }) => void) | null;
  onend: (() => void) | null;
  start(track?: MediaStreamTrack): void;
  stop(): void;
  abort(): void;
}

interface SpeechRecognitionResultsLike {
  readonly resultIndex: number;
  readonly results: ArrayLike<
    ArrayLike<{ readonly transcript: string; readonly confidence: number }> & { readonly isFinal: boolean }
  >;
}

export type SpeechRecognitionConstructor = new () => SpeechRecognitionLike;

export interface RecogniserOptions {
  /** BCP 47. Default: the browser's own language. */
  readonly language?: string | undefined;
  /** Default: the browser's own, under either of its names. */
  readonly SpeechRecognition?: SpeechRecognitionConstructor | undefined;
}

interface RecogniserCallbacks {
  /** Where the caller's track is now. */
  readonly positionMs: () => number;
  readonly onTranscript: (event: PageTranscript) => void;
  readonly onProblem: (error: PhoneError) => void;
}

export interface Recogniser {
  /** New browsers listen to `track`, which is free of echo; older ones open the microphone themselves. */
  start(track: MediaStreamTrack | undefined): void;
  stop(): void;
}

const problems: Readonly<Record<string, PhoneProblem>> = {
  'not-allowed': 'recogniser-denied',
  'service-not-allowed': 'recogniser-denied',
  'audio-capture': 'microphone-missing',
  network: 'recogniser-offline',
  'language-not-supported': 'recogniser-failed',
};
/** Ends in a row without a word said after which it is not started again; silence alone takes many seconds each. */
const maxIdleEnds = 20;

/** The recogniser's constructor where this browser has one. */
export function findSpeechRecognition(): SpeechRecognitionConstructor | undefined {
  const scope = globalThis as {
    SpeechRecognition?: SpeechRecognitionConstructor;
    webkitSpeechRecognition?: SpeechRecognitionConstructor;
  };
  return scope.SpeechRecognition ?? scope.webkitSpeechRecognition;
}

/** Throws `PhoneError` `recogniser-missing` where the browser has none. */
export function createRecogniser(options: RecogniserOptions, callbacks: RecogniserCallbacks): Recogniser {
  const Constructor = options.SpeechRecognition ?? findSpeechRecognition();
  if (Constructor === undefined) throw new PhoneError('recogniser-missing');
  const recognition = new Constructor();
  recognition.lang = options.language ?? navigator.language;
  recognition.continuous = true;
  recognition.interimResults = true;
  const speech = createSpeechReader(callbacks);
  let isWanted = false;
  /** From start to its `end` event; starting it in between would throw. */
  let isRunning = false;
  let track: MediaStreamTrack | undefined;
  let idleEnds = 0;

  function run(): void {
    isRunning = true;
    recognition.start(track);
  }

  function giveUp(problem: PhoneProblem): void {
    isWanted = false;
    callbacks.onProblem(new PhoneError(problem));
  }

  recognition.onspeechstart = () => speech.started();
  recognition.onresult = ({ results, resultIndex }) => {
    idleEnds = 0;
    const news = Array.from(results).slice(resultIndex);
    for (const result of news.filter(({ isFinal }) => isFinal)) speech.final(result[0]);
    speech.partial(news.filter(({ isFinal }) => !isFinal).map((result) => result[0]?.transcript ?? ''));
  };
  recognition.onerror = ({ error }) => {
    const problem = problems[error];
    if (problem !== undefined && isWanted) giveUp(problem);
  };
  // It ends by itself after a silence or a minute; a call goes on.
  recognition.onend = () => {
    isRunning = false;
    speech.ended();
    if (!isWanted) return;
    idleEnds += 1;
    if (idleEnds > maxIdleEnds) giveUp('recogniser-failed');
    else run();
  };

  return {
    start(newTrack) {
      isWanted = true;
      track = newTrack;
      if (!isRunning) run();
    },
    stop() {
      isWanted = false;
      recognition.abort();
    },
  };
}

/** Turns results, which carry no times, into speech with a beginning and an end on the caller's track. */
function createSpeechReader({ positionMs, onTranscript }: RecogniserCallbacks) {
  let startMs: number | undefined;

  function started(): number {
    if (startMs === undefined) {
      startMs = positionMs();
      onTranscript({ type: 'speech-start', atMs: startMs });
    }
    return startMs;
  }

  function ended(): void {
    if (startMs !== undefined) onTranscript({ type: 'speech-end', atMs: positionMs() });
    startMs = undefined;
  }

  return {
    started: () => void started(),
    ended,
    partial(pieces: readonly string[]) {
      const text = pieces.join('').trim();
      if (text !== '') onTranscript({ type: 'partial', text, startMs: started(), endMs: positionMs() });
    },
    final(result: { readonly transcript: string; readonly confidence: number } | undefined) {
      const text = result?.transcript.trim() ?? '';
      if (text === '') return;
      onTranscript({
        type: 'final',
        text,
        startMs: started(),
        endMs: positionMs(),
        confidence: result?.confidence,
      });
      ended();
    },
  };
}
