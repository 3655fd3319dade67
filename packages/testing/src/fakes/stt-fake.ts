// A fake speech-to-text provider: counts audio as time, recognises a script, says it in the dialect's messages.
import { timedWords, type RecogniserManner, type ScriptedWord } from '../script-recogniser.js';
import type {
  FakeRequest,
  Refusal,
  SttClientMessage,
  SttConversation,
  SttDialect,
  SttFakeEvent,
} from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import { closeOutlet, type MessageRole, type Outlet } from './outlet.js';
import {
  isRefusal,
  startProviderFake,
  type ProviderFake,
  type ProviderFakeOptions,
} from './provider-fake.js';
import { createEar, type Ear, type SttHeard, type SttScript } from './stt-ear.js';

export interface SttFakeOptions extends ProviderFakeOptions, RecogniserManner {
  /** What connections hear unless `hear` says otherwise. Default: `defaultSttScript`. */
  readonly script?: SttScript | undefined;
  /** Silence that makes a final. Default 300. */
  readonly pauseMs?: number | undefined;
  /** Silence, shorter than `pauseMs`, that makes an eager end of turn. Default: none. */
  readonly eagerPauseMs?: number | undefined;
}

export interface SttFake extends ProviderFake<SttHeard> {
  /** What the connections to come will hear. */
  hear(script: SttScript): void;
}

/** Three utterances in six seconds, with pauses between them and two speakers. */
export const defaultSttScript: readonly ScriptedWord[] = [
  ...timedWords('hello there', { startMs: 200 }),
  ...timedWords('where is my order', { startMs: 1600 }),
  ...timedWords('thank you', { startMs: 4000 }),
].map((word, index) => ({ ...word, speaker: index < 6 ? 'speaker-0' : 'speaker-1' }));

interface State {
  readonly dialect: SttDialect;
  readonly conversation: SttConversation;
  readonly ear: Ear;
  hasEnded: boolean;
}

/** What proves that a session is complete: the rest of the words and the goodbye. */
function roleOf(event: SttFakeEvent): MessageRole {
  if (event.type === 'ready') return 'greeting';
  return event.type === 'goodbye' || (event.type === 'final' && event.cause === 'end') ? 'final' : 'result';
}

function say({ conversation }: State, outlet: Outlet, events: readonly SttFakeEvent[]): void {
  for (const event of events) outlet.send(conversation.write(event), roleOf(event));
}

function react(state: State, outlet: Outlet, message: SttClientMessage): void {
  const { ear, dialect } = state;
  if (state.hasEnded) return;
  if (message.type === 'audio') {
    say(state, outlet, ear.hear(message.audio));
    return;
  }
  ear.control(message);
  switch (message.type) {
    case 'flush':
      say(state, outlet, ear.decide('flush'));
      return;
    case 'end':
      state.hasEnded = true;
      say(state, outlet, ear.decide('end'));
      outlet.end(dialect.goodbyeCode ?? 1000);
      return;
    case 'unreadable':
      state.hasEnded = true;
      closeOutlet(outlet, message);
      return;
    case 'configure':
    case 'keep-alive':
    case 'ignored':
      return;
  }
}

/** Starts a fake speech-to-text provider that speaks `dialect` on a free loopback port. */
export async function startSttFake(dialect: SttDialect, options: SttFakeOptions = {}): Promise<SttFake> {
  const { record = true } = options;
  let script = options.script ?? defaultSttScript;

  function openSocket(request: FakeRequest): FakeConversation<SttHeard> | Refusal {
    const conversation = dialect.open(request);
    if (isRefusal(conversation)) return conversation;
    const { asked } = conversation;
    const ear = createEar({ ...options, script, asked, record });
    const state: State = { dialect, conversation, ear, hasEnded: false };
    return {
      heard: ear.heard,
      start: (outlet) => say(state, outlet, [{ type: 'ready' }]),
      receive(message, outlet) {
        for (const understood of conversation.read(message)) react(state, outlet, understood);
      },
    };
  }

  const fake = await startProviderFake<SttHeard>(dialect, { openSocket }, options);
  return Object.assign(fake, { hear: (next: SttScript) => void (script = next) });
}
