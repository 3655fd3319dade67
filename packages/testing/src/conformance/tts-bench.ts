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
import { readWords } from '../word-reader.js';
import { inTime } from '../fakes/waiting.js';
import type { Bench, Begun, Target } from './bench.js';
import { readStream, type Reading } from './reading.js';
import { createCountingClock } from './watch.js';

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

export interface TtsBenchOptions {
  readonly dialect: TtsDialect;
  readonly deadlineMs: number;
  createAdapter(target: Target): TtsAdapter;
  readonly startFake?: ((options: TtsFakeOptions) => Promise<TtsFake>) | undefined;
}

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

export async function openTtsBench(options: TtsBenchOptions): Promise<TtsBench> {
  const {
    dialect,
    deadlineMs,
    createAdapter,
    startFake = (settings) => startTtsFake(dialect, settings),
  } = options;
  const fake = await startFake({});
  const target: Target = { url: fake.url, wsUrl: fake.wsUrl, apiKey: fake.apiKey };
  const adapter = createAdapter(target);
  const clock = createCountingClock();
  const sessions = new Map<AbortController, TtsSession>();
  const { formats } = adapter.capabilities;
  const format = formats.find(({ encoding }) => encoding === 'mulaw') ??
    formats[0] ?? { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

  function openSession(
    use: TtsAdapter,
    request: Partial<TtsRequest>,
    controller: AbortController,
  ): TtsSession {
    const session = use.connect({ format, clock, signal: controller.signal, ...request });
    sessions.set(controller, session);
    return session;
  }

  function speakOn(
    session: TtsSession,
    speak: Partial<SpeakOptions>,
    controller: AbortController,
  ): TtsUtterance {
    return session.speak({ bufferedMs: () => 0, signal: controller.signal, ...speak });
  }

  return {
    stage: 'tts',
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
    begin({ adapter: use = adapter, controller = new AbortController() } = {}): Begun {
      const session = openSession(use, {}, controller);
      const own = new AbortController();
      const stream = speakOn(session, {}, own);
      stream.write(ttsText);
      stream.end();
      return { controller, signals: [controller.signal, own.signal], stream };
    },
    finish: ({ controller }) => sessions.get(controller)?.close(),
    connect(request = {}) {
      const controller = new AbortController();
      const session = openSession(adapter, request, controller);
      function speak(speakOptions: Partial<SpeakOptions> = {}): OpenUtterance {
        const own = new AbortController();
        const utterance = speakOn(session, speakOptions, own);
        return { controller: own, utterance, reading: readStream(utterance, deadlineMs) };
      }
      function say(text: string, speakOptions?: Partial<SpeakOptions>): OpenUtterance {
        const open = speak(speakOptions);
        open.utterance.write(text);
        open.utterance.end();
        return open;
      }
      return { controller, session, speak, say };
    },
    async close() {
      for (const controller of sessions.keys()) controller.abort(new Error('The check is over.'));
      await fake.close();
    },
  };
}
