// The bench of the speech-to-text suite: a caller of known words, streams opened and read.
import type {
  AudioFormat,
  SttAdapter,
  SttCapabilities,
  SttEvent,
  SttFinal,
  SttRequest,
  SttStream,
} from '@voicewire/core/adapter';
import { bytesFor } from '@voicewire/core/adapter';
import type { SttDialect } from '../fakes/dialects.js';
import { startSttFake, type SttFake, type SttFakeOptions } from '../fakes/stt-fake.js';
import { timedWords, type ScriptedWord } from '../script-recogniser.js';
import { inTime } from '../fakes/waiting.js';
import type { Bench, Begun, Target } from './bench.js';
import { readStream, type Reading } from './reading.js';
import { createCountingClock } from './watch.js';

export interface SttFacts {
  readonly capabilities: SttCapabilities;
  readonly dialect: SttDialect;
}

export interface OpenStt extends Begun {
  readonly stream: SttStream;
  readonly reading: Reading<SttEvent>;
}

export interface SttBench extends Bench<SttAdapter> {
  readonly fake: SttFake;
  readonly capabilities: SttCapabilities;
  /** The format of streams opened here. */
  readonly format: AudioFormat;
  /** Opens a stream and begins to read it. */
  open(request?: Partial<SttRequest>): OpenStt;
  /** Audio of no particular sound, every byte different from its neighbours. */
  audio(ms: number): Uint8Array;
  /** Writes `ms` of audio in frames of 20 ms. */
  write(stream: SttStream, ms: number): void;
}

/** Two utterances, two speakers. They end at 760 and 2760 ms and are decided by pauses of 300 ms. */
export const sttScript: readonly ScriptedWord[] = [
  ...timedWords('hello zanzibar', { startMs: 200 }).map((word) => ({ ...word, speaker: 'speaker-0' })),
  ...timedWords('where is my parcel', { startMs: 1600 }).map((word) => ({ ...word, speaker: 'speaker-1' })),
];

/** All of the script, and the pause after it. */
export const scriptMs = 3400;

export interface SttBenchOptions {
  readonly dialect: SttDialect;
  readonly deadlineMs: number;
  createAdapter(target: Target): SttAdapter;
  readonly startFake?: ((options: SttFakeOptions) => Promise<SttFake>) | undefined;
}

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
}

export function finalsOf(events: readonly SttEvent[]): readonly SttFinal[] {
  return events.filter((event) => event.type === 'final');
}

export async function openSttBench(options: SttBenchOptions): Promise<SttBench> {
  const {
    dialect,
    deadlineMs,
    createAdapter,
    startFake = (settings) => startSttFake(dialect, settings),
  } = options;
  const fake = await startFake({
    script: sttScript,
    eagerPauseMs: dialect.eagerTurns === true ? 160 : undefined,
  });
  const target: Target = { url: fake.url, wsUrl: fake.wsUrl, apiKey: fake.apiKey };
  const adapter = createAdapter(target);
  const clock = createCountingClock();
  const controllers: AbortController[] = [];
  const { formats } = adapter.capabilities;
  const format = formats.find(({ encoding }) => encoding === 'mulaw') ??
    formats[0] ?? { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

  const openStream = (
    use: SttAdapter,
    request: Partial<SttRequest>,
    controller: AbortController,
  ): SttStream => {
    controllers.push(controller);
    return use.open({ format, clock, signal: controller.signal, isSpeech: () => true, ...request });
  };

  function write(stream: SttStream, ms: number): void {
    const frame = pattern(bytesFor(20, format));
    for (let atMs = 0; atMs < ms; atMs += 20) stream.write(frame);
  }

  return {
    stage: 'stt',
    deadlineMs,
    dialect,
    fake,
    target,
    clock,
    adapter,
    capabilities: adapter.capabilities,
    format,
    createAdapter,
    read: (stream) => readStream(stream, deadlineMs),
    wait: (promise, what) => inTime(promise, { what, timeoutMs: deadlineMs }),
    open(request = {}) {
      const controller = new AbortController();
      const stream = openStream(adapter, request, controller);
      return { controller, signals: [controller.signal], stream, reading: readStream(stream, deadlineMs) };
    },
    begin({ adapter: use = adapter, controller = new AbortController() } = {}) {
      const stream = openStream(use, {}, controller);
      write(stream, scriptMs);
      stream.end();
      return { controller, signals: [controller.signal], stream };
    },
    finish: () => undefined,
    audio: (ms) => pattern(bytesFor(ms, format)),
    write,
    async close() {
      for (const controller of controllers) controller.abort(new Error('The check is over.'));
      await fake.close();
    },
  };
}
