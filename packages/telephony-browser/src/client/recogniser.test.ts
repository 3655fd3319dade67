import { describe, expect, it } from 'vitest';
import type { PageTranscript } from '../browser-wire.js';
import type { PhoneError } from './phone-error.js';
import { createRecogniser, type SpeechRecognitionLike } from './recogniser.js';

class ScriptedRecognition implements SpeechRecognitionLike {
  static last: ScriptedRecognition;
  lang = '';
  continuous = false;
  interimResults = false;
  onspeechstart: SpeechRecognitionLike['onspeechstart'] = null;
  onresult: SpeechRecognitionLike['onresult'] = null;
  onerror: SpeechRecognitionLike['onerror'] = null;
  onend: SpeechRecognitionLike['onend'] = null;
  starts = 0;
  isRunning = false;

  constructor() {
    ScriptedRecognition.last = this;
  }

  start(): void {
    if (this.isRunning) throw new TypeError('already started');
    this.isRunning = true;
    this.starts += 1;
  }

  stop(): void {
    this.abort();
  }

  /** As in browsers, the end comes later. */
  abort(): void {
    if (this.isRunning) queueMicrotask(() => this.end());
  }

  end(): void {
    this.isRunning = false;
    this.onend?.();
  }

  hear(transcript: string, isFinal: boolean): void {
    const result = Object.assign([{ transcript, confidence: 0.9 }], { isFinal });
    this.onresult?.({ resultIndex: 0, results: [result] });
  }
}

function listen() {
  const events: PageTranscript[] = [];
  const problems: PhoneError[] = [];
  const clock = { ms: 100 };
  const recogniser = createRecogniser(
    { SpeechRecognition: ScriptedRecognition, language: 'en-GB' },
    {
      positionMs: () => clock.ms,
      onTranscript: (event) => events.push(event),
      onProblem: (problem) => problems.push(problem),
    },
  );
  recogniser.start(undefined);
  return { recogniser, events, problems, clock, recognition: ScriptedRecognition.last };
}

describe('recogniser', () => {
  it('turns results into speech with a beginning and an end', () => {
    const { events, clock, recognition } = listen();
    recognition.onspeechstart?.();
    clock.ms = 400;
    recognition.hear('where is', false);
    clock.ms = 900;
    recognition.hear(' where is my order ', true);
    expect(events).toEqual([
      { type: 'speech-start', atMs: 100 },
      { type: 'partial', text: 'where is', startMs: 100, endMs: 400 },
      { type: 'final', text: 'where is my order', startMs: 100, endMs: 900, confidence: 0.9 },
      { type: 'speech-end', atMs: 900 },
    ]);
  });

  it('goes on after the browser ends it, and closes speech that led to nothing', () => {
    const { events, recognition } = listen();
    recognition.onspeechstart?.();
    recognition.end();
    expect(recognition.starts).toBe(2);
    expect(events.at(-1)).toEqual({ type: 'speech-end', atMs: 100 });
  });

  it('can be stopped and started again before the browser has noticed', async () => {
    const { recogniser, recognition } = listen();
    recogniser.stop();
    recogniser.start(undefined);
    await Promise.resolve();
    expect(recognition.isRunning).toBe(true);
    recogniser.stop();
    await Promise.resolve();
    expect(recognition.isRunning).toBe(false);
    expect(recognition.starts).toBe(2);
  });

  it('gives up where the browser forbids it, with a sentence for the person', () => {
    const { problems, recognition } = listen();
    recognition.onerror?.({ error: 'not-allowed' });
    recognition.end();
    expect(recognition.starts).toBe(1);
    expect(problems.map(({ code }) => code)).toEqual(['recogniser-denied']);
  });

  it('takes silence for nothing, but does not start for ever', () => {
    const { problems, recognition } = listen();
    recognition.onerror?.({ error: 'no-speech' });
    for (let end = 0; end < 30; end += 1) recognition.end();
    expect(recognition.starts).toBe(21);
    expect(problems.map(({ code }) => code)).toEqual(['recogniser-failed']);
  });
});
