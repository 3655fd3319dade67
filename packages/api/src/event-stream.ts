// A call's log as Server-Sent Events: resumable by event id, bounded for slow readers, ending with the call.
import type { ReadEvent, Voicewire } from '@voicewire/core';

/** How long a reader waits for an invited call to begin. */
const beginWithinMs = 60_000;

/** `after`: the last `seq` the reader has seen. */
export function eventStream(
  voicewire: Voicewire,
  callId: string,
  after: number,
  signal: AbortSignal,
): Response {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  signal.addEventListener('abort', stop, { once: true });
  const events = read(voicewire, callId, after, controller.signal);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      try {
        const { done, value } = await events.next();
        if (done === true) stream.close();
        else stream.enqueue(encoder.encode(toMessage(value)));
      } catch {
        // The reader left or the call's log ended with it; both end the stream.
        stream.close();
      }
    },
    cancel: stop,
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}

function toMessage(event: ReadEvent): string {
  const id = 'seq' in event ? `id: ${event.seq}\n` : '';
  return `${id}data: ${JSON.stringify(event)}\n\n`;
}

async function* read(
  voicewire: Voicewire,
  callId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ReadEvent> {
  const call = voicewire.calls.get(callId) ?? (await begun(voicewire, callId, signal));
  if (call !== undefined) {
    yield* call.events({ fromSeq: after + 1, signal });
    return;
  }
  for (const event of voicewire.store.get(callId)?.events ?? []) if (event.seq > after) yield event;
}

/** The call, once its media is there; undefined when it is over or never comes. */
function begun(
  voicewire: Voicewire,
  callId: string,
  signal: AbortSignal,
): Promise<ReturnType<Voicewire['calls']['get']>> {
  if (voicewire.store.get(callId)?.standing !== 'expected') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      off();
      signal.removeEventListener('abort', settle);
      resolve(voicewire.calls.get(callId));
    };
    const timer = setTimeout(settle, beginWithinMs);
    const off = voicewire.on('call', (call) => {
      if (call.callId === callId) settle();
    });
    signal.addEventListener('abort', settle);
  });
}
