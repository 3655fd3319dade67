// Holds a voice to its budgets: connected in time, first audio in time, no gap the caller would hear, a proven end.
import { ProviderError } from '../errors/provider-error.js';
import { systemClock } from '../clock/system-clock.js';
import type { Clock } from '../spec/clock.js';
import type { SpeakOptions, TtsAdapter, TtsEvent, TtsSession, TtsUtterance } from '../spec/tts.js';
import type { Budgets } from './budgets.js';
import { createAttemptSignal, createDeadline, type AttemptSignal } from './deadline.js';

/** The same adapter; an utterance that hangs in any way fails instead. */
export function limitTts(adapter: TtsAdapter, budgets: Budgets['tts']): TtsAdapter {
  return {
    ...adapter,
    connect(request) {
      const clock = request.clock ?? systemClock;
      const session = adapter.connect({ ...request, clock });
      const state: SessionState = { isReady: false, provider: adapter.provider, budgets, clock, session };
      session.ready.then(
        () => {
          state.isReady = true;
        },
        () => undefined,
      );
      return { ...session, speak: (options) => limited(state, options) };
    },
  };
}

interface SessionState {
  isReady: boolean;
  readonly provider: string;
  readonly budgets: Budgets['tts'];
  readonly clock: Clock;
  readonly session: TtsSession;
}

/** What an utterance owes next: its first audio once it has text to say, then, once the text is over, the rest. */
type Owes = 'first-audio' | 'end';

interface UtteranceState {
  hasAudio: boolean;
  hasText: boolean;
  isEnded: boolean;
}

function limited(session: SessionState, options: SpeakOptions): TtsUtterance {
  const { budgets, clock, provider } = session;
  const attempt = createAttemptSignal(options.signal);
  const utterance = session.session.speak({ ...options, signal: attempt.signal });
  const state: UtteranceState = { hasAudio: false, hasText: false, isEnded: false };
  let owed: Owes | undefined;
  const deadline = createDeadline(clock, () => {
    attempt.abort(tooLate(provider, owed, state.hasAudio));
  });
  const owe = (owes: Owes): void => {
    owed = owes;
    const connectMs = session.isReady ? 0 : budgets.connectMs;
    // What the carrier still plays hides a gap: only what comes after it would be heard.
    deadline.arm(
      owes === 'end' ? Math.max(budgets.gapMs, options.bufferedMs()) : budgets.firstAudioMs + connectMs,
    );
  };
  return {
    write: (text) => {
      state.hasText ||= text.trim() !== '';
      utterance.write(text);
    },
    flush: () => {
      utterance.flush();
      if (state.hasText && owed === undefined) owe('first-audio');
    },
    end: () => {
      utterance.end();
      state.isEnded = true;
      owe(state.hasAudio || !state.hasText ? 'end' : 'first-audio');
    },
    [Symbol.asyncIterator]: () =>
      read(utterance, attempt, deadline.cancel, (event) => {
        if (event.type !== 'audio') return;
        state.hasAudio = true;
        // While text may still come, silence is the model's, not the voice's.
        if (state.isEnded) owe('end');
        else deadline.cancel();
      }),
  };
}

function tooLate(provider: string, owed: Owes | undefined, hasAudio: boolean): ProviderError {
  const what = owed === 'first-audio' ? 'no audio came' : 'the audio stopped before its end was proved';
  return new ProviderError({
    class: hasAudio ? 'stalled' : 'timeout',
    provider,
    stage: 'tts',
    message: `The voice was given up: ${what} in time.`,
  });
}

async function* read(
  utterance: TtsUtterance,
  attempt: AttemptSignal,
  onOver: () => void,
  onEvent: (event: TtsEvent) => void,
): AsyncGenerator<TtsEvent> {
  try {
    for await (const event of utterance) {
      onEvent(event);
      yield event;
    }
  } finally {
    onOver();
    attempt.release();
    attempt.abort();
  }
}
