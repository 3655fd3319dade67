// The contract of a TtsSession over whatever carries it: places, lines for its voices, one end, nothing left behind.
import { ProviderError } from '../errors/provider-error.js';
import type { ErrorClass, VoiceError } from '../spec/error.js';
import type { SpeakOptions, TtsRequest, TtsSession, TtsUtterance } from '../spec/tts.js';
import { type OpenUtterance, openUtterance, type TtsFeed, type TtsSpeaker } from './tts-utterance.js';

/** Who is to speak. */
export type TtsVoice = Pick<SpeakOptions, 'voice' | 'language'>;

/** What carries utterances: a socket, or a way to make requests. */
export interface TtsLine {
  speak(feed: TtsFeed, options: SpeakOptions): TtsSpeaker;
  /** Called once, unless the line was gone before. */
  close(): void;
  /** A reader is behind; left out where the line can't be slowed down. */
  pause?(): void;
  resume?(): void;
}

/** What a line tells of itself. */
export interface TtsLineStatus {
  ready(): void;
  /** It is gone, and its utterances with it; `undefined`: because we closed it. */
  closed(error: VoiceError | undefined): void;
}

export interface TtsSessionOptions {
  readonly provider: string;
  readonly request: TtsRequest;
  readonly concurrentUtterances: number;
  /** A line speaks with one voice in one language; for others of the session more lines are opened. Default false. */
  readonly oneVoicePerLine?: boolean | undefined;
  /** Begins at once. The first line is the session: with it, the session is ready and over. */
  start(status: TtsLineStatus, voice: TtsVoice): TtsLine;
}

interface SessionState {
  readonly options: TtsSessionOptions;
  readonly lines: Map<string, TtsLine>;
  /** Those that are not over, each with the key of its line once it speaks. */
  readonly utterances: Map<OpenUtterance, string | undefined>;
  /** Those whose readers are behind. */
  readonly behind: Set<OpenUtterance>;
  /** What utterances fail with once the session is over. */
  end: { readonly reason: unknown } | undefined;
}

/** Opens a session; `speak` may be called at once. */
export function openTtsSession(options: TtsSessionOptions): TtsSession {
  const { signal } = options.request;
  const session: SessionState = {
    options,
    lines: new Map(),
    utterances: new Map(),
    behind: new Set(),
    end: undefined,
  };
  const ready = settleLater<undefined>();
  const closed = settleLater<VoiceError | undefined>();
  // A failed connection is also told by `closed` and by each utterance.
  ready.promise.catch(() => undefined);

  const finish = (reason: unknown, error?: VoiceError): void => {
    if (session.end !== undefined) return;
    session.end = { reason };
    signal.removeEventListener('abort', onAbort);
    for (const utterance of [...session.utterances.keys()]) utterance.stop(reason);
    for (const line of session.lines.values()) line.close();
    session.lines.clear();
    ready.reject(reason);
    closed.resolve(error);
  };
  const onAbort = (): void => finish(signal.reason);
  if (signal.aborted) onAbort();
  else {
    openLine(session, options.request, {
      ready: () => ready.resolve(undefined),
      closed: (error) => finish(error, error),
    });
    if (session.end === undefined) signal.addEventListener('abort', onAbort);
  }
  return {
    ready: ready.promise,
    closed: closed.promise,
    speak: (speakOptions) => speak(session, speakOptions),
    close: () => finish(failure(session, 'aborted', 'the session was closed')),
  };
}

function speak(session: SessionState, options: SpeakOptions): TtsUtterance {
  const { provider, request, concurrentUtterances } = session.options;
  if (session.utterances.size >= concurrentUtterances) {
    throw failure(session, 'capacity', `no more than ${concurrentUtterances} utterances at once`);
  }
  const open = openUtterance({
    provider,
    format: request.format,
    signal: options.signal,
    start: (feed) => {
      const key = lineKey(session, options);
      session.utterances.set(open, key);
      return (session.lines.get(key) ?? openLine(session, options)).speak(feed, options);
    },
    onBehind: (isBehind) => setBehind(session, open, isBehind),
    onOver: () => {
      session.utterances.delete(open);
      setBehind(session, open, false);
    },
  });
  if (!open.isOver()) session.utterances.set(open, undefined);
  if (session.end !== undefined) open.stop(session.end.reason);
  return open.utterance;
}

function openLine(session: SessionState, asked: TtsVoice, first?: TtsLineStatus): TtsLine {
  const { request } = session.options;
  const voice = { voice: asked.voice ?? request.voice, language: asked.language ?? request.language };
  const key = lineKey(session, voice);
  let isGone = false as boolean;
  const line = session.options.start(
    {
      ready: () => first?.ready(),
      closed: (error) => {
        if (error === undefined) return;
        isGone = true;
        session.lines.delete(key);
        for (const [utterance, ownKey] of [...session.utterances]) if (ownKey === key) utterance.stop(error);
        first?.closed(error);
      },
    },
    voice,
  );
  if (!isGone) session.lines.set(key, line);
  return line;
}

/** Lines are shared, so all are slowed down while any reader is behind. */
function setBehind({ behind, lines }: SessionState, utterance: OpenUtterance, isBehind: boolean): void {
  const wasPaused = behind.size > 0;
  if (isBehind) behind.add(utterance);
  else behind.delete(utterance);
  const isPaused = behind.size > 0;
  if (isPaused === wasPaused) return;
  for (const line of lines.values()) {
    if (isPaused) line.pause?.();
    else line.resume?.();
  }
}

function lineKey({ options }: SessionState, { voice, language }: TtsVoice): string {
  if (options.oneVoicePerLine !== true) return '';
  const { request } = options;
  return JSON.stringify([voice ?? request.voice, language ?? request.language]);
}

function failure({ options }: SessionState, errorClass: ErrorClass, what: string): ProviderError {
  const { provider } = options;
  return new ProviderError({ provider, stage: 'tts', class: errorClass, message: `${provider}: ${what}.` });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function settleLater<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
