// Holds a voice to its budgets: connected in time, first audio in time, no gap the caller would hear, a proven end.
import { systemClock } from '../clock/system-clock.js';
import { ProviderError } from '../errors/provider-error.js';
import type { Clock } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import type {
  SpeakOptions,
  TtsAdapter,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
} from '../spec/tts.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import type { Budgets } from './budgets.js';
import { createDeadline } from './deadline.js';
import { readOnce, readUntil } from './read-stream.js';

/** The same adapter; a session or an utterance that hangs in any way fails instead. */
export function limitTts(adapter: TtsAdapter, budgets: Budgets['tts']): TtsAdapter {
  return { ...adapter, connect: (request) => limitedSession(adapter, request, budgets) };
}

interface SessionState {
  readonly provider: string;
  readonly budgets: Budgets['tts'];
  readonly clock: Clock;
  readonly inner: TtsSession;
  readonly ready: Promise<void>;
  readonly utterances: Set<Attempt>;
  isReady: boolean;
}

/** `ready` and `closed` are ours: they settle in time even if the adapter's do not. */
function limitedSession(adapter: TtsAdapter, request: TtsRequest, budgets: Budgets['tts']): TtsSession {
  const { clock = systemClock } = request;
  const { provider } = adapter;
  const utterances = new Set<Attempt>();
  let settleClosed: (error: VoiceError | undefined) => void = () => undefined;
  let rejectReady: (error: unknown) => void = () => undefined;
  const connect = createDeadline(clock, () => {
    const late = givenUp(provider, 'timeout', `no connection within ${budgets.connectMs} ms`);
    for (const utterance of utterances) utterance.end(late);
    rejectReady(late);
    settleClosed(late);
    attempt.end(late);
  });
  const attempt = createAttempt(request.signal, connect.cancel);
  const inner = startAttempt(attempt, (signal) => adapter.connect({ ...request, clock, signal }));
  const ready = new Promise<void>((resolve, reject) => {
    rejectReady = reject;
    inner.ready.then(resolve, reject);
  });
  const closed = new Promise<VoiceError | undefined>((resolve) => {
    settleClosed = resolve;
    void inner.closed.then((error) => {
      resolve(error);
      attempt.end();
    });
  });
  const state: SessionState = { provider, budgets, clock, inner, ready, utterances, isReady: false };
  // Whoever waits for it sees the failure; nobody has to.
  ready.then(
    () => {
      state.isReady = true;
      connect.cancel();
    },
    () => undefined,
  );
  if (!attempt.signal.aborted) connect.arm(budgets.connectMs);
  return { ready, closed, speak: (options) => limitedUtterance(state, options), close: inner.close };
}

/** What an utterance owes: audio for text it was told to speak, and, once the text is over, its end. */
type Owed = 'nothing' | 'audio' | 'end';

interface UtteranceState {
  owed: Owed;
  hasAudio: boolean;
  hasText: boolean;
  /** Written since the last audio came. */
  isUnspoken: boolean;
  hasEnded: boolean;
}

function limitedUtterance(session: SessionState, options: SpeakOptions): TtsUtterance {
  const { budgets, clock, provider, inner, utterances } = session;
  const state: UtteranceState = {
    owed: 'nothing',
    hasAudio: false,
    hasText: false,
    isUnspoken: false,
    hasEnded: false,
  };
  const deadline = createDeadline(clock, () => {
    attempt.end(tooLate(provider, state));
  });
  const attempt = createAttempt(options.signal, deadline.cancel);
  const utterance = startAttempt(attempt, (signal) => inner.speak({ ...options, signal }));
  if (!attempt.signal.aborted) utterances.add(attempt);
  attempt.signal.addEventListener('abort', () => utterances.delete(attempt));
  const owe = (owed: Owed): void => {
    state.owed = owed;
    // Until the session is ready its own deadline runs.
    if (attempt.signal.aborted || !session.isReady) return;
    if (owed === 'nothing') deadline.cancel();
    else deadline.arm(owed === 'audio' ? budgets.firstAudioMs : gapMs(budgets, options.bufferedMs()));
  };
  session.ready.then(
    () => {
      owe(state.owed);
    },
    () => undefined,
  );
  return {
    write: (text) => {
      const isSpeakable = hasWords(text);
      state.hasText ||= isSpeakable;
      state.isUnspoken ||= isSpeakable;
      utterance.write(text);
    },
    flush: () => {
      utterance.flush();
      if (state.isUnspoken && state.owed === 'nothing') owe('audio');
    },
    end: () => {
      utterance.end();
      if (state.hasEnded) return;
      state.hasEnded = true;
      owe(state.isUnspoken && !state.hasAudio ? 'audio' : 'end');
    },
    [Symbol.asyncIterator]: readOnce(() =>
      read(provider, utterance, state, attempt, () => {
        // While text may still come, silence is the model's, not the voice's.
        owe(state.hasEnded ? 'end' : 'nothing');
      }),
    ),
  };
}

/** What the carrier still plays hides a gap, as long as the next voice would be there before it is over (fault T-03). */
function gapMs(budgets: Budgets['tts'], bufferedMs: number): number {
  return Math.max(budgets.gapMs, bufferedMs - budgets.firstAudioMs);
}

/** Punctuation and symbols alone may rightly have no sound. */
function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

async function* read(
  provider: string,
  utterance: TtsUtterance,
  state: UtteranceState,
  attempt: Attempt,
  onAudio: () => void,
): AsyncGenerator<TtsEvent> {
  try {
    for await (const event of readUntil(utterance, attempt.signal)) {
      if (event.type === 'audio' && event.audio.byteLength > 0) {
        state.hasAudio = true;
        state.isUnspoken = false;
        onAudio();
      }
      yield event;
    }
    if (state.hasText && !state.hasAudio) throw empty(provider);
  } finally {
    attempt.end();
  }
}

function tooLate(provider: string, { owed, hasAudio }: UtteranceState): ProviderError {
  const what = owed === 'audio' ? 'no audio came in time' : 'the audio stopped before its end was proved';
  return givenUp(provider, hasAudio ? 'stalled' : 'timeout', what);
}

function givenUp(provider: string, late: 'timeout' | 'stalled', what: string): ProviderError {
  return new ProviderError({
    class: late,
    provider,
    stage: 'tts',
    message: `The voice was given up: ${what}.`,
  });
}

/** An utterance that ended well and said nothing was not said (fault T-02). */
function empty(provider: string): ProviderError {
  return new ProviderError({
    class: 'protocol',
    code: 'provider.empty',
    provider,
    stage: 'tts',
    message: 'The voice finished an utterance without any audio for its text.',
  });
}
