// A call's log as Server-Sent Events: resumable by event id, bounded for slow readers, ending with the call.
import type { Call, CallEvent, ReadEvent, Voicewire } from '@voicewire/core';

/** How long a reader waits for an expected call to begin, or an interrupted one to come back. */
const beginWithinMs = 60_000;
/** So often something is said on a quiet line, so that nobody between us takes it for dead. */
const heartbeatMs = 15_000;

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
  let heartbeat: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      heartbeat = setInterval(() => {
        if ((stream.desiredSize ?? 0) > 0) stream.enqueue(encoder.encode(': alive\n\n'));
      }, heartbeatMs);
      controller.signal.addEventListener('abort', () => {
        clearInterval(heartbeat);
      });
    },
    async pull(stream) {
      // The reader left, or the call's log ended with the call: either way that was all.
      const next = await events.next().catch(() => undefined);
      if (controller.signal.aborted) return;
      if (next?.done === false) {
        stream.enqueue(encoder.encode(toMessage(next.value)));
        return;
      }
      stop();
      stream.close();
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

/** What is kept of the call, and what happens to it while somebody reads: across its interruptions, to its end. */
async function* read(
  voicewire: Voicewire,
  callId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ReadEvent> {
  let seen = after;
  const isNew = (event: CallEvent): boolean => event.seq > seen;
  while (!signal.aborted) {
    const call = voicewire.calls.get(callId);
    if (call !== undefined) {
      for await (const event of call.events({ fromSeq: seen + 1, signal })) {
        if ('seq' in event) seen = event.seq;
        yield event;
      }
      continue;
    }
    const record = voicewire.store.get(callId);
    for (const event of record?.events.filter(isNew) ?? []) {
      seen = event.seq;
      yield event;
    }
    if (record === undefined || record.standing === 'over') return;
    if ((await begun(voicewire, callId, signal)) === undefined) return;
  }
}

/** The call, once its media is there; undefined when it never comes. */
function begun(voicewire: Voicewire, callId: string, signal: AbortSignal): Promise<Call | undefined> {
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
