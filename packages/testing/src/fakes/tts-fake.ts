// A fake text-to-speech provider: speaks word-coded audio at a fixed pace per character, in the dialect's messages.
import type {
  FakeRequest,
  Refusal,
  TtsAnswer,
  TtsAsked,
  TtsClientMessage,
  TtsConversation,
  TtsDialect,
  TtsFakeEvent,
} from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import { closeOutlet, type MessageRole, type Outlet } from './outlet.js';
import {
  isRefusal,
  startProviderFake,
  type ProviderFake,
  type ProviderFakeOptions,
} from './provider-fake.js';
import { createMouth, type Mouth, type Speech, type TtsHeard, type TtsVoiceOptions } from './tts-mouth.js';

export interface TtsFakeOptions extends ProviderFakeOptions, TtsVoiceOptions {}

/** A running fake voice. Its audio can be read back with `createWordReader`. */
export type TtsFake = ProviderFake<TtsHeard>;

function roleOf(event: TtsFakeEvent): MessageRole {
  return event.type === 'ready' ? 'greeting' : event.type === 'final' ? 'final' : 'result';
}

/** One socket: many utterances, opened, fed and cancelled by messages. */
function converse(
  dialect: TtsDialect,
  conversation: TtsConversation,
  options: TtsFakeOptions,
): FakeConversation<TtsHeard> {
  let outlet: Outlet | undefined;
  let isClosing = false;

  function say(event: TtsFakeEvent): void {
    outlet?.send(conversation.write(event), roleOf(event));
  }

  function leaveIfDone(): void {
    const isDone = mouth.open.length === 0 && (isClosing || dialect.closesAfterFinal === true);
    if (!isDone) return;
    say({ type: 'goodbye' });
    outlet?.end(1000);
  }

  const mouth = createMouth({
    asked: conversation.asked,
    options,
    say,
    then: (action) => outlet?.then(action),
    onOver: leaveIfDone,
  });

  function begin(id: string, asked?: TtsAsked): Speech | undefined {
    const known = mouth.find(id);
    if (known !== undefined) return known;
    if (mouth.open.length < (dialect.concurrentUtterances ?? Number.POSITIVE_INFINITY))
      return mouth.begin(id, asked);
    say({ type: 'over-capacity', utterance: id });
    if (dialect.capacityClose !== undefined && outlet) closeOutlet(outlet, dialect.capacityClose);
    return undefined;
  }

  function finish(speech: Speech): void {
    speech.plan.flush();
    speech.state = 'ended';
    mouth.speak(speech);
  }

  function react(message: TtsClientMessage): void {
    mouth.note(message.type);
    const speech = 'utterance' in message ? mouth.find(message.utterance) : undefined;
    switch (message.type) {
      case 'configure':
        return mouth.configure(message.asked);
      case 'open':
        return void begin(message.utterance, message.asked);
      case 'text':
        return write(speech ?? begin(message.utterance), message.text);
      case 'flush':
        return speech && flush(speech);
      case 'end':
        return speech && finish(speech);
      case 'cancel':
        return speech && mouth.cancel(speech);
      case 'close':
        isClosing = true;
        for (const open of mouth.open) finish(open);
        return leaveIfDone();
      case 'unreadable':
        return outlet && closeOutlet(outlet, message);
      case 'keep-alive':
      case 'ignored':
        return undefined;
    }
  }

  function write(speech: Speech | undefined, text: string): void {
    if (speech === undefined) return;
    speech.plan.write(text);
    mouth.speak(speech);
  }

  function flush(speech: Speech): void {
    speech.plan.flush();
    speech.flushes += 1;
    mouth.speak(speech);
  }

  return {
    heard: mouth.heard,
    start(started) {
      outlet = started;
      say({ type: 'ready' });
    },
    receive(message) {
      for (const understood of conversation.read(message)) react(understood);
    },
  };
}

/** One request: one utterance, whole from the start; its body ends when it is complete. */
function answer(request: TtsAnswer, options: TtsFakeOptions): FakeConversation<TtsHeard> {
  let mouth: Mouth | undefined;
  const { asked, text, contentType, headers } = request;
  const empty: TtsHeard = { asked, utterances: [], controls: [] };

  function start(outlet: Outlet): void {
    const say = (event: TtsFakeEvent): void => outlet.send(request.write(event), roleOf(event));
    mouth = createMouth({
      asked,
      options,
      say,
      then: (action) => outlet.then(action),
      onOver: () => outlet.end(1000),
    });
    say({ type: 'ready' });
    const speech = mouth.begin('answer');
    speech.plan.write(text);
    speech.plan.flush();
    speech.state = 'ended';
    mouth.speak(speech);
  }

  const heard: TtsHeard = {
    asked,
    get utterances() {
      return (mouth?.heard ?? empty).utterances;
    },
    controls: [],
  };
  return { heard, contentType, headers, start };
}

/** Starts a fake text-to-speech provider that speaks `dialect` on a free loopback port. */
export function startTtsFake(dialect: TtsDialect, options: TtsFakeOptions = {}): Promise<TtsFake> {
  function opening<Opened extends object>(
    open: ((request: FakeRequest) => Opened | Refusal) | undefined,
    start: (opened: Opened) => FakeConversation<TtsHeard>,
  ) {
    if (open === undefined) return undefined;
    return (request: FakeRequest): FakeConversation<TtsHeard> | Refusal => {
      const opened = open(request);
      return isRefusal(opened) ? opened : start(opened);
    };
  }

  const openSocket = opening(dialect.open?.bind(dialect), (opened) => converse(dialect, opened, options));
  const answerRequest = opening(dialect.answer?.bind(dialect), (opened) => answer(opened, options));
  return startProviderFake<TtsHeard>(dialect, { openSocket, answer: answerRequest }, options);
}
