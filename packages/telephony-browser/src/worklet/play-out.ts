// The loudspeaker's queue: what was sent, what has been heard, and which marks are due. Counts samples, never time.
import { createSampleConverter } from './resampler.js';

/** What the page tells the server about its loudspeaker. */
export type PlayOutReport =
  /** What was heard since the last clear that was obeyed, whose number is `clears`. */
  | { readonly type: 'played'; readonly playedMs: number; readonly clears: number }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number }
  | { readonly type: 'speaking'; readonly isSpeaking: boolean };

export interface PlayOutOptions {
  /** Hz of what comes in. */
  readonly wireRate: number;
  /** Hz of what goes out. */
  readonly contextRate: number;
  /** How much is gathered before playing starts, also after the queue ran dry. */
  readonly jitterMs: number;
  readonly onReport: (report: PlayOutReport) => void;
}

export interface PlayOut {
  enqueue(samples: Int16Array): void;
  mark(id: string, generation: number): void;
  /** Drops what was not played and the marks behind it, and says at once that it did. */
  clear(clears: number): void;
  /** How long the device takes from here to the ear. */
  setLatency(latencyMs: number): void;
  fill(output: Float32Array): void;
}

const reportEveryMs = 100;
/** Two minutes: more than a server may be ahead. What comes on top is not taken. */
const maxQueuedMs = 120_000;
/** Blocks whose position is remembered: 2.7 s of blocks of 128 at 48 kHz. */
const rememberedBlocks = 1024;

interface Mark {
  readonly id: string;
  readonly generation: number;
  readonly position: number;
}

/** Makes the queue of one call. */
export function createPlayOut(options: PlayOutOptions): PlayOut {
  const { wireRate, contextRate, onReport } = options;
  const queue = createSampleQueue(wireRate, options.jitterMs);
  const converter = createSampleConverter(wireRate, contextRate);
  const heard = createDelayLine();
  let marks: readonly Mark[] = [];
  let clears = 0;
  /** Where the last clear left off: what the device already had then is not counted again. */
  let origin = 0;
  let latencyMs = 0;
  let reported = 0;
  let sinceReport = 0;
  let isSpeaking = false;

  function reportPlayed(position: number): void {
    reported = position;
    sinceReport = 0;
    onReport({ type: 'played', playedMs: ((position - origin) / wireRate) * 1000, clears });
  }

  function settle(blockLength: number): void {
    heard.push(queue.position);
    const position = heard.ago(((latencyMs / 1000) * contextRate) / blockLength);
    const due = marks.filter((mark) => mark.position <= position);
    sinceReport += blockLength;
    const isTime = (sinceReport / contextRate) * 1000 >= reportEveryMs;
    if (position > reported && (isTime || due.length > 0)) reportPlayed(position);
    if (due.length > 0) marks = marks.filter((mark) => mark.position > position);
    for (const mark of due) onReport({ type: 'mark', id: mark.id, generation: mark.generation });
    if (queue.isPlaying !== isSpeaking)
      onReport({ type: 'speaking', isSpeaking: (isSpeaking = queue.isPlaying) });
  }

  return {
    enqueue: (samples) => queue.add(samples),
    mark(id, generation) {
      marks = [...marks, { id, generation, position: queue.position + queue.length }];
    },
    clear(number) {
      queue.drop();
      // What the device already has will still be heard, and so will the marks that stand before it.
      marks = marks.filter((mark) => mark.position <= queue.position);
      clears = number;
      origin = queue.position;
      reportPlayed(queue.position);
    },
    setLatency: (ms) => void (latencyMs = ms),
    fill(output) {
      for (let index = 0; index < output.length; index += 1) {
        while (!converter.isReady()) converter.push(queue.take());
        output[index] = converter.pull();
      }
      settle(output.length);
    },
  };
}

interface SampleQueue {
  /** Samples taken since the beginning; silence is not counted. */
  readonly position: number;
  readonly length: number;
  readonly isPlaying: boolean;
  add(samples: Int16Array): void;
  take(): number;
  drop(): void;
}

function createSampleQueue(wireRate: number, jitterMs: number): SampleQueue {
  const jitter = (jitterMs / 1000) * wireRate;
  let chunks: Int16Array[] = [];
  let offset = 0;
  let length = 0;
  let position = 0;
  let isPlaying = false;
  let waited = 0;

  /** A short tail never fills the jitter buffer, so waiting as long as it would take is enough too. */
  function mayStart(): boolean {
    if (length === 0) return false;
    waited += 1;
    return length >= jitter || waited > jitter;
  }

  function take(): number {
    if (!isPlaying && !mayStart()) return 0;
    const sample = chunks[0]?.[offset] ?? 0;
    isPlaying = true;
    offset += 1;
    position += 1;
    length -= 1;
    if (offset === chunks[0]?.length) {
      chunks.shift();
      offset = 0;
    }
    if (length === 0) rest();
    return sample / 32_768;
  }

  function rest(): void {
    isPlaying = false;
    waited = 0;
  }

  return {
    get position() {
      return position;
    },
    get length() {
      return length;
    },
    get isPlaying() {
      return isPlaying;
    },
    add(samples) {
      if (samples.length === 0 || length + samples.length > (maxQueuedMs / 1000) * wireRate) return;
      chunks.push(samples);
      length += samples.length;
    },
    take,
    drop() {
      chunks = [];
      offset = 0;
      length = 0;
      rest();
    },
  };
}

/** Where play-out stood some blocks ago: what has passed the device's own delay. */
function createDelayLine(): { push(position: number): void; ago(blocks: number): number } {
  const positions = new Float64Array(rememberedBlocks);
  let count = 0;
  return {
    push(position) {
      positions[count % rememberedBlocks] = position;
      count += 1;
    },
    ago(blocks) {
      const back = Math.min(rememberedBlocks - 1, Math.max(0, Math.ceil(blocks)));
      return positions[(count - 1 - back + rememberedBlocks) % rememberedBlocks] ?? 0;
    },
  };
}
