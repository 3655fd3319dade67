// Holds a recogniser to its budgets: ready in time, no silence while somebody is known to speak, an end when asked for.
import { ProviderError } from '../errors/provider-error.js';
import { systemClock } from '../clock/system-clock.js';
import type { ErrorClass } from '../spec/error.js';
import type { SttAdapter, SttEvent, SttRequest, SttStream } from '../spec/stt.js';
import type { Budgets } from './budgets.js';
import { createAttemptSignal, createDeadline, type AttemptSignal, type Deadline } from './deadline.js';

/** How often an open stream is asked whether it still answers; part of what detection may take. */
const checkMs = 100;

/** The same adapter; a stream that hangs in any way fails instead. */
export function limitStt(adapter: SttAdapter, budgets: Budgets['stt']): SttAdapter {
  return { ...adapter, open: (request) => limited(adapter, request, budgets) };
}

function limited(adapter: SttAdapter, request: SttRequest, budgets: Budgets['stt']): SttStream {
  const clock = request.clock ?? systemClock;
  const attempt = createAttemptSignal(request.signal);
  const stream = adapter.open({ ...request, clock, signal: attempt.signal });
  const give = (up: ErrorClass, what: string): void => {
    attempt.abort(
      new ProviderError({
        class: up,
        provider: adapter.provider,
        stage: 'stt',
        message: `Recognition was given up: ${what}.`,
      }),
    );
  };
  let unansweredMs = 0;
  const watch = createDeadline(clock, () => {
    unansweredMs = request.isSpeech() ? unansweredMs + checkMs : 0;
    if (unansweredMs >= budgets.silenceMs) give('stalled', `no event for ${budgets.silenceMs} ms of speech`);
    else watch.arm(checkMs);
  });
  const connect = createDeadline(clock, () => {
    give('timeout', `not ready after ${budgets.connectMs} ms`);
  });
  const close = createDeadline(clock, () => {
    give('stalled', `the end did not come within ${budgets.closeMs} ms`);
  });
  connect.arm(budgets.connectMs);
  return {
    write: (audio) => {
      stream.write(audio);
    },
    flush: () => {
      stream.flush();
    },
    end: () => {
      watch.cancel();
      close.arm(budgets.closeMs);
      stream.end();
    },
    [Symbol.asyncIterator]: () => {
      const onEvent = (event: SttEvent): void => {
        unansweredMs = 0;
        if (event.type !== 'ready') return;
        connect.cancel();
        watch.arm(checkMs);
      };
      return read(stream, onEvent, [connect, watch, close], attempt);
    },
  };
}

async function* read(
  stream: SttStream,
  onEvent: (event: SttEvent) => void,
  deadlines: readonly Deadline[],
  attempt: AttemptSignal,
): AsyncGenerator<SttEvent> {
  try {
    for await (const event of stream) {
      onEvent(event);
      yield event;
    }
  } finally {
    for (const deadline of deadlines) deadline.cancel();
    attempt.release();
    attempt.abort();
  }
}
