// A fake text-to-speech provider: speaks word-coded audio at a fixed pace per character, in the dialect's messages.
import type { FakeRequest, Refusal, TtsAnswer, TtsDialect } from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import {
  isRefusal,
  startProviderFake,
  type ProviderFake,
  type ProviderFakeOptions,
} from './provider-fake.js';
import { converse, roleOf } from './tts-conversation.js';
import { createMouth, type Mouth, type TtsHeard, type TtsVoiceOptions } from './tts-mouth.js';

export interface TtsFakeOptions extends ProviderFakeOptions, TtsVoiceOptions {}

/** A running fake voice. Its audio can be read back with `createWordReader`. */
export type TtsFake = ProviderFake<TtsHeard>;

/** One request: one utterance, whole from the start; its body ends when it is complete. */
function answer(request: TtsAnswer, options: TtsFakeOptions): FakeConversation<TtsHeard> {
  const { asked, text, contentType, headers } = request;
  let mouth: Mouth | undefined;
  return {
    contentType,
    headers,
    heard: {
      asked,
      get utterances() {
        return mouth?.heard.utterances ?? [];
      },
      controls: [],
    },
    start(outlet) {
      mouth = createMouth({
        asked,
        options,
        say: (event) => outlet.send(request.write(event), roleOf(event)),
        then: (action) => outlet.then(action),
        onOver: () => outlet.end(1000),
      });
      outlet.send(request.write({ type: 'ready' }), 'greeting');
      const speech = mouth.begin('answer');
      speech.write(text);
      speech.end();
    },
  };
}

/** Starts a fake text-to-speech provider that speaks `dialect` on a free loopback port. */
export function startTtsFake(dialect: TtsDialect, options: TtsFakeOptions = {}): Promise<TtsFake> {
  function opening<Opened extends object>(
    open: ((request: FakeRequest) => Opened | Refusal) | undefined,
    start: (opened: Opened) => FakeConversation<TtsHeard>,
  ): ((request: FakeRequest) => FakeConversation<TtsHeard> | Refusal) | undefined {
    if (open === undefined) return undefined;
    return (request) => {
      const opened = open(request);
      return isRefusal(opened) ? opened : start(opened);
    };
  }

  const openSocket = opening(dialect.open?.bind(dialect), (opened) => converse(dialect, opened, options));
  const answerRequest = opening(dialect.answer?.bind(dialect), (opened) => answer(opened, options));
  return startProviderFake<TtsHeard>(dialect, { openSocket, answer: answerRequest }, options);
}
