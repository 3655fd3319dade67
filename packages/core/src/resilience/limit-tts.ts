// Holds a voice to its budgets: connected in time, first audio in time, no gap the caller would hear, a proven end.
import { durationMs } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import type {
  SpeakOptions,
  TtsAdapter,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
  TtsWord,
} from '../spec/tts.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import type { Budgets, Urgency } from './budgets.js';
import { createDeadline } from './deadline.js';
import { readOnce, readUntil } from './read-stream.js';
import { countLetters, isCutShort, isEndless } from './tts-completeness.js';

/** The same adapter; a session or an utterance that hangs in any way fails instead. */
export function limitTts(adapter: TtsAdapter, budgets: Budgets['tts']): TtsAdapter {
  return { ...adapter, connect: (request) => limitedSession(adapter, request, budgets) };
}

interface SessionState {
  readonly provider: string;
  readonly format: AudioFormat;
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
  const { format } = request;
  const state: SessionState = { provider, format, budgets, clock, inner, ready, utterances, isReady: false };
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
  /** Everything that was written. */
  text: string;
  /** Written since the last audio came. */
  isUnspoken: boolean;
  hasEnded: boolean;
}

function limitedUtterance(
  session: SessionState,
  { isLastResort = false, ...options }: SpeakOptions & Urgency,
): TtsUtterance {
  const { budgets, clock, provider, inner, utterances } = session;
  const firstAudioMs = budgets.firstAudioMs * (isLastResort ? budgets.patience : 1);
  const gapBudgets = isLastResort ? { ...budgets, underrunMs: budgets.gapMs } : budgets;
  const state: UtteranceState = {
    owed: 'nothing',
    hasAudio: false,
    text: '',
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
  const owe = (owed: Owed, cameMs = 0): void => {
    state.owed = owed;
    // Until the session is ready its own deadline runs.
    if (attempt.signal.aborted || !session.isReady) return;
    if (owed === 'nothing') deadline.cancel();
    else if (owed === 'audio') deadline.arm(Math.max(firstAudioMs, options.bufferedMs() - firstAudioMs));
    else deadline.arm(gapMs(gapBudgets, options.bufferedMs() + cameMs));
  };
  session.ready.then(
    () => {
      owe(state.owed);
    },
    () => undefined,
  );
  return {
    write: (text) => {
      state.text += text;
      state.isUnspoken ||= countLetters(text) > 0;
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
      read(session, utterance, state, attempt, (cameMs) => {
        // While text may still come, silence is the model's, not the voice's.
        owe(state.hasEnded ? 'end' : 'nothing', cameMs);
      }),
    ),
  };
}

/**
 * What the carrier still plays hides a gap (fault T-03): where there is much of it, as long as the next voice would be there
 * before it is over; where there is little, not for longer than it takes to notice that it is over.
 */
function gapMs({ gapMs: limitMs, underrunMs, firstAudioMs }: Budgets['tts'], bufferedMs: number): number {
  return Math.max(Math.min(limitMs, bufferedMs + underrunMs), bufferedMs - firstAudioMs);
}

async function* read(
  session: SessionState,
  utterance: TtsUtterance,
  state: UtteranceState,
  attempt: Attempt,
  /** With how much of it. */
  onAudio: (cameMs: number) => void,
): AsyncGenerator<TtsEvent> {
  const { provider, format } = session;
  let audioMs = 0;
  let lastWord: TtsWord | undefined;
  try {
    for await (const event of readUntil(utterance, attempt.signal)) {
      if (event.type === 'words') lastWord = event.words.at(-1) ?? lastWord;
      else if (event.audio.byteLength > 0) {
        state.hasAudio = true;
        state.isUnspoken = false;
        const cameMs = durationMs(event.audio.byteLength, format);
        audioMs += cameMs;
        if (isEndless(state.text.length, audioMs))
          throw failed(provider, 'provider.endless', 'The voice does not stop.');
        onAudio(cameMs);
      }
      yield event;
    }
    if (countLetters(state.text) > 0 && !state.hasAudio) throw empty(provider);
    if (isCutShort(state.text, audioMs, lastWord)) {
      throw failed(
        provider,
        'provider.cut_short',
        'The voice finished an utterance before its text was said.',
      );
    }
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
  return failed(
    provider,
    'provider.empty',
    'The voice finished an utterance without any audio for its text.',
  );
}

function failed(provider: string, code: string, message: string): ProviderError {
  return new ProviderError({ class: 'protocol', code, provider, stage: 'tts', message });
}
