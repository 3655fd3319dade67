// Holds a recogniser to its budgets: ready in time, no silence while somebody is known to speak, an end when asked for.
import { durationMs } from '../audio/format.js';
import { ProviderError } from '../errors/provider-error.js';
import { systemClock } from '../clock/system-clock.js';
import type { SttAdapter, SttEvent, SttRequest, SttStream } from '../spec/stt.js';
import { createAttempt, startAttempt } from './attempt.js';
import type { Budgets } from './budgets.js';
import { createDeadline } from './deadline.js';
import { readOnce, readUntil } from './read-stream.js';

/** The same adapter; a stream that hangs in any way fails instead. */
export function limitStt(adapter: SttAdapter, budgets: Budgets['stt']): SttAdapter {
  return { ...adapter, open: (request) => limited(adapter, request, budgets) };
}

/** Words that were begun are due: sooner than a call takes what there is of them for all. */
const undecidedLimitMs = 900;
/** What has been silent through the end of what was said need not be waited for as long: so much is a network's, and a decision's. */
const flushAtLeastMs = 400;

function limited(adapter: SttAdapter, request: SttRequest, budgets: Budgets['stt']): SttStream {
  const { provider } = adapter;
  const { clock = systemClock } = request;
  const connect = createDeadline(clock, () => {
    attempt.end(givenUp(provider, 'timeout', `not ready after ${budgets.connectMs} ms`));
  });
  const close = createDeadline(clock, () => {
    attempt.end(givenUp(provider, 'stalled', `the end did not come within ${budgets.closeMs} ms`));
  });
  // Too little speech for a stall, and a caller who waits for an answer to it.
  const flushed = createDeadline(clock, () => {
    attempt.end(givenUp(provider, 'stalled', 'a flush was not answered in time'));
  });
  const attempt = createAttempt(request.signal, () => {
    for (const deadline of [connect, close, flushed]) deadline.cancel();
  });
  const stream = startAttempt(attempt, (signal) => adapter.open({ ...request, clock, signal }));
  if (!attempt.signal.aborted) connect.arm(budgets.connectMs);
  const unanswered = createUnanswered(adapter, request, budgets.silenceMs);
  let hasEnded = false;
  let isReady = false;
  // Where the words end that it has begun and not decided.
  let undecidedMs = 0;
  return {
    write: (audio) => {
      stream.write(audio);
      if (hasEnded || !unanswered.isTooLong(clock.now(), audio)) return;
      attempt.end(givenUp(provider, 'stalled', `no event for ${budgets.silenceMs} ms of speech`));
    },
    flush: () => {
      if (isReady && adapter.capabilities.flush && !hasEnded && !attempt.signal.aborted) {
        const limitMs = undecidedMs > 0 ? undecidedLimitMs : budgets.silenceMs;
        flushed.arm(Math.max(flushAtLeastMs, Math.min(limitMs, unanswered.leftMs())));
      }
      stream.flush();
    },
    end: () => {
      if (!hasEnded && !attempt.signal.aborted) close.arm(budgets.closeMs);
      hasEnded = true;
      stream.end();
    },
    [Symbol.asyncIterator]: readOnce(async function* () {
      try {
        for await (const event of readUntil(stream, attempt.signal)) {
          if (event.type === 'ready') connect.cancel();
          isReady ||= event.type === 'ready';
          if (event.type === 'partial') undecidedMs = event.text === '' ? 0 : event.endMs;
          if (event.type === 'final') undecidedMs = 0;
          // Where a provider may be silent, its adapter answers: nothing more is decided, which is no answer about open words.
          if (event.type !== 'flushed' || event.settledMs >= undecidedMs) flushed.cancel();
          unanswered.answered(event, clock.now());
          yield event;
        }
      } finally {
        attempt.end();
      }
    }),
  };
}

interface Unanswered {
  answered(event: SttEvent, nowMs: number): void;
  /** How much more speech may go unanswered. */
  leftMs(): number;
  isTooLong(nowMs: number, audio: Uint8Array): boolean;
}

/**
 * How much speech has had no answer (fault S-01). Counted as audio is written: without audio nothing is owed, true silence
 * counts for nothing, and a caller's short pauses do not make up for a provider that is mute.
 */
function createUnanswered({ capabilities }: SttAdapter, request: SttRequest, limitMs: number): Unanswered {
  // A provider that reports whole utterances only may well be silent while somebody speaks.
  const owesEvents = capabilities.partials || capabilities.speechEvents;
  let isReady = false;
  let speechMs = 0;
  let pauseMs = 0;
  let lastMs = 0;
  return {
    answered(event, nowMs) {
      isReady ||= event.type === 'ready';
      speechMs = 0;
      lastMs = nowMs;
    },
    leftMs: () => (owesEvents ? limitMs - speechMs : limitMs),
    isTooLong(nowMs, audio) {
      if (!isReady || !owesEvents) return false;
      // What is replayed is written faster than it was spoken; what follows a gap says nothing about the gap.
      const passedMs = Math.min(nowMs - lastMs, durationMs(audio.byteLength, request.format));
      lastMs = nowMs;
      if (request.isSpeech()) {
        speechMs += passedMs;
        pauseMs = 0;
      } else {
        pauseMs += passedMs;
        if (pauseMs >= limitMs) speechMs = 0;
      }
      return speechMs >= limitMs;
    },
  };
}

function givenUp(provider: string, late: 'timeout' | 'stalled', what: string): ProviderError {
  return new ProviderError({
    class: late,
    provider,
    stage: 'stt',
    message: `Recognition was given up: ${what}.`,
  });
}
