// Media sockets: upgraded, bound to their call by token.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws';
import { acceptMedia } from '../call/accept-media.js';
import { isVoiceError } from '../errors/voice-error.js';
import type {
  MediaConnection,
  MediaOpenOptions,
  MediaProtocol,
  TelephonyAdapter,
} from '../spec/telephony.js';
import { AcceptedSocket } from './accepted-socket.js';
import { mediaUrlOf, pathBelow, warn, type Mount } from './mount.js';
import { runBound } from './run-bound.js';

/** The largest message any carrier sends us is a few kilobytes. */
const maxMessageBytes = 128 * 1024;
/** Sockets that have not said which call they are. */
const maxUnbound = 100;
/** A peer that does not answer our close is cut off. */
const closeTimeout = 2_000;

export function createSocketServer(): WebSocketServer {
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    closeTimeout,
  };
  return new WebSocketServer(options);
}

export function acceptUpgrade(mount: Mount, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const path = (request.url ?? '/').replace(/[?#].*$/s, '');
  const [provider, name, ...rest] = pathBelow(mount, path) ?? [];
  if (provider === undefined || name !== 'media' || rest.length > 0) return false;
  const adapter = mount.adapters.get(provider);
  const media = adapter?.media;
  if (adapter === undefined || media?.role !== 'accept') return refuse(socket, '404 Not Found');
  if (mount.isClosing || mount.unbound >= maxUnbound) return refuse(socket, '503 Service Unavailable');
  try {
    media.verifyUpgrade?.({ publicUrl: mediaUrlOf(mount, provider), headers: headersOf(request) });
  } catch (error) {
    const code = isVoiceError(error) ? error.code : 'telephony.upgrade_failed';
    warn(mount, code, 'A media socket was refused at its upgrade.');
    return refuse(socket, '403 Forbidden');
  }
  socket.on('error', ignoreError);
  mount.sockets.handleUpgrade(request, socket, head, (webSocket) => {
    socket.off('error', ignoreError);
    void serve(mount, adapter, media, { webSocket, stream: socket });
  });
  return true;
}

/** A socket that breaks has nobody to tell but its own `close`, which follows. */
function ignoreError(): void {
  // Nothing is lost: what the socket carried ends with its `close`.
}

function refuse(socket: Duplex, status: string): true {
  socket.on('error', ignoreError);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  return true;
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

interface UpgradedSocket {
  readonly webSocket: WebSocket;
  /** What the WebSocket writes to. */
  readonly stream: Duplex;
}

/** From the open socket to the end of its call. Whatever goes wrong here ends this socket and nothing else. */
async function serve(
  mount: Mount,
  adapter: TelephonyAdapter,
  protocol: MediaProtocol,
  upgraded: UpgradedSocket,
): Promise<void> {
  const { webSocket } = upgraded;
  const { provider, capabilities } = adapter;
  const { clock } = mount;
  const controller = new AbortController();
  mount.unbound += 1;
  const binding = acceptMedia({
    provider,
    capabilities,
    clock,
    open: (onAudio) => openConnection(mount, protocol, upgraded, { onAudio, signal: controller.signal }),
  }).finally(() => {
    mount.unbound -= 1;
  });
  try {
    const media = await binding;
    const expected = mount.tokens.take(media.start.token);
    if (expected?.adapter === adapter) {
      await runBound(mount, expected, media);
      return;
    }
    warn(mount, 'telephony.unknown_token', 'A media socket came without a valid token and was closed.');
    // First, so that this is the code the other side is told.
    webSocket.close(1008);
    media.connection.close();
  } catch (error) {
    const code = isVoiceError(error) ? error.code : 'telephony.media_failed';
    warn(mount, code, 'A media socket ended before its call could begin.');
    webSocket.close(1008);
  } finally {
    // Not when the socket closes: what the connection still has to say, a stop above all, is read after that.
    controller.abort();
  }
}

function openConnection(
  mount: Mount,
  protocol: MediaProtocol,
  { webSocket, stream }: UpgradedSocket,
  options: Pick<MediaOpenOptions, 'onAudio' | 'signal'>,
): MediaConnection {
  const connection = protocol.open({
    ...options,
    socket: new AcceptedSocket(webSocket, stream),
    clock: mount.clock,
  });
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    try {
      connection.receive(isBinary ? toBytes(data) : toBytes(data).toString('utf8'));
    } catch {
      // An adapter that breaks over a message costs this call, not the process.
      warn(mount, 'telephony.media_failed', 'A media adapter failed on a message; its socket was closed.');
      connection.disconnected(1011);
      webSocket.close(1011);
    }
  });
  webSocket.on('error', ignoreError);
  webSocket.on('close', (code) => {
    connection.disconnected(code);
  });
  return connection;
}

function toBytes(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
