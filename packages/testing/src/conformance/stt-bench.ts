// The bench of the speech-to-text suite: a caller of known words, streams opened and read.
import {
  bytesFor,
  type AudioFormat,
  type SttAdapter,
  type SttCapabilities,
  type SttEvent,
  type SttFinal,
  type SttRequest,
  type SttStream,
} from '@voicewire/core/adapter';
import type { SttDialect } from '../fakes/dialects.js';
import { startSttFake, type SttFake, type SttFakeOptions } from '../fakes/stt-fake.js';
import { timedWords, type ScriptedWord } from '../script-recogniser.js';
import { benchParts, usualFormat, type Bench, type BenchOptions, type Begun } from './bench.js';
import type { Reading } from './reading.js';

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

export type SttBenchOptions = BenchOptions<SttDialect, SttAdapter, SttFake, SttFakeOptions>;

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
}

export function finalsOf(events: readonly SttEvent[]): readonly SttFinal[] {
  return events.filter((event) => event.type === 'final');
}

export async function openSttBench(options: SttBenchOptions): Promise<SttBench> {
  const { dialect, startFake = (settings: SttFakeOptions) => startSttFake(dialect, settings) } = options;
  const eagerPauseMs = dialect.eagerTurns === true ? 160 : undefined;
  const parts = benchParts(options, await startFake({ script: sttScript, eagerPauseMs }));
  const { adapter, capabilities, clock, read, track } = parts;
  const format = usualFormat(capabilities.formats);
  const usual = { format, clock, isSpeech: () => true };

  function write(stream: SttStream, ms: number): void {
    const frame = pattern(bytesFor(20, format));
    for (let atMs = 0; atMs < ms; atMs += 20) stream.write(frame);
  }

  return {
    ...parts,
    stage: 'stt',
    format,
    open(request = {}) {
      const controller = track();
      const { signal } = controller;
      const stream = adapter.open({ ...usual, signal, ...request });
      return { controller, signals: [signal], stream, reading: read(stream) };
    },
    begin({ adapter: use = adapter, controller } = {}) {
      const tracked = track(controller);
      const { signal } = tracked;
      const stream = use.open({ ...usual, signal });
      write(stream, scriptMs);
      stream.end();
      return { controller: tracked, signals: [signal], stream };
    },
    finish: () => undefined,
    audio: (ms) => pattern(bytesFor(ms, format)),
    write,
  };
}
