// Media sockets: upgraded, bound to their call by token, run until the call is over.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { acceptMedia } from '../call/accept-media.js';
import type { Call, CallMedia } from '../call/call.js';
import { runCall } from '../call/run-call.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { MediaConnection, MediaSocket, TelephonyAdapter } from '../spec/telephony.js';
import { pathBelow } from './handle-webhook.js';
import { mediaUrlOf, warn, type ExpectedCall, type Mount } from './mount.js';

/** The largest message any carrier sends us is a few kilobytes. */
const maxMessageBytes = 128 * 1024;
/** Sockets that have not said which call they are. */
const maxUnbound = 100;

export function createSocketServer(): WebSocketServer {
  return new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxMessageBytes });
}

const unbound = new WeakMap<Mount, { count: number }>();

export function acceptUpgrade(mount: Mount, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const [provider, name, ...rest] = pathBelow(mount, pathname);
  if (provider === undefined || name !== 'media' || rest.length > 0) return false;
  const adapter = mount.adapters.get(provider);
  if (adapter?.media === undefined || adapter.media.role !== 'accept') return refuse(socket, '404 Not Found');
  const waiting = unbound.get(mount) ?? { count: 0 };
  unbound.set(mount, waiting);
  if (mount.isClosing || waiting.count >= maxUnbound) return refuse(socket, '503 Service Unavailable');
  try {
    adapter.media.verifyUpgrade?.({ publicUrl: mediaUrlOf(mount, provider), headers: headersOf(request) });
  } catch (error) {
    warn(
      mount,
      isVoiceError(error) ? error.code : 'telephony.upgrade_failed',
      'A media socket was refused at its upgrade.',
    );
    return refuse(socket, '403 Forbidden');
  }
  socket.on('error', ignoreError);
  mount.sockets.handleUpgrade(request, socket, head, (webSocket) => {
    socket.off('error', ignoreError);
    waiting.count += 1;
    void serve(mount, adapter, webSocket, () => {
      waiting.count -= 1;
    });
  });
  return true;
}

/** A socket that breaks during its handshake has nobody to tell. */
function ignoreError(): void {
  // Nothing is lost: `ws` closes the socket, and no call exists yet.
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

async function serve(
  mount: Mount,
  adapter: TelephonyAdapter,
  webSocket: WebSocket,
  onBound: () => void,
): Promise<void> {
  let media: CallMedia;
  try {
    media = await acceptMedia({
      provider: adapter.provider,
      capabilities: adapter.capabilities,
      clock: mount.clock,
      open: (onAudio) => openConnection(mount, adapter, webSocket, onAudio),
    });
  } catch (error) {
    warn(
      mount,
      isVoiceError(error) ? error.code : 'telephony.media_failed',
      'A media socket ended before it said which call it is.',
    );
    webSocket.close(1008);
    return;
  } finally {
    onBound();
  }
  const expected = mount.tokens.take(media.start.token);
  if (expected === undefined || expected.adapter !== adapter) {
    warn(mount, 'telephony.unknown_token', 'A media socket came without a valid token and was closed.');
    media.connection.close();
    webSocket.close(1008);
    return;
  }
  await run(mount, expected, media);
}

function openConnection(
  mount: Mount,
  adapter: TelephonyAdapter,
  webSocket: WebSocket,
  onAudio: Parameters<Parameters<typeof acceptMedia>[0]['open']>[0],
): MediaConnection {
  const controller = new AbortController();
  const socket: MediaSocket = {
    send: (data) => {
      webSocket.send(data);
    },
    close: (code, reason) => {
      webSocket.close(code, reason);
    },
    get buffered() {
      return webSocket.bufferedAmount;
    },
  };
  const connection = adapter.media?.open({ socket, onAudio, clock: mount.clock, signal: controller.signal });
  if (connection === undefined) throw new TypeError('media was checked before the upgrade');
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    connection.receive(isBinary ? toBytes(data) : toBytes(data).toString('utf8'));
  });
  webSocket.on('error', ignoreError);
  webSocket.on('close', (code) => {
    connection.disconnected(code);
    controller.abort();
  });
  return connection;
}

function toBytes(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

async function run(mount: Mount, expected: ExpectedCall, media: CallMedia): Promise<void> {
  const { adapter, agent } = expected;
  const record = mount.store.get(expected.record.callId) ?? expected.record;
  const earlier = mount.calls.get(record.callId);
  if (earlier !== undefined) {
    earlier.hangup({ now: true });
    await earlier.done;
  }
  const isResumed = record.events.length > 0;
  let call: Call;
  try {
    call = runCall({
      callId: record.callId,
      mode: agent === undefined ? 'assist' : 'agent',
      media,
      providers: { stt: expected.stt ?? mount.stt, llm: mount.llm, tts: mount.tts },
      agent,
      context: record.context,
      approve: mount.options.approve,
      control: adapter.control,
      lines: mount.lines,
      resume: isResumed ? record.events : undefined,
      clock: mount.clock,
    });
  } catch (error) {
    warn(
      mount,
      isVoiceError(error) ? error.code : 'call.unexpected',
      isVoiceError(error) ? error.message : 'A call could not be started.',
    );
    media.connection.close();
    return;
  }
  const live = { ...record, standing: 'live' as const };
  mount.calls.set(record.callId, call);
  mount.store.put(live);
  mount.emitter.emit('call', call, live);
  const { reason, log } = await call.done;
  if (mount.calls.get(record.callId) === call) mount.calls.delete(record.callId);
  const standing = reason === 'media-lost' && adapter.webhook !== undefined ? 'interrupted' : 'over';
  const over = { ...live, standing, events: log, endedAt: new Date().toISOString() } as const;
  mount.store.put(over);
  mount.emitter.emit('call-over', over);
}
