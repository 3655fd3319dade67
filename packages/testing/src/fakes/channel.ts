// One open line to a client, whatever carries it: a WebSocket or the body of an HTTP answer.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Refusal, WireMessage } from './dialects.js';

export interface FakeChannel {
  /** Whether the fake was the one to end it. */
  readonly hasEnded: boolean;
  /** Bytes said and not yet taken by the system: what a client that does not read leaves behind. */
  readonly bufferedBytes: number;
  /** Resolves when the next message may follow, so that each is a packet of its own. */
  send(message: WireMessage): Promise<void>;
  /** An orderly end: a close frame with `code`, or the end of the body. */
  end(code: number, reason?: string): void;
  /** The peer is gone without the protocol's own end: for HTTP a cut body, for a WebSocket a close frame with `code`. */
  cut(code: number): void;
  reset(): void;
  stopReading(): void;
  /** A JSON text in the framing of this line. */
  frame(json: string): WireMessage;
}

function nextPacket(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function resetSocket(socket: Duplex | null): void {
  if (socket !== null && 'resetAndDestroy' in socket) (socket as Socket).resetAndDestroy();
  else socket?.destroy();
}

/** A code of 1005 stands for a close frame without one. */
function closeWith(socket: WebSocket, code: number, reason?: string): void {
  if (code === 1005) socket.close();
  else socket.close(code, reason);
}

export function webSocketChannel(webSocket: WebSocket, socket: Duplex): FakeChannel {
  let hasEnded = false;
  function ending(action: () => void): void {
    hasEnded = true;
    action();
  }
  return {
    get hasEnded() {
      return hasEnded;
    },
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    async send(message) {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(message);
      await nextPacket();
    },
    end: (code, reason) => ending(() => closeWith(webSocket, code, reason)),
    cut: (code) => ending(() => (code === 1006 ? socket.destroy() : closeWith(webSocket, code))),
    reset: () => ending(() => resetSocket(socket)),
    stopReading: () => webSocket.pause(),
    frame: (json) => json,
  };
}

const framings: Readonly<Record<string, (json: string) => string>> = {
  'text/event-stream': (json) => `data: ${json}\n\n`,
  'application/x-ndjson': (json) => `${json}\n`,
};

/** The body of `response`, whose head has been written; each message leaves in two packets, cut in its middle. */
export function responseChannel(response: ServerResponse, contentType: string): FakeChannel {
  let hasEnded = false;
  let sending = Promise.resolve();
  async function write(message: WireMessage): Promise<void> {
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    const middle = bytes.length >> 1;
    for (const half of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      if (half.length === 0 || response.destroyed) continue;
      response.write(half);
      await nextPacket();
    }
  }
  function ending(action: () => void): void {
    hasEnded = true;
    action();
  }
  return {
    get hasEnded() {
      return hasEnded;
    },
    get bufferedBytes() {
      return response.writableLength;
    },
    send: (message) => (sending = sending.then(() => write(message))),
    end: () => ending(() => response.end()),
    cut: () => ending(() => response.socket?.destroySoon()),
    reset: () => ending(() => resetSocket(response.socket)),
    stopReading: () => void response.socket?.pause(),
    frame: framings[contentType] ?? ((json) => json),
  };
}

/** Answers a WebSocket upgrade with plain HTTP and hangs up. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = refusal.body ?? '{}';
  const headers = {
    'content-type': 'application/json',
    ...refusal.headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.status} ${refusal.status}\r\n${lines.join('')}\r\n${body}`);
}

export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { 'content-type': 'application/json', ...refusal.headers });
  response.end(refusal.body ?? '{}');
}
