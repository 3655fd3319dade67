// A correct text-to-speech adapter with one thing turned wrong.
import type {
  SpeakOptions,
  TtsAdapter,
  TtsCapabilities,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
} from '@voicewire/core/adapter';

export interface TtsTwist {
  readonly capabilities?: Partial<TtsCapabilities>;
  /** What is asked of the correct adapter. */
  request?(request: TtsRequest): TtsRequest;
  /** What is asked of a correct session. */
  speak?(options: SpeakOptions): SpeakOptions;
  /** What an utterance says in place of each event; called once per utterance. */
  events?(): (event: TtsEvent) => readonly TtsEvent[];
  /** Anything else about an utterance. */
  utterance?(utterance: TtsUtterance, options: SpeakOptions, session: TtsSession): TtsUtterance;
  /** Anything else about a session. */
  session?(session: TtsSession, request: TtsRequest, inner: TtsAdapter): TtsSession;
}

/** The utterance, read through `read`; two readers are still one too many. */
export function readUtterance(
  utterance: TtsUtterance,
  read: (events: AsyncIterable<TtsEvent>) => AsyncGenerator<TtsEvent>,
): TtsUtterance {
  return {
    ...utterance,
    [Symbol.asyncIterator]() {
      const iterator = utterance[Symbol.asyncIterator]();
      return read({ [Symbol.asyncIterator]: () => iterator });
    },
  };
}

function twistSession(session: TtsSession, twist: TtsTwist): TtsSession {
  return {
    ready: session.ready,
    closed: session.closed,
    close: () => session.close(),
    speak(options) {
      const toEvents = twist.events?.() ?? ((event: TtsEvent) => [event]);
      const utterance = readUtterance(
        session.speak(twist.speak?.(options) ?? options),
        async function* (events) {
          for await (const event of events) yield* toEvents(event);
        },
      );
      return twist.utterance?.(utterance, options, session) ?? utterance;
    },
  };
}

export function twistTts(inner: TtsAdapter, twist: TtsTwist): TtsAdapter {
  return {
    ...inner,
    capabilities: { ...inner.capabilities, ...twist.capabilities },
    connect(request) {
      const asked = twist.request?.(request) ?? request;
      const session = twistSession(inner.connect(asked), twist);
      return twist.session?.(session, asked, inner) ?? session;
    },
  };
}
