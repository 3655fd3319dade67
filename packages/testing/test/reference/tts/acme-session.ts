// One warm connection to Acme and the utterances spoken over it.
import {
  connectWebSocket,
  createEventQueue,
  ProviderError,
  readJsonMessage,
  type EventQueue,
  type SpeakOptions,
  type TtsEvent,
  type TtsRequest,
  type TtsSession,
  type TtsUtterance,
  type VoiceError,
  type WebSocketLink,
} from '@voicewire/core/adapter';
import { frames, readNews } from './acme-wire.js';

export interface AcmeSessionOptions {
  readonly url: URL;
  readonly apiKey: string;
  readonly request: TtsRequest;
  readonly concurrentUtterances: number;
}

const owner = { provider: 'acme', stage: 'tts' } as const;
const keepAliveMs = 10_000;

interface State {
  readonly options: AcmeSessionOptions;
  readonly link: WebSocketLink;
  /** Utterances that were not proved complete yet. */
  readonly open: Map<string, EventQueue<TtsEvent>>;
  spoken: number;
  /** What utterances fail with once the session is over. */
  end: { readonly reason: unknown } | undefined;
}

export function openSession(options: AcmeSessionOptions): TtsSession {
  const { url, apiKey, request } = options;
  const { clock, signal } = request;
  let becomeReady: { resolve(): void; reject(reason: unknown): void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  let settle: (error: VoiceError | undefined) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => (becomeReady = { resolve, reject }));
  const closed = new Promise<VoiceError | undefined>((resolve) => (settle = resolve));
  // Who waits for neither must not be ended by a failure.
  ready.catch(() => undefined);

  function end(error: VoiceError | undefined, reason: unknown): void {
    if (state.end !== undefined) return;
    state.end = { reason };
    signal.removeEventListener('abort', onAbort);
    for (const queue of state.open.values()) queue.fail(reason);
    becomeReady.reject(reason);
    settle(error);
  }
  function onAbort(): void {
    end(undefined, signal.reason);
    state.link.close();
  }

  const link = connectWebSocket({
    ...owner,
    url,
    headers: { Authorization: `Bearer ${apiKey}` },
    clock,
    keepAlive: { everyMs: keepAliveMs, frame: frames.keepAlive },
    isIdle: () => state.open.size === 0,
    onOpen: () => becomeReady.resolve(),
    onMessage: (data) => hear(state, readJsonMessage(data, owner)),
    onClose: (error) => end(error, error ?? wasClosed()),
  });
  const state: State = { options, link, open: new Map(), spoken: 0, end: undefined };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return {
    ready,
    closed,
    speak: (speak) => beginUtterance(state, speak),
    close() {
      end(undefined, wasClosed());
      link.close();
    },
  };
}

function wasClosed(): ProviderError {
  return new ProviderError({ ...owner, class: 'aborted', message: 'acme: the session was closed.' });
}

/** Late audio of an utterance that is over finds no queue. */
function hear(state: State, message: unknown): void {
  const news = readNews(message);
  const queue = news && state.open.get(news.id);
  if (news === undefined || queue === undefined) return;
  for (const event of news.events) queue.push(event);
  if (!news.isFinal) return;
  state.open.delete(news.id);
  queue.finish();
}

function beginUtterance(state: State, speak: SpeakOptions): TtsUtterance {
  const { link, open, options } = state;
  if (open.size >= options.concurrentUtterances) {
    const message = `acme speaks at most ${options.concurrentUtterances} utterances at once on one session.`;
    throw new ProviderError({ ...owner, class: 'capacity', message });
  }
  const id = `utterance-${(state.spoken += 1)}`;
  let text = '';
  let hasEnded = false;
  const queue = createEventQueue<TtsEvent>({
    signal: speak.signal,
    onFull: () => link.pause(),
    onDrained: () => link.resume(),
    onCancel: () => {
      open.delete(id);
      // It may have been this reader who was behind.
      link.resume();
      if (text !== '') link.send(frames.cancel(id));
    },
  });
  if (state.end !== undefined) queue.fail(state.end.reason);
  if (!queue.isOver) open.set(id, queue);
  const isClosed = (): boolean => hasEnded || queue.isOver;

  return {
    write(more) {
      if (isClosed() || more === '') return;
      text += more;
      link.send(frames.text(id, more, speak));
    },
    flush() {
      if (!isClosed() && text !== '') link.send(frames.flush(id));
    },
    end() {
      if (isClosed()) return;
      hasEnded = true;
      if (text !== '') return link.send(frames.end(id));
      // Nothing to say is said at once.
      open.delete(id);
      queue.finish();
    },
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}
