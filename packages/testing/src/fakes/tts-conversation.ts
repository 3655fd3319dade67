// One socket of a fake voice: many utterances, opened, fed and cancelled by the client's messages.
import type { TtsAsked, TtsClientMessage, TtsConversation, TtsDialect, TtsFakeEvent } from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import { closeOutlet, type MessageRole, type Outlet } from './outlet.js';
import { createMouth, type Mouth, type Speech, type TtsHeard, type TtsVoiceOptions } from './tts-mouth.js';

interface State {
  readonly dialect: TtsDialect;
  readonly conversation: TtsConversation;
  readonly mouth: Mouth;
  outlet: Outlet | undefined;
  isClosing: boolean;
}

export function roleOf(event: TtsFakeEvent): MessageRole {
  return event.type === 'ready' ? 'greeting' : event.type === 'final' ? 'final' : 'result';
}

export function converse(
  dialect: TtsDialect,
  conversation: TtsConversation,
  options: TtsVoiceOptions,
): FakeConversation<TtsHeard> {
  const mouth = createMouth({
    asked: conversation.asked,
    options,
    say: (event) => say(state, event),
    then: (action) => state.outlet?.then(action),
    onOver: () => leaveIfDone(state),
  });
  const state: State = { dialect, conversation, mouth, outlet: undefined, isClosing: false };
  return {
    heard: mouth.heard,
    start(outlet) {
      state.outlet = outlet;
      say(state, { type: 'ready' });
    },
    receive(message) {
      for (const understood of conversation.read(message)) react(state, understood);
    },
  };
}

function say({ outlet, conversation }: State, event: TtsFakeEvent): void {
  outlet?.send(conversation.write(event), roleOf(event));
}

function leaveIfDone(state: State): void {
  const { dialect, mouth, isClosing } = state;
  if (mouth.open.length > 0 || (!isClosing && dialect.closesAfterFinal !== true)) return;
  say(state, { type: 'goodbye' });
  state.outlet?.end(1000);
}

/** The open utterance of this id, or a new one while the provider allows it. */
function begin(state: State, id: string, asked?: TtsAsked): Speech | undefined {
  const { dialect, mouth, outlet } = state;
  const known = mouth.find(id);
  if (known !== undefined) return known;
  const limit = dialect.concurrentUtterances ?? Number.POSITIVE_INFINITY;
  if (mouth.open.length < limit) return mouth.begin(id, asked);
  say(state, { type: 'over-capacity', utterance: id });
  if (dialect.capacityClose !== undefined && outlet) closeOutlet(outlet, dialect.capacityClose);
  return undefined;
}

function react(state: State, message: TtsClientMessage): void {
  const { mouth, outlet } = state;
  mouth.note(message.type);
  switch (message.type) {
    case 'configure':
      mouth.configure(message.asked);
      return;
    case 'open':
      begin(state, message.utterance, message.asked);
      return;
    case 'text':
      begin(state, message.utterance)?.write(message.text);
      return;
    case 'flush':
      mouth.find(message.utterance)?.flush();
      return;
    case 'end':
      mouth.find(message.utterance)?.end();
      return;
    case 'cancel':
      mouth.find(message.utterance)?.cancel();
      return;
    case 'close':
      state.isClosing = true;
      for (const open of mouth.open) open.end();
      leaveIfDone(state);
      return;
    case 'unreadable':
      if (outlet) closeOutlet(outlet, message);
      return;
    case 'keep-alive':
    case 'ignored':
      return;
  }
}
