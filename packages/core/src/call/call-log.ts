// The call's one event log: stamps what happens, keeps what a resumption needs, and feeds readers that can't slow it.
import { createEventQueue, type EventQueue } from '../kit/event-queue.js';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';

/** What a reader gets: events in order, and how many it missed because it was too slow. */
export type ReadEvent = CallEvent | { readonly type: 'events-lost'; readonly count: number };

export interface CallLog {
  append(body: CallEventBody, atMs: number): CallEvent;
  /** What is kept: all of the last 10,000 events but details that later ones made obsolete. `seq` has gaps there. */
  snapshot(): readonly CallEvent[];
  /** Live from now on; `fromSeq` first replays what is kept from there. At most 1,000 events wait for a slow reader. */
  read(options?: {
    readonly fromSeq?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<ReadEvent>;
  close(): void;
}

const readerCapacity = 1_000;
/**
 * A call of hours keeps its latest events, about six hundred turns of them; readers were told of all. What a resumption can't do
 * without stays, however old.
 */
const maxKept = 10_000;
const lasting: ReadonlySet<CallEvent['type']> = new Set([
  'call-started',
  'handoff',
  'slot-filled',
  'tool-started',
  'tool-finished',
  'masking-changed',
]);

interface Reader {
  readonly queue: EventQueue<ReadEvent>;
  waiting: number;
  lost: number;
}

/** `resume`: the snapshot of the same call, taken before; the log goes on behind it. */
export function createCallLog(resume: readonly CallEvent[] = []): CallLog {
  let kept: CallEvent[] = [...resume];
  let seq = resume.at(-1)?.seq ?? 0;
  let isClosed = false;
  const readers = new Set<Reader>();

  return {
    append(body, atMs) {
      seq += 1;
      const event: CallEvent = { version: 1, seq, atMs, ...body };
      kept = bounded(compacted(kept, event));
      for (const reader of readers) offer(reader, event);
      return event;
    },
    snapshot: () => [...kept],
    read({ fromSeq, signal } = {}) {
      const reader: Reader = {
        queue: createEventQueue<ReadEvent>({
          signal,
          highWater: readerCapacity,
          onCancel: () => readers.delete(reader),
        }),
        waiting: 0,
        lost: 0,
      };
      if (isClosed) reader.queue.finish();
      else readers.add(reader);
      return counted(fromSeq === undefined ? [] : kept.filter(({ seq }) => seq >= fromSeq), reader);
    },
    close() {
      isClosed = true;
      for (const reader of readers) {
        reportLoss(reader);
        reader.queue.finish();
      }
      readers.clear();
    },
  };
}

function offer(reader: Reader, event: CallEvent): void {
  if (reader.waiting >= readerCapacity) {
    reader.lost += 1;
    return;
  }
  reportLoss(reader);
  reader.waiting += 1;
  reader.queue.push(event);
}

function reportLoss(reader: Reader): void {
  if (reader.lost === 0) return;
  reader.waiting += 1;
  reader.queue.push({ type: 'events-lost', count: reader.lost });
  reader.lost = 0;
}

/** What is replayed is there already: it needs no place in the queue, and none of it is lost. */
async function* counted(replayed: readonly CallEvent[], reader: Reader): AsyncGenerator<ReadEvent> {
  const live = reader.queue[Symbol.asyncIterator]();
  try {
    yield* replayed;
    for (let next = await live.next(); next.done !== true; next = await live.next()) {
      reader.waiting -= 1;
      yield next.value;
    }
  } finally {
    await live.return?.();
  }
}

/** A finished reply needs no play-out details, a final no partials; what is left is bounded by what was said. */
function compacted(kept: CallEvent[], event: CallEvent): CallEvent[] {
  kept.push(event);
  switch (event.type) {
    case 'agent-heard':
      return kept.filter((old) => !isPlayoutDetail(old) || old.turnId !== event.turnId);
    case 'agent-audio':
    case 'agent-played':
    case 'transcript-partial': {
      const previous = kept.findLastIndex((old) => old !== event && old.type === event.type);
      if (previous >= 0) kept.splice(previous, 1);
      return kept;
    }
    default:
      return kept;
  }
}

/** A tenth at once, so that it is seldom done. */
function bounded(kept: CallEvent[]): CallEvent[] {
  if (kept.length <= maxKept) return kept;
  let excess = kept.length - maxKept * 0.9;
  return kept.filter(({ type }) => {
    if (excess <= 0 || lasting.has(type)) return true;
    excess -= 1;
    return false;
  });
}

type PlayoutDetail = Extract<
  CallEvent,
  {
    readonly type:
      'agent-audio' | 'agent-played' | 'agent-words' | 'agent-segment' | 'agent-paused' | 'agent-resumed';
  }
>;

function isPlayoutDetail(event: CallEvent): event is PlayoutDetail {
  return /^agent-(audio|played|words|segment|paused|resumed)$/.test(event.type);
}
