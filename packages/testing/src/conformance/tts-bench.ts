// The bench of the text-to-speech suite: sessions, utterances, and the words their audio says.
import type {
  AudioFormat,
  SpeakOptions,
  TtsAdapter,
  TtsCapabilities,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
  TtsWord,
} from '@voicewire/core/adapter';
import type { TtsDialect } from '../fakes/dialects.js';
import { startTtsFake, type TtsFake, type TtsFakeOptions } from '../fakes/tts-fake.js';
import type { TtsHeardUtterance } from '../fakes/tts-mouth.js';
import { readWords } from '../oracle/word-reader.js';
import { benchParts, usualFormat, type Bench, type BenchOptions } from './bench.js';
import type { Reading } from './reading.js';

export interface TtsFacts {
  readonly capabilities: TtsCapabilities;
  readonly dialect: TtsDialect;
}

export interface OpenUtterance {
  readonly controller: AbortController;
  readonly utterance: TtsUtterance;
  readonly reading: Reading<TtsEvent>;
}

export interface OpenSession {
  readonly controller: AbortController;
  readonly session: TtsSession;
  /** Opens an utterance and begins to read it. */
  speak(options?: Partial<SpeakOptions>): OpenUtterance;
  /** Speaks `text` whole: one write, one end. */
  say(text: string, options?: Partial<SpeakOptions>): OpenUtterance;
}

export interface TtsBench extends Bench<TtsAdapter> {
  readonly dialect: TtsDialect;
  readonly fake: TtsFake;
  readonly capabilities: TtsCapabilities;
  readonly format: AudioFormat;
  connect(request?: Partial<TtsRequest>): OpenSession;
}

/** About two seconds. */
export const ttsText = 'Hello zanzibar, your parcel is here.';

export type TtsBenchOptions = BenchOptions<TtsDialect, TtsAdapter, TtsFake, TtsFakeOptions>;

export function audioOf(events: readonly TtsEvent[]): Uint8Array {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])));
}

export function wordTimesOf(events: readonly TtsEvent[]): readonly TtsWord[] {
  return events.flatMap((event) => (event.type === 'words' ? event.words : []));
}

/** The words that the audio of an utterance says, one after the other. */
export function spokenText(events: readonly TtsEvent[], format: AudioFormat): string {
  return readWords(audioOf(events), format)
    .map(({ text }) => text)
    .join(' ');
}

/** Every utterance the fake was asked for, over all sessions. */
export function heardUtterances(fake: TtsFake): readonly TtsHeardUtterance[] {
  return fake.sessions.flatMap(({ heard }) => heard.utterances);
}

/** A session and the ways to speak on it. */
function sessionOf(
  controller: AbortController,
  session: TtsSession,
  { read }: Pick<TtsBench, 'read'>,
): OpenSession {
  function speak(options: Partial<SpeakOptions> = {}): OpenUtterance {
    const own = new AbortController();
    const utterance = session.speak({ bufferedMs: () => 0, signal: own.signal, ...options });
    return { controller: own, utterance, reading: read(utterance) };
  }
  function say(text: string, options?: Partial<SpeakOptions>): OpenUtterance {
    const open = speak(options);
    open.utterance.write(text);
    open.utterance.end();
    return open;
  }
  return { controller, session, speak, say };
}

export async function openTtsBench(options: TtsBenchOptions): Promise<TtsBench> {
  const { dialect, startFake = (settings: TtsFakeOptions) => startTtsFake(dialect, settings) } = options;
  const parts = benchParts(options, await startFake({}));
  const { adapter, capabilities, clock, track } = parts;
  const format = usualFormat(capabilities.formats);
  const sessions = new Map<AbortController, TtsSession>();

  return {
    ...parts,
    stage: 'tts',
    format,
    begin({ adapter: use = adapter, controller } = {}) {
      const tracked = track(controller);
      const session = use.connect({ format, clock, signal: tracked.signal });
      sessions.set(tracked, session);
      const own = new AbortController();
      const stream = session.speak({ bufferedMs: () => 0, signal: own.signal });
      stream.write(ttsText);
      stream.end();
      return { controller: tracked, signals: [tracked.signal, own.signal], stream };
    },
    finish: ({ controller }) => sessions.get(controller)?.close(),
    connect(request = {}) {
      const controller = track();
      return sessionOf(
        controller,
        adapter.connect({ format, clock, signal: controller.signal, ...request }),
        parts,
      );
    },
  };
}
