// The utterances of the scripted voice: text in, word-coded sound and its word times out.
import { TestingError } from '../testing-error.js';
import type { Clock, SpeakOptions, TtsCapabilities, TtsEvent, TtsUtterance } from '@voicewire/core/adapter';
import type { SpeechPlan, SpokenPiece } from '../speech-plan.js';
import type { TimedOutput } from './timed-output.js';

export interface ScriptedSpeech {
  readonly options: SpeakOptions;
  readonly plan: SpeechPlan;
  readonly output: TimedOutput<TtsEvent>;
  readonly clock: Clock;
  /** What alone may be said. */
  readonly line: string | RegExp | undefined;
  readonly wordTimings: TtsCapabilities['wordTimings'];
  /** Nothing is given out before. */
  readonly notBeforeMs: number;
  readonly firstAudioMs: number;
  /** Audio ms made per ms. */
  readonly speed: number;
  /** When the audio made so far was done. */
  madeMs: number | undefined;
  hasEnded: boolean;
}

/** Whether the text so far can still become the line. */
function fits(text: string, line: string | RegExp, isWhole: boolean): boolean {
  if (typeof line !== 'string') return !isWhole || line.test(text);
  return isWhole ? text.trim() === line.trim() : line.startsWith(text.trim());
}

function isScripted(speech: ScriptedSpeech, isWhole: boolean): boolean {
  const { line, plan, output } = speech;
  if (line === undefined || fits(plan.text, line, isWhole)) return true;
  const message = `The script has ${String(line)} here, and something else was to be said.`;
  output.fail(new TestingError('testing.unscripted', message));
  return false;
}

/** Audio is made one piece after the other, the first after `firstAudioMs`. */
function madeAt(speech: ScriptedSpeech, piece: SpokenPiece): number {
  const { clock, notBeforeMs, firstAudioMs, speed } = speech;
  const beginMs = speech.madeMs ?? Math.max(clock.now(), notBeforeMs) + firstAudioMs;
  speech.madeMs = Math.max(beginMs, clock.now()) + (piece.endMs - piece.startMs) / speed;
  return speech.madeMs;
}

function sayPieces(speech: ScriptedSpeech): void {
  const { plan, output, clock, wordTimings } = speech;
  for (let piece = plan.next(); piece !== undefined; piece = plan.next()) {
    const delayMs = madeAt(speech, piece) - clock.now();
    const words = piece.words.map(({ textStart, textEnd, startMs, endMs }) => ({
      textStart,
      textEnd,
      startMs,
      endMs,
    }));
    if (wordTimings && words.length > 0) output.push({ type: 'words', words }, { delayMs });
    output.push({ type: 'audio', audio: piece.audio }, { delayMs });
  }
}

export function toUtterance(speech: ScriptedSpeech): TtsUtterance {
  const { plan, output } = speech;
  const isClosed = (): boolean => speech.hasEnded || output.isOver;
  return {
    write(text) {
      if (isClosed()) return;
      plan.write(text);
      if (isScripted(speech, false)) sayPieces(speech);
    },
    flush() {
      if (isClosed()) return;
      plan.flush();
      sayPieces(speech);
    },
    end() {
      if (isClosed()) return;
      speech.hasEnded = true;
      if (!isScripted(speech, true)) return;
      plan.flush();
      sayPieces(speech);
      output.finish();
    },
    [Symbol.asyncIterator]: () => output[Symbol.asyncIterator](),
  };
}
