// One socket for one voice, a context for each utterance. https://elevenlabs.io/docs/cookbooks/multi-context-web-socket
import {
  connectWebSocket,
  createWordTiming,
  durationMs,
  readJsonMessage,
  type TtsFeed,
  type TtsLine,
  type TtsLineStatus,
  type WebSocketLinkOptions,
  type WordTiming,
} from '@voicewire/core/adapter';
import type { ElevenLabsSettings } from './elevenlabs-options.js';
import { modelOf, owner, readMessage, readRefusal, type Speaker, speechUrl } from './elevenlabs-wire.js';

/** With one open context more the server ends the socket. */
export const maxContexts = 5;
/** After so long without text a context, or a socket without one, is closed: the longest that can be asked for. */
export const inactivityMs = 180_000;

interface Context {
  readonly feed: TtsFeed;
  readonly words: WordTiming;
  /** What it says while the server has no place for it; undefined once it has. */
  held: string[] | undefined;
  audioBytes: number;
  /** Its text has. It keeps its place until the server says that it is over. */
  hasEnded: boolean;
}

export function openVoiceSocket(
  settings: ElevenLabsSettings,
  speaker: Speaker,
  connection: Pick<WebSocketLinkOptions, 'headers' | 'clock'>,
  status: TtsLineStatus,
): TtsLine {
  /** By id, in the order they came: the first `maxContexts` have a place at the server. */
  const contexts = new Map<string, Context>();
  let count = 0;
  const link = connectWebSocket({
    ...owner,
    ...connection,
    url: speechUrl(settings, speaker, 'multi-stream-input', {
      ...modelOf(settings, speaker),
      inactivity_timeout: inactivityMs / 1000,
      sync_alignment: true,
    }),
    keepAlive: { everyMs: 15_000, frame: () => keepAliveFrame(contexts) },
    isIdle: () => contexts.size === 0,
    readVerdict: (verdict) => (verdict.kind === 'refused' ? readRefusal(verdict.body) : undefined),
    onOpen: () => status.ready(),
    onMessage: (data) => {
      const { context: id, audio, letters, isFinal } = readMessage(readJsonMessage(data, owner));
      const context = contexts.get(id);
      if (context === undefined) return;
      context.feed.words(context.words.hear(letters, durationMs(context.audioBytes, speaker.format)));
      context.feed.audio(audio);
      context.audioBytes += audio.length;
      if (!isFinal) return;
      contexts.delete(id);
      admit();
      context.feed.finish();
    },
    onClose: (error) => status.closed(error),
  });
  const admit = (): void => {
    for (const context of [...contexts.values()].slice(0, maxContexts)) {
      for (const frame of context.held ?? []) link.send(frame);
      context.held = undefined;
    }
  };
  return {
    ...link,
    speak: (feed) => {
      const id = `utterance-${(count += 1)}`;
      const context: Context = { feed, words: createWordTiming(), held: [], audioBytes: 0, hasEnded: false };
      contexts.set(id, context);
      const send = (message: object): void => {
        const frame = JSON.stringify({ context_id: id, ...message });
        if (context.held === undefined) link.send(frame);
        else context.held.push(frame);
      };
      send({ text: ' ', voice_settings: settings.voiceSettings });
      admit();
      return {
        write: (text) => {
          context.words.write(text);
          send({ text: /\s$/.test(text) ? text : `${text} ` });
        },
        flush: () => send({ flush: true }),
        // What was flushed is still spoken; then the server says that the context is over.
        end: () => {
          context.hasEnded = true;
          send({ flush: true });
          send({ close_context: true });
        },
        close: () => {
          context.hasEnded = true;
          // The server either never heard of it, or has to stop, or was the one to end it.
          if (context.held !== undefined) contexts.delete(id);
          else if (contexts.has(id)) send({ close_context: true });
        },
      };
    },
  };
}

/** Empty text is not spoken and resets the clock of its context. */
function keepAliveFrame(contexts: ReadonlyMap<string, Context>): string | undefined {
  const [id] = [...contexts].find(([, { held, hasEnded }]) => held === undefined && !hasEnded) ?? [];
  return id === undefined ? undefined : JSON.stringify({ context_id: id, text: '' });
}
