// A correct speech-to-text adapter with one thing turned wrong.
import type { SttAdapter, SttCapabilities, SttEvent, SttRequest, SttStream } from '@voicewire/core/adapter';

export interface SttTwist {
  readonly capabilities?: Partial<SttCapabilities>;
  readonly healthKey?: string | ((inner: SttAdapter) => string);
  /** What is asked of the correct adapter. */
  request?(request: SttRequest): SttRequest;
  /** What a stream says in place of each event; called once per stream. */
  events?(stream: { readonly hasEnded: () => boolean }): (event: SttEvent) => readonly SttEvent[];
  /** What a stream throws in place of a failure; `returned` for nothing. */
  failure?(
    error: unknown,
    stream: { readonly hasEnded: boolean; readonly heard: readonly SttEvent[] },
  ): unknown;
  /** In place of opening a correct stream. */
  open?(request: SttRequest, inner: SttAdapter): SttStream;
  /** Anything else about a stream. */
  stream?(stream: SttStream, request: SttRequest, inner: SttAdapter): SttStream;
}

export const returned = Symbol('returned');

async function* twisted(
  iterator: AsyncIterator<SttEvent>,
  twist: SttTwist,
  hasEnded: () => boolean,
): AsyncGenerator<SttEvent> {
  const toEvents = twist.events?.({ hasEnded }) ?? ((event) => [event]);
  const heard: SttEvent[] = [];
  try {
    for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
      heard.push(event);
      yield* toEvents(event);
    }
  } catch (error) {
    const failure =
      twist.failure === undefined ? error : twist.failure(error, { hasEnded: hasEnded(), heard });
    if (failure !== returned) throw failure;
  }
}

export function twistStt(inner: SttAdapter, twist: SttTwist): SttAdapter {
  const capabilities = { ...inner.capabilities, ...twist.capabilities };
  return {
    ...inner,
    capabilities,
    healthKey:
      typeof twist.healthKey === 'function' ? twist.healthKey(inner) : (twist.healthKey ?? inner.healthKey),
    open(request) {
      const asked = twist.request?.(request) ?? request;
      const stream = twist.open?.(asked, inner) ?? inner.open(asked);
      let hasEnded = false;
      const same: SttStream = {
        write: (audio) => stream.write(audio),
        flush: () => stream.flush(),
        end() {
          hasEnded = true;
          stream.end();
        },
        [Symbol.asyncIterator]: () => twisted(stream[Symbol.asyncIterator](), twist, () => hasEnded),
      };
      return twist.stream?.(same, request, inner) ?? same;
    },
  };
}
