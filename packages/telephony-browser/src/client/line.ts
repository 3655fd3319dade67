// The socket between the page and the server.
import type { PageMessage, ServerMessage } from '../browser-wire.js';
import { PhoneError } from './phone-error.js';
import { createUplink, type Uplink } from './uplink.js';

export interface LineOptions {
  readonly url: string;
  readonly start: Extract<PageMessage, { type: 'start' }>;
  /** PCM16 to be played. */
  readonly onAudio: (audio: ArrayBuffer) => void;
  readonly onMessage: (message: ServerMessage) => void;
  /** Not called for `close()`. Without an error the server ended the call. */
  readonly onEnded: (error?: PhoneError) => void;
}

export interface Line {
  readonly uplink: Uplink;
  /** Ignored once the line is closed. */
  send(message: PageMessage): void;
  close(): void;
}

/** Resolves when the server has taken the call; rejects with `line-unreachable` or `line-refused`. */
export async function openLine(options: LineOptions): Promise<Line> {
  const socket = openSocket(options.url);
  const uplink = createUplink({
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
  });
  let state: 'opening' | 'live' | 'over' = 'opening';
  const line: Line = {
    uplink,
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    close: () => {
      state = 'over';
      socket.close(1000);
    },
  };

  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => line.send(options.start);
    // What a page's content policy forbids fails without ever closing.
    socket.onerror = () => reject(new PhoneError('line-unreachable'));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') {
        options.onAudio(data);
        return;
      }
      const message = JSON.parse(data) as ServerMessage;
      if (message.type === 'ready') {
        state = 'live';
        resolve();
      }
      options.onMessage(message);
    };
    socket.onclose = ({ code }) => {
      reject(new PhoneError('line-refused'));
      if (state === 'live') options.onEnded(lossOf(code));
      state = 'over';
    };
  });
  return line;
}

/** Why a live call is over; nothing where the server ended it. A token that is no good shows only after the start. */
function lossOf(code: number): PhoneError | undefined {
  if (code === 1000) return undefined;
  return new PhoneError(code === 1008 ? 'line-refused' : 'line-lost');
}

function openSocket(url: string): WebSocket {
  try {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    return socket;
  } catch (error) {
    throw new PhoneError('line-unreachable', error);
  }
}
