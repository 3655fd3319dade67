// A fake speech-to-text provider: counts audio as time, recognises a script, says it in the dialect's messages.
import { type AudioFormat, durationMs } from '@voicewire/core/adapter';
import {
  createScriptRecogniser,
  timedWords,
  type ScriptedWord,
  type ScriptRecogniser,
} from '../script-recogniser.js';
import { createWordReader, type WordReader } from '../word-reader.js';
import type {
  FakeRequest,
  Refusal,
  SttAsked,
  SttClientMessage,
  SttConversation,
  SttDialect,
  SttFakeEvent,
  WireMessage,
} from './dialects.js';
import type { FakeConversation } from './fake-session.js';
import { closeOutlet, type Outlet } from './outlet.js';
import {
  isRefusal,
  startProviderFake,
  type ProviderFake,
  type ProviderFakeOptions,
} from './provider-fake.js';

/** `sound`: whatever word-coded audio says (see `wordSound`); otherwise a script of timed words, whatever the audio. */
export type SttScript = 'sound' | readonly ScriptedWord[];

export interface SttFakeOptions extends ProviderFakeOptions {
  /** What connections hear unless `hear` says otherwise. Default: `defaultSttScript`. */
  readonly script?: SttScript | undefined;
  /** Silence that makes a final. Default 300. */
  readonly pauseMs?: number | undefined;
  /** Silence that makes an eager end of turn. Default: none. */
  readonly eagerPauseMs?: number | undefined;
}

/** What one connection was sent and asked for. */
export interface SttHeard {
  readonly asked: SttAsked;
  readonly audioBytes: number;
  readonly audioMs: number;
  /** All audio in one piece; empty where the fake does not record. */
  audio(): Uint8Array;
  /** Messages other than audio, by type, in order. */
  readonly controls: readonly SttClientMessage['type'][];
  /** Audio messages that were empty, which some providers take for a close. */
  readonly emptyAudio: number;
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

const telephoneFormat: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

/** What proves that a session is complete: the rest of the words and the goodbye. */
function roleOf(event: SttFakeEvent): 'greeting' | 'result' | 'final' {
  if (event.type === 'ready') return 'greeting';
  return event.type === 'goodbye' || (event.type === 'final' && event.cause === 'end') ? 'final' : 'result';
}

/** One connection: what it was asked, how much it heard, what it recognises. */
function createEar(script: SttScript, firstAsked: SttAsked, options: SttFakeOptions) {
  const controls: SttClientMessage['type'][] = [];
  const kept: Uint8Array[] = [];
  let asked = firstAsked;
  let audioBytes = 0;
  let emptyAudio = 0;
  let reader: WordReader | undefined;
  let recogniser: ScriptRecogniser | undefined;

  const format = (): AudioFormat => asked.format ?? telephoneFormat;
  const audioMs = (): number => durationMs(audioBytes, format());

  function recognise(): ScriptRecogniser {
    const { pauseMs, eagerPauseMs } = options;
    const { language, diarize } = asked;
    recogniser ??= createScriptRecogniser(script === 'sound' ? [] : script, {
      pauseMs,
      eagerPauseMs,
      language,
      diarize,
    });
    return recogniser;
  }

  function hear(audio: Uint8Array): readonly SttFakeEvent[] {
    if (audio.length === 0) emptyAudio += 1;
    audioBytes += audio.length;
    if (options.record ?? true) kept.push(audio);
    if (script !== 'sound') return recognise().hear(audioMs());
    reader ??= createWordReader(format());
    recognise().add(reader.read(audio));
    return recognise().hear(reader.decidedMs);
  }

  function decide(how: 'flush' | 'end'): readonly SttFakeEvent[] {
    if (reader !== undefined) recognise().add(reader.cut());
    return recognise()[how](audioMs());
  }

  const heard: SttHeard = {
    get asked() {
      return asked;
    },
    get audioBytes() {
      return audioBytes;
    },
    get audioMs() {
      return audioMs();
    },
    audio: () => Buffer.concat(kept),
    controls,
    get emptyAudio() {
      return emptyAudio;
    },
  };
  return {
    heard,
    hear,
    decide,
    control(message: SttClientMessage) {
      controls.push(message.type);
      if (message.type === 'configure') asked = { ...asked, ...message.asked };
    },
  };
}

function converse(
  dialect: SttDialect,
  conversation: SttConversation,
  script: SttScript,
  options: SttFakeOptions,
): FakeConversation<SttHeard> {
  const ear = createEar(script, conversation.asked, options);
  let hasEnded = false;

  function say(outlet: Outlet, events: readonly SttFakeEvent[]): void {
    for (const event of events) outlet.send(conversation.write(event), roleOf(event));
  }

  function react(message: SttClientMessage, outlet: Outlet): void {
    if (hasEnded) return;
    if (message.type === 'audio') return say(outlet, ear.hear(message.audio));
    ear.control(message);
    switch (message.type) {
      case 'flush':
        return say(outlet, ear.decide('flush'));
      case 'end':
        hasEnded = true;
        say(outlet, ear.decide('end'));
        return outlet.end(dialect.goodbyeCode ?? 1000);
      case 'unreadable':
        hasEnded = true;
        return closeOutlet(outlet, message);
      case 'configure':
      case 'keep-alive':
      case 'ignored':
        return undefined;
    }
  }

  return {
    heard: ear.heard,
    start: (outlet) => say(outlet, [{ type: 'ready' }]),
    receive(message: WireMessage, outlet) {
      for (const understood of conversation.read(message)) react(understood, outlet);
    },
  };
}

/** Starts a fake speech-to-text provider that speaks `dialect` on a free loopback port. */
export async function startSttFake(dialect: SttDialect, options: SttFakeOptions = {}): Promise<SttFake> {
  let script = options.script ?? defaultSttScript;

  function openSocket(request: FakeRequest): FakeConversation<SttHeard> | Refusal {
    const conversation = dialect.open(request);
    return isRefusal(conversation) ? conversation : converse(dialect, conversation, script, options);
  }

  const fake = await startProviderFake<SttHeard>(dialect, { openSocket }, options);
  return Object.assign(fake, { hear: (next: SttScript) => void (script = next) });
}
