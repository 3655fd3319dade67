// A simulated carrier that connects to a server under test over a real WebSocket, in a carrier's own messages.
import { WebSocket, type RawData } from 'ws';
import type { CarrierCall, CarrierDialect } from '../fakes/dialects.js';
import { TestingError } from '../testing-error.js';
import { openCarrierEnd, type CarrierEnd, type CarrierEndOptions } from './carrier-end.js';

export interface WireCallerOptions extends CarrierEndOptions {
  /** The server's media socket, `ws://…`. */
  readonly url: string;
  /** What the carrier was told its URL is, for signatures. Default: `url`. */
  readonly publicUrl?: string | undefined;
  /** Added to, and winning over, those of the dialect. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the server may take to accept or refuse its upgrade. Default 5,000. */
  readonly upgradeWithinMs?: number | undefined;
}

/** A call over a socket. */
export interface WireCaller extends CarrierEnd {
  /** Resolves with the close code when the socket is gone, whoever closed it. */
  readonly disconnected: Promise<number>;
}

function toText(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
}

/** Resolves when the upgrade was accepted; rejects with `testing.fake_misuse` and the status, or why there is none. */
function connected(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      socket.terminate();
      reject(
        new TestingError(
          'testing.fake_misuse',
          `The server refused the media socket with status ${response.statusCode ?? 0}.`,
        ),
      );
    });
    // After opening, what goes wrong shows in how the socket closed.
    socket.on('error', (error) =>
      reject(new TestingError('testing.fake_misuse', `No media socket: ${error.message}`)),
    );
  });
}

/**
 * Brings a call to a server as the carrier of `dialect` would: signed upgrade, start, 20 ms frames, play-out at 1×, marks.
 * The script's times are real unless a clock is given.
 */
export async function connectWireCaller(
  dialect: CarrierDialect,
  options: WireCallerOptions,
): Promise<WireCaller> {
  const { url, publicUrl = url, headers, upgradeWithinMs = 5_000 } = options;
  const call: CarrierCall = {
    callId: 'call-1',
    streamId: 'stream-1',
    parameters: {},
    tracks: ['caller'],
    ...options.call,
  };
  const signed = dialect.upgradeHeaders?.(publicUrl);
  const socket = new WebSocket(dialect.upgradeUrl?.(url, call) ?? url, {
    headers: { ...signed, ...headers },
    perMessageDeflate: false,
    handshakeTimeout: upgradeWithinMs,
  });
  const disconnected = new Promise<number>((resolve) => socket.on('close', resolve));
  await connected(socket);
  const transport = {
    send: (message: string | Uint8Array): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    close: (isLost: boolean): void => (isLost ? socket.terminate() : socket.close(1000)),
  };
  const end = openCarrierEnd(dialect, transport, { ...options, call });
  socket.on('message', (data, isBinary) => end.receive(isBinary ? (data as Buffer) : toText(data)));
  socket.on('close', () => end.closed());
  return Object.assign(end, { disconnected });
}
