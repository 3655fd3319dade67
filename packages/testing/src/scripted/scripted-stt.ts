// A speech-to-text adapter without a provider: hears word-coded sound or a script, on any clock, with no I/O.
import {
  checkSttRequest,
  durationMs,
  type SttAdapter,
  type SttCapabilities,
  type SttEvent,
  type SttRequest,
  type SttStream,
  systemClock,
} from '@voicewire/core/adapter';
import type { SttFakeEvent } from '../fakes/dialects.js';
import { createScriptRecogniser, type RecogniserManner, type ScriptedWord } from '../script-recogniser.js';
import { createWordReader } from '../oracle/word-reader.js';
import { faultAt, type ScriptedFaults } from './scripted-fault.js';
import { createTimedOutput, type TimedOutput } from './timed-output.js';

/** Turns audio into words. `decidedMs`: everything before it is known. */
export interface SoundReader {
  readonly decidedMs: number;
  read(audio: Uint8Array): readonly ScriptedWord[];
  /** The word in progress, as far as it was heard. */
  cut(): readonly ScriptedWord[];
}

/** `sound`: what word-coded audio says. Words: that, by audio time, whatever the audio. A function: a recogniser per stream. */
export type ScriptedSttScript =
  | 'sound'
  | readonly ScriptedWord[]
  | ((request: SttRequest, index: number) => 'sound' | readonly ScriptedWord[] | SoundReader);

export interface ScriptedSttOptions extends RecogniserManner {
  /** Default `sound`. */
  readonly script?: ScriptedSttScript | undefined;
  readonly provider?: string | undefined;
  readonly capabilities?: Partial<SttCapabilities> | undefined;
  readonly delays?:
    { readonly readyMs?: number | undefined; readonly eventMs?: number | undefined } | undefined;
  /** By stream. */
  readonly faults?: ScriptedFaults | undefined;
  /** Silence that makes a final. Default 300. */
  readonly pauseMs?: number | undefined;
  /** Silence, shorter than `pauseMs`, that makes an eager end of turn. Default: none. */
  readonly eagerPauseMs?: number | undefined;
}

/** What one stream was given, in ms of audio, and how it was used. */
export interface ScriptedSttRecord {
  readonly request: SttRequest;
  readonly audioMs: number;
  readonly flushes: number;
  readonly hasEnded: boolean;
  /** Bytes written after the end. */
  readonly droppedBytes: number;
}

export interface ScriptedStt extends SttAdapter {
  readonly streams: readonly ScriptedSttRecord[];
}

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

/** A provider that can do everything, in telephone and wide-band audio. */
export const scriptedSttCapabilities: SttCapabilities = {
  formats: [
    telephone,
    { encoding: 'pcm_s16le', sampleRate: 8000, channels: 1 },
    { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 },
  ],
  timing: 'word',
  partials: true,
  flush: true,
  speechEvents: true,
  turnEvents: true,
  diarization: true,
  keyterms: true,
  maxReplayRate: 4,
};

/** The event as a provider with these capabilities would give it, if it would at all. */
function asDeclared(event: SttFakeEvent, capabilities: SttCapabilities): SttEvent | undefined {
  const { partials, speechEvents, turnEvents, timing, flush } = capabilities;
  switch (event.type) {
    case 'partial':
      return partials ? event : undefined;
    case 'speech-start':
    case 'speech-end':
      return speechEvents ? event : undefined;
    case 'turn-end':
    case 'turn-resumed':
      return turnEvents ? event : undefined;
    case 'flushed':
      return flush ? event : undefined;
    case 'final': {
      const { cause: _cause, ...final } = event;
      return timing === 'word' ? final : { ...final, words: [] };
    }
    case 'ready':
      return event;
    case 'goodbye':
      return undefined;
  }
}

type Record = { -readonly [Key in keyof ScriptedSttRecord]: ScriptedSttRecord[Key] };

/** Turns what is written into events of a recogniser. */
function createListener(options: ScriptedSttOptions, record: Record, index: number) {
  const { request } = record;
  const { script = 'sound' } = options;
  const source = typeof script === 'function' ? script(request, index) : script;
  const reader =
    source === 'sound' ? createWordReader(request.format) : 'read' in source ? source : undefined;
  const words = reader === undefined && Array.isArray(source) ? (source as readonly ScriptedWord[]) : [];
  const { language, diarize } = request;
  const recogniser = createScriptRecogniser(words, { ...options, language, diarize });

  return {
    hear(audio: Uint8Array): readonly SttFakeEvent[] {
      record.audioMs += durationMs(audio.length, request.format);
      if (reader === undefined) return recogniser.hear(record.audioMs);
      recogniser.add(reader.read(audio));
      return recogniser.hear(reader.decidedMs);
    },
    decide(how: 'flush' | 'end'): readonly SttFakeEvent[] {
      if (reader !== undefined) recogniser.add(reader.cut());
      return recogniser[how](record.audioMs);
    },
  };
}

function openStream(
  options: ScriptedSttOptions,
  capabilities: SttCapabilities,
  record: Record,
  index: number,
): SttStream {
  const { request } = record;
  const { provider = 'scripted', delays = {} } = options;
  const output: TimedOutput<SttEvent> = createTimedOutput<SttEvent>({
    source: { provider, stage: 'stt' },
    clock: request.clock ?? systemClock,
    signal: request.signal,
    fault: faultAt(options.faults, index),
  });
  const listener = createListener(options, record, index);
  output.push({ type: 'ready' }, { delayMs: delays.readyMs, isReady: true });

  function say(events: readonly SttFakeEvent[]): void {
    for (const event of events) {
      const declared = asDeclared(event, capabilities);
      if (declared !== undefined) output.push(declared, { delayMs: delays.eventMs });
    }
  }

  return {
    write(audio) {
      if (record.hasEnded || output.isOver) record.droppedBytes += audio.length;
      else say(listener.hear(audio));
    },
    flush() {
      if (record.hasEnded || output.isOver || !capabilities.flush) return;
      record.flushes += 1;
      say(listener.decide('flush'));
    },
    end() {
      if (record.hasEnded || output.isOver) return;
      record.hasEnded = true;
      say(listener.decide('end'));
      output.finish();
    },
    [Symbol.asyncIterator]: () => output[Symbol.asyncIterator](),
  };
}

/**
 * Makes a speech-to-text adapter that recognises what its script says, at once unless `delays` say otherwise. By default it
 * hears word-coded sound, as simulated callers speak it. `streams` records what it was given.
 */
export function createScriptedStt(options: ScriptedSttOptions = {}): ScriptedStt {
  const { provider = 'scripted' } = options;
  const capabilities: SttCapabilities = { ...scriptedSttCapabilities, ...options.capabilities };
  const streams: Record[] = [];
  return {
    kind: 'stt',
    specVersion: 1,
    provider,
    healthKey: `${provider}@script`,
    capabilities,
    streams,
    open(request) {
      checkSttRequest(provider, capabilities, request);
      const record: Record = { request, audioMs: 0, flushes: 0, hasEnded: false, droppedBytes: 0 };
      streams.push(record);
      return openStream(options, capabilities, record, streams.length - 1);
    },
  };
}
