// What the broken speech-to-text adapters are made of: a correct one, and ways to turn one thing about it wrong.
import {
  checkSttRequest,
  createEventQueue,
  isVoiceError,
  openWebSocketStream,
  ProviderError,
  type ErrorClass,
  type SttAdapter,
  type SttEvent,
  type SttFinal,
  type SttStream,
  type VoiceError,
  type WebSocketStreamOptions,
} from '@voicewire/core/adapter';
import type { Target } from '../../src/conformance/bench.js';
import { frames, isGoodbye, listenUrl, toEvents } from '../reference/stt/acme-wire.js';
import { createAcmeStt } from '../reference/stt/index.js';
import type { Broken } from './harness.js';
import { twistStt, type SttTwist } from './twist-stt.js';

export interface BrokenStt extends Broken {
  createAdapter(target: Target): SttAdapter;
}

export function correctStt({ wsUrl, apiKey }: Target): SttAdapter {
  return createAcmeStt({ baseUrl: wsUrl, apiKey });
}

export function broken(
  name: string,
  fails: readonly string[],
  twist: SttTwist | ((target: Target) => SttTwist),
): BrokenStt {
  const createAdapter = (target: Target): SttAdapter =>
    twistStt(correctStt(target), typeof twist === 'function' ? twist(target) : twist);
  return { name, fails, createAdapter };
}

/** The same failure with another class, status or message. */
export function altered(
  error: VoiceError,
  change: { class?: ErrorClass; message?: string; retryAfterMs?: undefined },
): ProviderError {
  const { class: errorClass, provider = '', message, status, retryAfterMs } = error;
  return new ProviderError({
    class: errorClass,
    provider,
    stage: 'stt',
    message,
    status,
    retryAfterMs,
    ...change,
  });
}

/** Calls failures that `match` by another class. */
export function misnames(match: (error: VoiceError) => boolean, errorClass: ErrorClass): SttTwist {
  return {
    failure: (error) => (isVoiceError(error) && match(error) ? altered(error, { class: errorClass }) : error),
  };
}

/** Changes finals only. */
export function finals(change: (final: SttFinal) => Partial<SttFinal>): SttTwist {
  return { events: () => (event) => [event.type === 'final' ? { ...event, ...change(event) } : event] };
}

export function without(type: SttEvent['type']): SttTwist {
  return { events: () => (event) => (event.type === type ? [] : [event]) };
}

/** The adapter's own parts, put together in another way. */
export function rebuilt({ wsUrl, apiKey }: Target, options: Partial<WebSocketStreamOptions>): SttTwist {
  return {
    open(request, { provider, capabilities }) {
      checkSttRequest(provider, capabilities, request);
      return openWebSocketStream({
        provider,
        url: listenUrl({ baseUrl: wsUrl }, request),
        headers: { Authorization: `Bearer ${apiKey}` },
        clock: request.clock,
        signal: request.signal,
        onAttempt: request.onAttempt,
        frames,
        decode: toEvents,
        readyBy: 'message',
        isEnd: isGoodbye,
        ...options,
      });
    },
  };
}

/** The stream, read through `read`; two readers are still one too many. */
export function readThrough(
  stream: SttStream,
  read: (events: AsyncIterable<SttEvent>) => AsyncGenerator<SttEvent>,
): SttStream {
  return {
    ...stream,
    [Symbol.asyncIterator]() {
      const iterator = stream[Symbol.asyncIterator]();
      return read({ [Symbol.asyncIterator]: () => iterator });
    },
  };
}

/** The stream, read at once into a queue of its own, whether anybody reads that or not. */
export function eagerly(
  stream: SttStream,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): SttStream {
  const queue = createEventQueue<SttEvent>({ signal });
  async function pump(): Promise<void> {
    try {
      for await (const event of stream) {
        if (queue.isOver) return;
        queue.push(event);
      }
      queue.finish();
    } catch (error) {
      queue.fail(error);
      onFailure(error);
    }
  }
  void pump();
  return { ...stream, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() };
}

/** Hears its signal only while `hears` says so. */
export function deaf(
  hears: (has: { readonly ready: boolean; readonly spoken: boolean }) => boolean,
): SttTwist {
  return {
    open(request, inner) {
      const controller = new AbortController();
      const has = { ready: false, spoken: false };
      const forward = (): void => {
        if (hears(has)) controller.abort(request.signal.reason);
      };
      if (request.signal.aborted) controller.abort(request.signal.reason);
      request.signal.addEventListener('abort', forward);
      const stream = inner.open({ ...request, signal: controller.signal });
      return readThrough(stream, async function* (events) {
        try {
          for await (const event of events) {
            has.ready = true;
            has.spoken ||= event.type !== 'ready';
            yield event;
          }
        } finally {
          request.signal.removeEventListener('abort', forward);
        }
      });
    },
  };
}
