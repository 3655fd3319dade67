// One socket for a session; what comes is given to the utterance whose context it is.
import {
  connectWebSocket,
  readJsonMessage,
  systemClock,
  type TtsLine,
  type TtsLineStatus,
  type WebSocketLinkOptions,
} from '@voicewire/core/adapter';
import type { CartesiaSettings } from './cartesia-options.js';
import { type Listeners, openUtterance } from './cartesia-utterance.js';
import { owner, readMessage, readRefusal, requestFields, socketUrl, type Speaker } from './cartesia-wire.js';

export function openSpeechSocket(
  settings: CartesiaSettings,
  session: Speaker,
  connection: Pick<WebSocketLinkOptions, 'headers' | 'clock'>,
  status: TtsLineStatus,
): TtsLine {
  const { clock = systemClock } = connection;
  const { format } = session;
  const listeners: Listeners = new Map();
  const link = connectWebSocket({
    ...owner,
    ...connection,
    url: socketUrl(settings),
    isIdle: () => listeners.size === 0,
    readVerdict: (verdict) => (verdict.kind === 'refused' ? readRefusal(verdict.body) : undefined),
    onOpen: () => status.ready(),
    onMessage: (data) => {
      const news = readMessage(readJsonMessage(data, owner));
      listeners.get(news.context)?.(news);
    },
    onClose: (error) => status.closed(error),
  });
  return {
    ...link,
    speak: (feed, { voice = session.voice, language = session.language }) => {
      const fields = requestFields(settings, { voice, language, format });
      return openUtterance({ feed, fields, format, clock, listeners, send: (frame) => link.send(frame) });
    },
  };
}
